"""Sensors that publish JSON over MQTT: one connection carries them all."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sukusuku_core import jsonmap
from sukusuku_core.clock import Clock
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.jsonmap import JsonSample
from sukusuku_core.profile import JsonProfile
from sukusuku_core.transition_log import TransitionLog
from sukusuku_edge.events import Emit, Event, Failure, Lost, Reachable, Refused, Rejected, Sample
from sukusuku_edge.settings import SILENT_AFTER, Device, Edge
from sukusuku_edge.sources.recency import Memory
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_mqtt.reconnect import reconnect_backoff

SILENCE = 60.0
"""Seconds without the sensors' broker after which its sensors count as failing."""
LOOK = 15.0
"""Seconds between two looks at which sensors are silent."""

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


@dataclass(slots=True)
class _Sensor:
    """What is known of one device. `heard` is a time of the event loop."""

    topic: str
    patience: float | None
    periods: frozenset[str]
    """Points that tell what happened in a period."""
    memory: Memory
    heard: float | None = None
    identity: str = ""


class JsonSensors:
    """Every JSON sensor of one broker."""

    def __init__(self, broker: MqttSettings, devices: Sequence[tuple[Device, JsonProfile]], clock: Clock) -> None:
        self.name = "sensors"
        self._broker = broker
        self._clock = clock
        self._topics: dict[str, list[tuple[str, JsonProfile, str]]] = {}
        """By topic: the devices that speak there, their profiles, and what follows the device's own topic."""
        self._sensors: dict[str, _Sensor] = {}
        self._lost: float | None = None
        """When the session with the broker was lost, by the event loop; None while there is one."""
        for device, profile in devices:
            self._sensors[device.id] = _Sensor(
                device.topic or "",
                device.patience(profile),
                frozenset(point.name for point in profile.point if point.period),
                Memory(round(1000 * (device.patience(profile) or SILENT_AFTER)), profile.clock == "server"),
            )
            for below in dict.fromkeys(point.topic for point in profile.point):
                topic = f"{device.topic}/{below}" if below else device.topic or ""
                self._topics.setdefault(topic, []).append((device.id, profile, below))
        self._problems = TransitionLog(_log)

    async def run(self, emit: Emit) -> None:
        """Listen until cancelled; reconnect when the broker goes away."""
        self._lost = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(emit), name="sensors-listen")
            group.create_task(self._watch(emit), name="sensors-watch")

    async def _listen(self, emit: Emit) -> None:
        loop = asyncio.get_running_loop()
        backoff = reconnect_backoff()
        while True:
            try:
                async with MqttSession(self._broker) as session:
                    session.subscribe(list(self._topics))
                    self._problems.recovered(self.name, "the sensors' broker answers again")
                    backoff.reset()
                    for reachable in self._connected(loop.time()):
                        await emit(reachable)
                    while True:
                        for message in await session.receive():
                            for event in self.decode(message, loop.time()):
                                await emit(event)
            except TransientError as error:
                self._problems.problem(self.name, f"{error}; check [sensors] or [broker] and the broker itself")
            if self._lost is None:
                self._lost = loop.time()
            if loop.time() - self._lost >= SILENCE:
                for device in self._sensors:
                    await emit(Failure(device, self._clock(), "the sensors' broker does not answer"))
            await asyncio.sleep(backoff.next())

    async def _watch(self, emit: Emit) -> None:
        while True:
            await asyncio.sleep(LOOK)
            for failure in self.silent(asyncio.get_running_loop().time()):
                await emit(failure)

    def _connected(self, now: float) -> list[Reachable]:
        """There is a session again. What was missed without one is not held against the sensors."""
        away = 0.0 if self._lost is None else now - self._lost
        self._lost = None
        for sensor in self._sensors.values():
            sensor.heard = now if sensor.heard is None else sensor.heard + away
        return [Reachable(device, self._clock()) for device in self._sensors]

    def silent(self, now: float) -> list[Failure]:
        """Sensors that have said nothing that can be used for too long, at a time of the event loop."""
        failures = []
        for device, sensor in self._sensors.items():
            if self._lost is None and sensor.patience is not None and sensor.heard is not None:
                passed = now - sensor.heard
                if passed >= sensor.patience:
                    why = f"no message from {sensor.topic} for {_in_words(passed)}: check the sensor and its power"
                    failures.append(Failure(device, self._clock(), why))
        return failures

    def decode(self, message: Message, heard: float | None = None) -> list[Event]:
        """Return what a message says, for each device on its topic. `heard` is the time of the event loop."""
        now = self._clock()
        events: list[Event] = []
        for device, profile, below in self._topics.get(message.topic, ()):
            try:
                samples = jsonmap.decode_all(profile, message.payload, below)
            except DecodeError as error:
                self._problems.problem(f"{device} on {message.topic}", f"message refused: {error}")
                events.append(Rejected(device, now, str(error)))
                continue
            wrong = next((sample.wrong for sample in samples if sample.wrong), "")
            if wrong:
                self._problems.problem(f"{device} on {message.topic}", f"one field is refused: {wrong}")
            else:
                self._problems.recovered(f"{device} on {message.topic}", "messages can be read again")
            found = [
                event for sample in samples for event in self._events(device, sample, now, retained=message.retain)
            ]
            if heard is not None and not message.retain and _is_news(found):
                self._sensors[device].heard = heard
            events += found
            if wrong:
                events.append(Rejected(device, now, wrong))
        return events

    def _events(self, device: str, found: JsonSample, now: int, *, retained: bool) -> list[Event]:
        events: list[Event] = []
        if found.refused:
            events.append(Refused(device, now, found.refused))
            self._problems.problem(
                f"{device} privacy",
                f"the sensor sends {', '.join(found.refused)}: not read, not kept; switch it off at the sensor",
            )
        sensor = self._sensors[device]
        said = sensor.memory.take(found, now)
        if said.wrong_clock:
            self._problems.problem(f"{device} time", "its clock is wrong; the time of arrival is used")
        if said.known:
            return events
        if said.missing:
            events.append(Lost(device, now, said.missing))
        if said.missing > 0:
            _log.warning("%s: %d messages before number %s did not arrive", device, said.missing, found.sequence)
        if said.mark.time is None and retained:
            return events  # the broker's copy of a message from an unknown time says nothing about now
        values = found.values
        if retained:  # what happened in its period may have been counted before it was kept
            values = {name: decoded for name, decoded in values.items() if name not in sensor.periods}
        serial = values.get(SERIAL)
        if serial is not None and serial.value is not None:
            sensor.identity = str(serial.value)
        events.append(Sample(device, said.time, values, sensor.identity, said.mark, late=not said.news))
        return events


def _is_news(events: Iterable[Event]) -> bool:
    return any(isinstance(event, Sample) and not event.late for event in events)


def _in_words(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
