"""What belongs to one MQTT session of the uplink, and ends with it."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from sukusuku_core.edge_actions import Action, Publish
from sukusuku_core.edge_session import EdgeSession
from sukusuku_mqtt import Message, MqttSession

TICK = 1.0
"""Seconds after which the rules are asked again when nothing happens."""


@dataclass(slots=True)
class UplinkSession:
    """One session of the uplink: its rules, its connection, and what has come and is to be done."""

    rules: EdgeSession
    mqtt: MqttSession
    inbox: deque[Message] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    confirmed: deque[int] = field(default_factory=deque)
    delivered: list[int] = field(default_factory=list)
    durable_birth: int = 0
    born: bool = False
    restart: bool = False
    live_after: int = 0
    history_after: int = 0
    history_until: int = 0
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.durable_birth = self.rules.last_birth

    async def read(self) -> None:
        """Move messages from the broker into the inbox."""
        try:
            while True:
                self.inbox.extend(await self.mqtt.receive())
                self.wake.set()
        finally:
            self.wake.set()

    async def wait(self) -> None:
        """Until something happens, or time for a tick."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await self.wake.wait()
        self.wake.clear()

    def tell_up(self, alive: Iterable[str], now: int) -> None:
        """Births of assets that came to life."""
        for asset in [asset for asset in alive if asset not in self.told]:
            self.told.add(asset)
            self._publish(self.rules.asset_up(asset, now))

    def tell_down(self, alive: Mapping[str, None], now: int) -> None:
        """Deaths, after their last readings have been sent."""
        for asset in [asset for asset in self.told if asset not in alive]:
            self.told.discard(asset)
            self._publish(self.rules.asset_down(asset, now))

    def _publish(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, Publish):
                self.publish(action)

    def publish(self, message: Publish) -> None:
        """Hand a message to the broker."""
        told = None if message.token is None else partial(self._confirmed, message.token)
        self.mqtt.publish(message.topic, message.payload, message.qos, retain=message.retain, confirmed=told)

    def _confirmed(self, token: int) -> None:
        self.confirmed.append(token)
        self.wake.set()
