"""A simulated half year of units with faults, the same for the same seed, with the truth kept.

    world = simulate(seed=1)                      # 20 units, 26 weeks, about 15 s
    world = simulate(seed=1, units=3, weeks=2)    # for tests
    world = simulate(seed=1, knobs=WIDE)          # with what containers in the field have shown; see knobs.py

Readings are what the collector would have stored. The settings (`Collection`) are what an operator would have typed:
the true capacity differs a little. The truth says what nobody could read off a sensor.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from bench.collection.ground_truth import (
    HOURS,
    SETTLING_MS,
    Event,
    Habit,
    Happening,
    Life,
    Person,
    is_open,
    live,
    spans,
)
from bench.collection.knobs import NARROW, FaultRate, Kind, Knobs
from bench.collection.simulated_sensors import Fault, Sensors, Trouble, Witness, blind, sense
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number, day_start
from sukusuku_server.settings.collection import Collection
from sukusuku_sim.room import RoomParameters, Stay, book

FIRST_DAY = date(2026, 4, 6)
HOLIDAYS = tuple(
    date(2026, month, day)
    for month, day in ((4, 29), (5, 3), (5, 4), (5, 5), (5, 6), (7, 20), (8, 11), (9, 21), (9, 22), (9, 23))
)
"""National holidays within 26 weeks of the first day: everything is closed."""

CLEAR_FALL = 15.0
"""Percent by which a level must fall at an emptying for a level sensor to tell it from settling and slipping."""
NOISES = 3.0 * math.sqrt(2)
"""Times the noise of the sensor by which two of its readings must differ to tell of more than noise."""


@dataclass(frozen=True, slots=True)
class TrueEmptying:
    """A bag was taken away: when, what was in it, and what was left behind (percent).

    `clear`: the sensors of the unit must have seen it; otherwise it is too small for them, or between two of their
    readings together with another one, and counts neither way. `told`: they have said something by which it can be
    known. Otherwise they were silent or at fault, the new bag was as full as the old one before they spoke again, or
    the fall was within what the sensor scattered by at that time.
    """

    time: int
    percent: float
    nappies: int
    left: float = 0.0
    clear: bool = True
    told: bool = True


@dataclass(frozen=True, slots=True)
class Truth:
    """What truly happened to a unit. `fill` and `brought` are (time, percent), rising in time.

    `brought` is the sum of everything that was brought since the beginning, whether the bag could take it or not.
    `stopped` are the stretches (from, until before) in which a jam or missing film stopped the unit. `blind` are those
    in which nothing could tell that a bag was changed; `troubles` all faults.
    """

    emptyings: tuple[TrueEmptying, ...]
    full: tuple[int, ...]
    fill: tuple[tuple[int, float], ...]
    brought: tuple[tuple[int, float], ...]
    stopped: tuple[tuple[int, int], ...]
    blind: tuple[Trouble, ...]
    troubles: tuple[Trouble, ...]
    settling: float = 0.0
    """Share of what was brought that sinks; see `ground_truth.live`."""

    def percent(self, time: int) -> float:
        """How full the bag really was."""
        return _at(self.fill, time)

    def full_after(self, time: int) -> int | None:
        """When the bag would have been full, seen from a moment, had nobody emptied it; None: not in this world."""
        level = self.percent(time)
        if level >= 100.0:
            return time
        if self.settling:
            return self._full_with_settling(time, level)
        place = bisect_right(self.brought, (time, math.inf)) - 1
        so_far = self.brought[place][1] if place >= 0 else 0.0
        found = bisect_left(self.brought, so_far + 100.0 - level, key=lambda item: item[1])
        return self.brought[found][0] if found < len(self.brought) else None

    def _full_with_settling(self, time: int, level: float) -> int | None:
        """Play what came on: what is loose at a moment sinks while more comes."""
        here = bisect_right(self.brought, (time, math.inf))
        since = max((item.time for item in self.emptyings if item.time <= time), default=0)
        since = max(since, time - 6 * SETTLING_MS)
        loose, now = 0.0, time
        for place in range(bisect_right(self.brought, (since, math.inf)), here):
            came = self._came(place)
            loose += self.settling * came * math.exp((self.brought[place][0] - time) / SETTLING_MS)
        for place in range(here, len(self.brought)):
            at = self.brought[place][0]
            left = loose * math.exp((now - at) / SETTLING_MS)
            came = self._came(place)
            level, loose, now = level - (loose - left) + came, left + self.settling * came, at
            if level >= 100.0:
                return at
        return None

    def _came(self, place: int) -> float:
        return self.brought[place][1] - (self.brought[place - 1][1] if place else 0.0)


@dataclass(frozen=True, slots=True)
class SimulatedUnit:
    """A unit with everything that was read of it and everything that is true of it."""

    id: str
    kind: Kind
    habit: Habit
    collection: Collection
    readings: tuple[Reading, ...]
    truth: Truth
    capacity: float
    sensors: Sensors
    """Nappies that its bag truly takes, and how it is sensed: for who judges, never for who derives."""

    @property
    def witnesses(self) -> frozenset[Witness]:
        """By what it is sensed."""
        return self.kind.witnesses

    @property
    def pace_ms(self) -> int:
        """Longest time between two readings of a level that is read seldom; otherwise 0."""
        return 0 if self.kind.pace is None else round(self.kind.pace[1] * HOUR_MS)


@dataclass(frozen=True, slots=True)
class SimulatedRoom:
    """A room, read as `Occupancy/Children`, and the stays that were booked."""

    id: str
    readings: tuple[Reading, ...]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everything. Times are UTC ms; `holidays` are the days on which all centres are closed beside Sundays."""

    seed: int
    start: int
    end: int
    units: tuple[SimulatedUnit, ...]
    rooms: tuple[SimulatedRoom, ...]
    holidays: tuple[date, ...] = HOLIDAYS

    def is_open(self, time: int) -> bool:
        """Whether the centres are open at this moment."""
        return is_open(time, _CLOSED)

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the open stretches between two moments, clipped to them, in order."""
        return spans(start, end, _CLOSED)

    def room(self, unit: SimulatedUnit) -> SimulatedRoom | None:
        """Return the room that is linked to a unit."""
        return next((room for room in self.rooms if room.id == unit.collection.room), None)


_CLOSED = frozenset(day_number(day_start(day)) for day in HOLIDAYS)


def simulate(seed: int, units: int = 20, weeks: int = 26, knobs: Knobs = NARROW) -> World:
    """Return the world of a seed. Every second unit is linked to a room; two units share one."""
    start = day_start(FIRST_DAY)
    end = start + weeks * 7 * DAY_MS
    rooms = tuple(_room(f"room-{n + 1}", Random(f"{seed}/room/{n}"), start, end) for n in range((units + 3) // 4))
    made = tuple(_unit(n, rooms[n // 4] if n % 2 == 0 else None, seed, start, end, knobs) for n in range(units))
    return World(seed, start, end, made, rooms)


def _unit(number: int, room: SimulatedRoom | None, seed: int, start: int, end: int, knobs: Knobs) -> SimulatedUnit:
    rng = Random(f"{seed}/unit/{number}")
    name = f"unit-{number + 1}"
    kind = knobs.kinds[number % len(knobs.kinds)]
    habit = Habit.WHEN_FULL if number % 11 == 3 else knobs.habits[(number + seed) % len(knobs.habits)]
    capacity = rng.uniform(48, 72)
    troubles = _troubles(rng, start, end, knobs.faults)
    person = Person(
        capacity,
        math.exp(rng.uniform(math.log(1.2), math.log(6.0))),
        habit,
        rng.random(),
        rng.uniform(400, 600),
        None if room is None else _children(room),
        tuple((trouble.start, trouble.end) for trouble in troubles if trouble.fault is Fault.STUFFING),
        tuple(_working(trouble.start) for trouble in troubles if trouble.fault is Fault.SLIPPED),
        tuple(_working(trouble.start) for trouble in troubles if trouble.fault is Fault.REPLACED),
        knobs.lumps,
        knobs.residues,
        knobs.settling,
    )
    life = live(person, start, end, _CLOSED, rng)
    sensors = Sensors(
        name,
        kind.witnesses,
        rng.uniform(*knobs.noise),
        rng.uniform(-5, 2) if rng.random() < 0.4 else 0.0,
        rng.uniform(0.96, 1.04),
        rng.randrange(20_000),
        troubles,
        kind.pace,
    )
    collection = Collection(
        nappies_per_bag=5.0 * round(capacity / 5), film_cycles=500.0, room=None if room is None else room.id
    )
    readings = sense(sensors, life, start, end, rng)
    truth = _truth(life, sensors, start, readings, knobs)
    return SimulatedUnit(name, kind, habit, collection, readings, truth, capacity, sensors)


def _truth(life: Life, sensors: Sensors, start: int, readings: tuple[Reading, ...], knobs: Knobs) -> Truth:
    first = life.happenings[0].before if life.happenings else 0.0
    fill = ((start, first), *((item.time, item.after) for item in life.happenings))
    return Truth(
        tuple(_emptyings(life, sensors, fill, readings)),
        tuple(item.time for item in life.happenings if item.event is Event.FULL),
        fill,
        life.brought,
        _stopped(life),
        blind(sensors),
        sensors.troubles,
        knobs.settling,
    )


def _emptyings(
    life: Life, sensors: Sensors, fill: tuple[tuple[int, float], ...], readings: tuple[Reading, ...]
) -> Iterator[TrueEmptying]:
    gone, cycles = [], [0]
    for item in life.happenings:
        cycles[-1] += item.cycles
        if item.event in {Event.EMPTIED, Event.REPLACED}:
            gone.append(item)
            cycles.append(0)
    moments = [item.time for item in readings if item.metric == "Fill/Percent"] if sensors.pace else []
    honest = _honest(sensors, readings)
    for place, item in enumerate(gone):
        before, after = item.before, item.after
        alone = True
        if moments:
            end = bisect_right(moments, item.time)
            seen = moments[end] if end < len(moments) else item.time
            since = moments[end - 1] if end else item.time
            before, after = _at(fill, since), _at(fill, seen)
            alone = place + 1 == len(gone) or gone[place + 1].time >= seen
        clear = alone and _clear(sensors, item, before - after, cycles[place])
        told = not clear or _told(sensors, item, fill, honest)
        yield TrueEmptying(item.time, item.before, item.nappies, item.after, clear, told)


def _honest(sensors: Sensors, readings: tuple[Reading, ...]) -> list[int]:
    """Return when the level was read by a sensor that measured."""
    broken = tuple(trouble for trouble in sensors.troubles if trouble.fault in {Fault.STUCK, Fault.STOP})
    return [
        item.time
        for item in readings
        if item.metric == "Fill/Percent"
        and item.value is not None
        and not any(trouble.start <= item.time < trouble.end for trouble in broken)
    ]


def _told(sensors: Sensors, item: Happening, fill: tuple[tuple[int, float], ...], honest: list[int]) -> bool:
    """Whether a level was lower after an emptying than before it, where nothing but the level tells."""
    if Witness.LEVEL not in sensors.witnesses or sensors.witnesses & {Witness.BAG, Witness.OWN_COUNT}:
        return True
    place = bisect_right(honest, item.time)
    if not 0 < place < len(honest):
        return False
    noise = max(
        (t.size for t in sensors.troubles if t.fault is Fault.NOISY and t.start <= item.time < t.end), default=0.0
    )
    least = max(CLEAR_FALL, NOISES * max(noise, sensors.noise))
    return _at(fill, honest[place - 1]) - _at(fill, honest[place]) >= least


def _clear(sensors: Sensors, item: Happening, fall: float, cycles: int) -> bool:
    has = sensors.witnesses
    if Witness.BAG in has or (item.event is Event.REPLACED and Witness.STATE in has):
        return True
    if Witness.OWN_COUNT in has:
        return cycles > 0
    return fall >= CLEAR_FALL


def _at(fill: tuple[tuple[int, float], ...], time: int) -> float:
    return fill[max(bisect_right(fill, (time, math.inf)) - 1, 0)][1]


def _stopped(life: Life) -> tuple[tuple[int, int], ...]:
    found, since = [], None
    for item in life.happenings:
        if item.event in {Event.JAM, Event.FILM_OUT}:
            since = item.time
        elif since is not None and item.event in {Event.SERVICED, Event.REPLACED}:
            found.append((since, item.time))
            since = None
    return tuple(found)


def _troubles(rng: Random, start: int, end: int, faults: tuple[FaultRate, ...]) -> tuple[Trouble, ...]:
    """Faults at random; the same fault does not overlap itself."""
    found: list[Trouble] = []
    for fault, times, hours, sizes in faults:
        time = float(start + 3 * DAY_MS)
        while True:
            time += rng.expovariate(times / (182 * DAY_MS))
            length = rng.uniform(*hours) * HOUR_MS
            if time + length >= end:
                break
            found.append(Trouble(fault, int(time), int(time + length), rng.uniform(*sizes)))
            time += length
    return tuple(sorted(found, key=lambda trouble: trouble.start))


def _working(time: int) -> int:
    """Return a moment of opening hours not long after."""
    while not is_open(time, _CLOSED):
        time = HOURS.next_opening(time)
        if not is_open(time, _CLOSED):
            time += DAY_MS
    return time + 90 * MINUTE_MS


def _room(name: str, rng: Random, start: int, end: int) -> SimulatedRoom:
    stays: list[Stay] = []
    for day in range(day_number(start), day_number(end - 1) + 1):
        popularity = rng.uniform(0.3, 1.0)
        if day not in _CLOSED:
            stays += book(RoomParameters(popularity=popularity), day, rng)
    changes: dict[int, int] = dict.fromkeys(range(start, end, 30 * MINUTE_MS), 0)
    for stay in stays:
        changes[stay.arrives] = changes.get(stay.arrives, 0) + 1
        changes[stay.leaves] = changes.get(stay.leaves, 0) - 1
    readings, children = [], 0
    for time in sorted(changes):
        children += changes[time]
        readings.append(Reading(name, "Occupancy/Children", time, children))
    return SimulatedRoom(name, tuple(readings), tuple(stays))


def _children(room: SimulatedRoom) -> Callable[[int], float]:
    """Children in a room at a moment against their mean over the opening hours."""
    times = [reading.time for reading in room.readings]
    counts = [float(reading.value or 0) for reading in room.readings]
    opened = [count for time, count in zip(times, counts, strict=True) if is_open(time, _CLOSED)]
    mean = sum(opened) / max(1, len(opened)) or 1.0

    def at(time: int) -> float:
        place = bisect_right(times, time) - 1
        return counts[place] / mean if place >= 0 else 0.0

    return at
