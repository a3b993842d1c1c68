"""Sensors that publish JSON over MQTT: one connection carries them all."""

import asyncio
import logging
from collections.abc import Sequence

from sukusuku_core import jsonmap
from sukusuku_core.clock import Clock
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.jsonmap import JsonSample
from sukusuku_core.profile import JsonProfile
from sukusuku_edge.journal import Journal
from sukusuku_edge.sample import Emit, Event, Failure, Lost, Refused, Rejected, Sample
from sukusuku_edge.settings import Device, Edge
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_mqtt.backoff import Backoff

EARLIEST = 7 * 24 * 3_600_000
"""A sensor's own time (ms) may be so much before our clock, for readings that it kept; else the arrival counts."""
LATEST = 300_000
SILENCE = 60.0
"""Seconds without the sensors' broker after which its sensors count as failing."""

SERIAL = "serial"
"""Name of the point that tells one sensor from another of its model."""

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
        self._broker = broker
        self._clock = clock
        self._topics: dict[str, list[tuple[str, JsonProfile, str]]] = {}
        """By topic: the devices that speak there, their profiles, and what follows the device's own topic."""
        for device, profile in devices:
            for below in dict.fromkeys(point.topic for point in profile.point):
                topic = f"{device.topic}/{below}" if below else device.topic or ""
                self._topics.setdefault(topic, []).append((device.id, profile, below))
        self._sequences: dict[str, int] = {}
        self._identities: dict[str, str] = {}
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
        """What a message says, for each device on its topic."""
        now = self._clock()
        events: list[Event] = []
        for device, profile, below in self._topics.get(message.topic, ()):
            try:
                samples = jsonmap.decode_all(profile, message.payload, below)
            except DecodeError as error:
                self._journal.trouble(f"{device} on {message.topic}", f"message refused: {error}")
                events.append(Rejected(device, now, str(error)))
                continue
            self._journal.fine(f"{device} on {message.topic}", "messages can be read again")
            for sample in samples:
                events += self._events(device, sample, now, retained=message.retain)
        return events

    def _events(self, device: str, found: JsonSample, now: int, *, retained: bool) -> list[Event]:
        events: list[Event] = []
        if found.refused:
            events.append(Refused(device, now, found.refused))
            self._journal.trouble(
                f"{device} privacy",
                f"the sensor sends {', '.join(found.refused)}: not read, not kept; switch it off at the sensor",
            )
        if found.sequence is not None:
            last = self._sequences.get(device)
            if found.sequence == last:
                return events  # the same message once more
            self._sequences[device] = found.sequence
            if last is not None and found.sequence > last + 1:
                missing = found.sequence - last - 1
                events.append(Lost(device, now, missing))
                _log.warning("%s: %d messages before number %d did not arrive", device, missing, found.sequence)
        time = found.time
        if time is not None and not now - EARLIEST <= time <= now + LATEST:
            self._journal.trouble(f"{device} time", "its clock is wrong; the time of arrival is used")
            time = None
        if time is None and retained:
            return events  # the broker's copy of a message from an unknown time says nothing about now
        serial = found.values.get(SERIAL)
        if serial is not None and serial.value is not None:
            self._identities[device] = str(serial.value)
        events.append(Sample(device, now if time is None else time, found.values, self._identities.get(device, "")))
        return events

    def _failures(self) -> list[Failure]:
        now = self._clock()
        devices = dict.fromkeys(device for group in self._topics.values() for device, _, _ in group)
        return [Failure(device, now, "the sensors' broker does not answer") for device in devices]
