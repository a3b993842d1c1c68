"""An edge node over a real broker: the real session rules, with a list instead of an outbox."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Resend, Subscribe
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_mqtt import MqttSession, MqttSettings, Will

PART = 20
"""Readings of one message."""


class FakeEdge:
    """Delivers readings until the collector has acknowledged all of them, whatever happens to the collector."""

    def __init__(
        self,
        port: int,
        metrics: Mapping[str, Mapping[str, DataType]],
        node: str = "tobu-pi",
        pause: float = 0.05,
        clock: Clock = now_ms,
        *,
        historical: bool = True,
        operator: str = "toshima",
        host_id: str = "sukusuku",
    ) -> None:
        self._identity = NodeIdentity(operator, node, host_id)
        self._settings = MqttSettings("127.0.0.1", port, f"edge-{operator}-{node}")
        self._metrics = metrics
        self._outbox: dict[int, Reading] = {}
        self._unsent: list[int] = []
        self._next = 0
        self._bdseq = 0
        self._birth = 0
        self._pause = pause
        self._clock = clock
        self._historical = historical
        self.delivered = 0
        self.progress = asyncio.Condition()

    def add(self, readings: Sequence[Reading]) -> None:
        """Put readings into the outbox."""
        for reading in readings:
            self._outbox[self._next] = reading
            self._unsent.append(self._next)
            self._next += 1

    async def reached(self, delivered: int) -> None:
        """Wait until so many readings are acknowledged."""
        async with self.progress:
            await self.progress.wait_for(lambda: self.delivered >= delivered)

    async def run(self) -> None:
        """One session after another until cancelled."""
        while True:
            with contextlib.suppress(TransientError):
                await self._session()
            self._bdseq = (self._bdseq + 1) % 256
            await asyncio.sleep(self._pause)

    async def _session(self) -> None:
        rules = EdgeSession(self._identity, self._bdseq, self._metrics, self._birth, ack_timeout=500)
        self._unsent = sorted(self._outbox)
        will = rules.will()
        async with MqttSession(self._settings, Will(will.topic, will.payload, will.qos)) as mqtt:
            await self._perform(mqtt, rules.connected(self._clock()))
            for asset in self._metrics.keys() - {self._identity.node}:
                await self._perform(mqtt, rules.asset_up(asset, self._clock()))
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        for message in await mqtt.receive():
                            await self._perform(mqtt, rules.received(message.topic, message.payload, self._clock()))
                await self._perform(mqtt, rules.tick(self._clock()))
                while self._unsent and rules.room() > len(self._metrics):
                    rows, self._unsent = self._unsent[:PART], self._unsent[PART:]
                    sent = [(row, self._outbox[row]) for row in rows if row in self._outbox]
                    await self._perform(mqtt, rules.send(sent, self._clock(), historical=self._historical))
                self._birth = rules.last_birth

    async def _perform(self, mqtt: MqttSession, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish():
                    mqtt.publish(action.topic, action.payload, action.qos, retain=action.retain)
                case Subscribe():
                    mqtt.subscribe(action.filters)
                case Resend():
                    self._unsent = sorted(self._outbox)
                case Delivered():
                    for row in action.rows:
                        del self._outbox[row]
                    async with self.progress:
                        self.delivered += len(action.rows)
                        self.progress.notify_all()
                case Close():
                    raise TransientError(action.why)
