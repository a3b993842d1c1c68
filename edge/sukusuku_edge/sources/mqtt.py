"""Sensors that publish JSON over MQTT: one connection carries them all."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from sukusuku_core import jsonmap
from sukusuku_core.clock import Clock
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.profile import JsonProfile
from sukusuku_edge.journal import Journal
from sukusuku_edge.sample import Emit, Event, Failure, Rejected, Sample
from sukusuku_edge.settings import Device, Edge
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_mqtt.backoff import Backoff

EARLIEST = 7 * 24 * 3_600_000
"""A sensor's own time (ms) may be so much before our clock, for readings that it kept; else the arrival counts."""
LATEST = 300_000
SILENCE = 60.0
"""Seconds without the sensors' broker after which its sensors count as failing."""

_log = logging.getLogger("sukusuku_edge.sensors")


def sources(edge: Edge, clock: Clock) -> Sequence["JsonSensors"]:
    """One source for all JSON sensors, none when there are no sensors."""
    settings = edge.settings
    devices = [
        (device, profile)
        for device in settings.device
        if isinstance(profile := edge.profiles[device.id], JsonProfile)
        and any(bound.device == device.id for bound in edge.bound)
    ]
    if not devices:
        return []
    broker = (settings.sensors or settings.broker).session(f"{settings.group}:{settings.node}:sensors")
    return [JsonSensors(broker, devices, clock)]


class JsonSensors:
    """Every JSON sensor of one broker."""

    def __init__(self, broker: MqttSettings, devices: Sequence[tuple[Device, JsonProfile]], clock: Clock) -> None:
        self.name = "sensors"
        self.refused: Counter[str] = Counter()
        """Messages per device that carried fields of pictures, addresses or movements."""
        self._broker = broker
        self._clock = clock
        self._topics: dict[str, list[tuple[str, JsonProfile]]] = {}
        for device, profile in devices:
            self._topics.setdefault(device.topic or "", []).append((device.id, profile))
        self._journal = Journal(_log)

    async def run(self, emit: Emit) -> None:
        """Listen until cancelled; reconnect when the broker goes away."""
        loop = asyncio.get_running_loop()
        backoff = Backoff()
        heard = loop.time()
        while True:
            try:
                async with MqttSession(self._broker) as session:
                    session.subscribe(list(self._topics))
                    self._journal.fine(self.name, "the sensors' broker answers again")
                    backoff.reset()
                    while True:
                        for message in await session.receive():
                            for event in self.decode(message):
                                await emit(event)
                        heard = loop.time()
            except TransientError as error:
                self._journal.trouble(self.name, f"{error}; check [sensors] or [broker] and the broker itself")
            if loop.time() - heard >= SILENCE:
                for failure in self._failures():
                    await emit(failure)
            await asyncio.sleep(backoff.next())

    def decode(self, message: Message) -> list[Event]:
        """The samples of a message, one for each device on its topic."""
        now = self._clock()
        events: list[Event] = []
        for device, profile in self._topics.get(message.topic, ()):
            try:
                found = jsonmap.decode(profile, message.payload)
            except DecodeError as error:
                self._journal.trouble(f"{device} on {message.topic}", f"message refused: {error}")
                events.append(Rejected(device, now, str(error)))
                continue
            self._journal.fine(f"{device} on {message.topic}", "messages can be read again")
            if found.refused:
                self.refused[device] += 1
                self._journal.trouble(
                    f"{device} privacy",
                    f"the sensor sends {', '.join(found.refused)}: not read, not kept; switch it off at the sensor",
                )
            time = found.time
            if time is not None and not now - EARLIEST <= time <= now + LATEST:
                self._journal.trouble(f"{device} time", "its clock is wrong; the time of arrival is used")
                time = None
            if time is None and message.retain:
                continue  # the broker's copy of a message from an unknown time says nothing about now
            events.append(Sample(device, now if time is None else time, found.values))
        return events

    def _failures(self) -> list[Failure]:
        now = self._clock()
        devices = [device for group in self._topics.values() for device, _ in group]
        return [Failure(device, now, "the sensors' broker does not answer") for device in devices]
