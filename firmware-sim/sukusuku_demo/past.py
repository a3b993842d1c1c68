"""The simulated past, told to the collector as an edge node would tell it: Sparkplug, historical, acknowledged.

Nothing is written behind the collector's back. The loader plays the edge node of a centre, hands over its readings and
says goodbye before the real agent of the same name begins.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Resend, Subscribe
from sukusuku_core.edge_payloads import READINGS_PER_MESSAGE
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_mqtt import MqttSession, MqttSettings, Will

_TICK = 0.5


class _Loader:
    def __init__(self, session: EdgeSession, mqtt: MqttSession, readings: Iterable[Reading]) -> None:
        self._session = session
        self._mqtt = mqtt
        self._rows = enumerate(readings)
        self._again: list[tuple[int, Reading]] = []
        self._waiting: dict[int, Reading] = {}
        self.delivered = 0

    @property
    def idle(self) -> bool:
        """Whether everything has been delivered."""
        return not self._waiting and not self._again and self._exhausted

    _exhausted = False

    def perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish():
                    self._mqtt.publish(action.topic, action.payload, action.qos, retain=action.retain)
                case Subscribe():
                    self._mqtt.subscribe(action.filters)
                case Delivered():
                    for row in action.rows:
                        del self._waiting[row]
                    self.delivered += len(action.rows)
                case Resend():
                    self._again = sorted(self._waiting.items())
                    self._waiting.clear()
                case Close():
                    raise TransientError(f"the collector went away while the past was loaded: {action.why}")

    def send(self) -> None:
        """Fill the window. Readings of several assets share a batch, so a batch may take several messages."""
        while (room := self._session.room()) > 0:
            size = max(1, room // 4) * READINGS_PER_MESSAGE
            batch, self._again = self._again[:size], self._again[size:]
            batch += islice(self._rows, size - len(batch))
            self._exhausted = len(batch) < size
            if not batch:
                return
            self._waiting.update(batch)
            self.perform(self._session.send(batch, now_ms(), historical=True))


async def load(
    settings: MqttSettings,
    identity: NodeIdentity,
    metrics: Mapping[str, Mapping[str, DataType]],
    readings: Iterable[Reading],
    progress: Callable[[int], None],
) -> int:
    """Deliver the readings and wait until the collector has stored all of them. Returns how many there were.

    `progress` is called with the number delivered so far. Raises TransientError when broker or collector go away.
    """
    session = EdgeSession(identity, 0, metrics)
    will = session.will()
    async with MqttSession(settings, Will(will.topic, will.payload, will.qos)) as mqtt:
        loader = _Loader(session, mqtt, readings)
        for asset in metrics:
            session.asset_up(asset, now_ms())
        loader.perform(session.connected(now_ms()))
        while not loader.idle:
            loader.send()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    for message in await mqtt.receive():
                        loader.perform(session.received(message.topic, message.payload, now_ms()))
            loader.perform(session.tick(now_ms()))
            progress(loader.delivered)
        farewell = session.will()
        mqtt.publish(farewell.topic, farewell.payload, qos=1)
        await mqtt.flush()
    return loader.delivered
