"""Sensors that publish JSON over MQTT: one connection carries them all."""

import asyncio
import logging
from collections.abc import Iterator, Sequence

from sukusuku_core import availability, jsonmap
from sukusuku_core.clock import Clock
from sukusuku_core.errors import DecodeError, TransientError
from sukusuku_core.jsonmap import JsonSample
from sukusuku_core.message_order import AHEAD
from sukusuku_core.profile import JsonProfile
from sukusuku_core.time import JAPAN_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_edge.events import (
    Alive,
    Cleared,
    Emit,
    Event,
    Failure,
    Gone,
    Holds,
    Lost,
    Reachable,
    Refused,
    Rejected,
    Sample,
)
from sukusuku_edge.settings import Device, Edge
from sukusuku_edge.sources.recency import Recency
from sukusuku_edge.sources.sensor import Sensor
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_mqtt.reconnect import Reconnect

SILENCE = 60.0
"""Seconds without the sensors' broker after which its sensors count as failing."""
STEADY = 10.0
"""Seconds after which a session counts as a success, though no sensor had anything to say."""
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


class JsonSensors:
    """Every JSON sensor of one broker."""

    def __init__(self, broker: MqttSettings, devices: Sequence[tuple[Device, JsonProfile]], clock: Clock) -> None:
        self.name = "sensors"
        self._clock = clock
        self._sensors = {device.id: Sensor.of(device, profile) for device, profile in devices}
        self._topics: dict[str, list[tuple[Sensor, str]]] = {}
        """By topic: the sensors that speak there, and what follows the sensor's own topic."""
        self._availability: dict[str, list[Sensor]] = {}
        """By topic: the sensors whose availability is told there."""
        self._lost: float | None = None
        """When the session with the broker was lost, by the event loop; None while there is one."""
        for sensor in self._sensors.values():
            for below in dict.fromkeys(point.topic for point in sensor.profile.point):
                topic = f"{sensor.topic}/{below}" if below else sensor.topic
                self._topics.setdefault(topic, []).append((sensor, below))
            for topic in sensor.availability:
                self._availability.setdefault(topic, []).append(sensor)
        self._problems = TransitionLog(_log)
        self._reconnect = Reconnect(broker)

    async def run(self, emit: Emit) -> None:
        """Listen until cancelled; reconnect when the broker goes away."""
        self._lost = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(emit), name="sensors-listen")
            group.create_task(self._watch(emit), name="sensors-watch")

    async def _listen(self, emit: Emit) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                await self._session(emit)
            except TransientError as error:
                self._problems.problem(self.name, f"{error}; check [sensors] or [broker] and the broker itself")
            if self._lost is None:
                self._lost = loop.time()
            if loop.time() - self._lost >= SILENCE:
                for device in self._sensors:
                    await emit(Failure(device, self._clock(), "the sensors' broker does not answer"))
            if loop.time() - begun > STEADY:
                self._reconnect.flowed()
            await asyncio.sleep(self._reconnect.pause())

    async def _session(self, emit: Emit) -> None:
        loop = asyncio.get_running_loop()
        async with MqttSession(self._reconnect.broker) as session:
            session.subscribe(list(self._topics | self._availability))
            self._problems.recovered(self.name, "the sensors' broker answers again")
            self._reconnect.connected()
            for reachable in self._connected(loop.time()):
                await emit(reachable)
            while True:
                for message in await session.receive():
                    self._reconnect.flowed()
                    for event in self.decode(message, loop.time()):
                        await emit(event)

    async def _watch(self, emit: Emit) -> None:
        while True:
            await asyncio.sleep(LOOK)
            now = asyncio.get_running_loop().time()
            events: list[Event] = [*self.silent(now), *self.holding(now)]
            for event in events:
                await emit(event)

    def _connected(self, now: float) -> list[Reachable]:
        """There is a session again."""
        away = 0.0 if self._lost is None else now - self._lost
        self._lost = None
        for sensor in self._sensors.values():
            sensor.connected(now, away)
        return [Reachable(device, self._clock()) for device in self._sensors]

    def silent(self, now: float) -> list[Failure]:
        """Sensors that have said nothing that can be used for too long, at a time of the event loop."""
        failures = []
        for sensor in self._sensors.values() if self._lost is None else ():
            passed = sensor.silence(now)
            if passed is not None:
                why = f"no message from {sensor.topic} for {_in_words(passed)}: check the sensor and its power"
                failures.append(Failure(sensor.id, self._clock(), why))
        return failures

    def holding(self, now: float) -> list[Holds]:
        """Sensors that speak only of changes and are taken to live: what they said last is true now."""
        if self._lost is not None:
            return []
        return [Holds(sensor.id, self._clock()) for sensor in self._sensors.values() if sensor.holds(now)]

    def decode(self, message: Message, heard: float = 0.0) -> list[Event]:
        """Return what a message says, for each device on its topic. `heard` is the time of the event loop."""
        events: list[Event] = []
        for sensor in self._availability.get(message.topic, ()):
            events += self._word(sensor, message, heard)
        for sensor, below in self._topics.get(message.topic, ()):
            events += self._message(sensor, below, message, heard)
        return events

    def _word(self, sensor: Sensor, message: Message, heard: float) -> Iterator[Event]:
        """Return what a message says of whether a sensor is there."""
        source, now, was = sensor.availability[message.topic], self._clock(), sensor.there
        online = availability.read(source, message.payload)
        place = f"{sensor.id} on {message.topic}"
        if online is None and not message.payload:
            return  # the broker's copy was deleted
        if online is None:
            words = " or ".join((*source.online, *source.offline))
            self._problems.problem(place, f"expected {words} (at `{source.path}` in an object), found something else")
            return
        self._problems.recovered(place, "its availability can be read again")
        sensor.words[message.topic] = online
        if sensor.there is False:
            who = "the bridge" if source.of == "bridge" else "the sensor"
            yield Gone(sensor.id, now, f"{message.topic} says that {who} is offline: check its power and its network")
        elif sensor.returns(heard, was=was):
            sensor.heard = heard
            yield Alive(sensor.id, now)
            if sensor.kept and sensor.there:
                yield Sample(sensor.id, now, sensor.kept, sensor.identity)
                sensor.kept = {}

    def _message(self, sensor: Sensor, below: str, message: Message, heard: float) -> list[Event]:
        now, place = self._clock(), f"{sensor.id} on {message.topic}"
        try:
            samples = jsonmap.decode_all(sensor.profile, message.payload, below)
        except DecodeError as error:
            self._problems.problem(place, f"message refused: {error}")
            sensor.refused.add(message.topic)
            return [Rejected(sensor.id, now, str(error), message.topic)]
        wrong = next((sample.wrong for sample in samples if sample.wrong), "")
        events: list[Event] = []
        if wrong:
            self._problems.problem(place, f"one field is refused: {wrong}")
            sensor.refused.add(message.topic)
            events.append(Rejected(sensor.id, now, wrong, message.topic))
        elif message.topic in sensor.refused:
            self._problems.recovered(place, "messages can be read again")
            sensor.refused.discard(message.topic)
            events.append(Cleared(sensor.id, now, message.topic))
        events += [event for sample in samples for event in self._events(sensor, sample, now, retained=message.retain)]
        news = [event.time for event in events if isinstance(event, Sample) and not event.late]
        if news and (not message.retain or sensor.profile.clock == "server"):
            sensor.said(heard, max(0.0, (now - max(news)) / 1000))
        return events

    def _events(self, sensor: Sensor, sample: JsonSample, now: int, *, retained: bool) -> list[Event]:
        device, events = sensor.id, list[Event]()
        if sample.refused:
            events.append(Refused(device, now, sample.refused))
            self._problems.problem(
                f"{device} privacy",
                f"the sensor sends {', '.join(sample.refused)}: not read, not kept; switch it off at the sensor",
            )
        said = sensor.memory.take(sample, now)
        doubt = _about_time(sample, said, now)
        if doubt:
            self._problems.problem(f"{device} time", doubt)
        elif said.news and sample.time is not None:
            self._problems.recovered(f"{device} time", "its time can be believed again")
        if said.known:
            return events
        if said.missing:
            events.append(Lost(device, now, said.missing))
        if said.missing > 0:
            _log.warning("%s: %d messages before number %s did not arrive", device, said.missing, sample.sequence)
        values = dict(sample.values)
        if retained:  # what happened in its period may have been counted before it was kept
            values = {name: decoded for name, decoded in values.items() if name not in sensor.periods}
        if said.mark.time is None and retained and not (sensor.profile.changes_only and sensor.there):
            sensor.kept |= values if sensor.profile.changes_only else {}
            return events  # the broker's copy of a message from an unknown time says nothing about now
        sensor.kept = {name: decoded for name, decoded in sensor.kept.items() if name not in values}
        serial = values.get(SERIAL)
        if serial is not None and serial.value is not None:
            sensor.identity = str(serial.value)
        late = not said.news or sensor.is_before_its_absence(now - said.time)
        events.append(Sample(device, said.time, values, sensor.identity, said.mark, late))
        return events


def _about_time(sample: JsonSample, said: Recency, now: int) -> str:
    """Return what is wrong with a message's own time, and what to check; empty when nothing is."""
    if sample.timeless:
        return f"{sample.timeless}: check its clock, and `time` in the profile; the time of arrival is used"
    behind = 0 if sample.time is None else now - sample.time
    if said.wrong_clock:
        off = f"{_in_words(abs(behind) / 1000)} {'behind' if behind > 0 else 'ahead'}"
        return f"its clock is {off}: check it and its time zone; the time of arrival is used"
    if said.news and abs(behind - JAPAN_MS) < AHEAD:
        return 'its messages are 9 h old when they come: is its time UTC? Then zone = "UTC" in the profile'
    return ""


def _in_words(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
