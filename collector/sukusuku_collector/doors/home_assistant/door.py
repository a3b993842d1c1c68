"""Announces the entities, retained, and takes away those that are gone. Has a session of its own with the broker."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from sukusuku_collector.doors.home_assistant.entities import announced, own_topics
from sukusuku_collector.doors.protocol import World
from sukusuku_core.errors import TransientError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_mqtt import Message, MqttSession
from sukusuku_server.i18n import texts
from sukusuku_server.settings import Facility, HomeAssistant, present
from sukusuku_server.settings.shard import shards

PAUSE_SECONDS = 10.0
"""Between two tries to reach the broker."""

_log = logging.getLogger(__name__)


def open_door(world: World) -> Callable[[], Awaitable[None]] | None:
    """See `protocol.Door`."""
    settings = world.index.facility.home_assistant
    return None if settings is None else Announcer(present(world.index.facility, world.clock()), settings).run


class Announcer:
    """Keeps the announcements of one operator as they should be, until cancelled."""

    def __init__(self, facility: Facility, settings: HomeAssistant) -> None:
        wanted = {} if settings.remove else announced(facility, settings, texts("sukusuku_server", settings.language))
        self._wanted = {topic: msgspec.json.encode(message) for topic, message in wanted.items()}
        self._own = [own_topics(settings, shard.own.operator.id) for shard in shards(facility)]
        self._birth = f"{settings.prefix}/status"
        self._broker = facility.broker.session(f"home-assistant-{facility.host_id}")
        self._problems = TransitionLog(_log)

    async def run(self) -> None:
        """One session after another."""
        while True:
            try:
                async with MqttSession(self._broker) as mqtt:
                    self._problems.recovered("Home Assistant", "the broker takes announcements again")
                    await self._serve(mqtt)
            except TransientError as error:
                self._problems.problem("Home Assistant", "announcements wait for the broker", error)
            self._broker = self._broker.next()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _serve(self, mqtt: MqttSession) -> None:
        mqtt.subscribe([*self._own, self._birth])
        self._announce(mqtt)
        _log.info("%d entities are announced to Home Assistant", len(self._wanted))
        while True:
            for message in await mqtt.receive():
                self._hear(mqtt, message)

    def _announce(self, mqtt: MqttSession) -> None:
        for topic, content in self._wanted.items():
            mqtt.publish(topic, content, 1, retain=True)

    def _hear(self, mqtt: MqttSession, message: Message) -> None:
        if message.topic == self._birth:
            if message.payload == b"online" and not message.retain:  # it has started; what is retained it has anyway
                self._announce(mqtt)
        elif message.payload and message.topic not in self._wanted:
            _log.info("%s is not in the settings (any more): taken away", message.topic)
            mqtt.publish(message.topic, b"", 1, retain=True)
