"""A simulated half year of units with faults, the same for the same seed, with the truth kept.

    world = simulate(seed=1)                      # 20 units, 26 weeks, about 15 s
    world = simulate(seed=1, units=3, weeks=2)    # for tests

Readings are what the collector would have stored. The settings (`Collection`) are what an operator would have typed:
the true capacity differs a little. The truth says what nobody could read off a sensor.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

from bench.collection.ground_truth import HOURS, Event, Habit, Life, Person, is_open, live, spans
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

W = Witness
FULL_SET = frozenset({W.LEVEL, W.COUNTER, W.STATE, W.LID})
KINDS: tuple[frozenset[Witness], ...] = (
    FULL_SET,
    FULL_SET | {W.DOOR},
    frozenset({W.LEVEL}),
    FULL_SET,
    frozenset({W.LEVEL, W.COUNTER}),
    frozenset({W.COUNTER, W.DOOR, W.BAG}),
    FULL_SET | {W.DOOR, W.BAG},
    frozenset({W.LEVEL, W.LID}),
    frozenset({W.COUNTER, W.OWN_COUNT}),
    FULL_SET,
)
"""What the units are sensed by, over and over."""
HABITS = (Habit.WHEN_FULL, Habit.ROUNDS, Habit.DAILY, Habit.HASTY, Habit.ROUNDS, Habit.WHEN_FULL, Habit.ROUNDS)

TROUBLES: tuple[tuple[Fault, float, tuple[float, float], tuple[float, float]], ...] = (
    (Fault.NOISY, 1.0, (24, 120), (2.5, 4.5)),
    (Fault.JUMPY, 1.2, (12, 96), (15, 60)),
    (Fault.DRIFT, 0.7, (240, 700), (-6, 12)),
    (Fault.STUCK, 0.7, (10, 96), (0, 0)),
    (Fault.LEVEL_BAD, 0.5, (2, 72), (0, 0)),
    (Fault.COUNTER_STUCK, 0.4, (24, 120), (0, 0)),
    (Fault.COUNTER_RESTART, 1.0, (0, 0), (0, 0)),
    (Fault.SILENT, 3.0, (1, 60), (0, 0)),
    (Fault.CLOCK, 0.5, (2, 72), (-20 * MINUTE_MS, 4 * MINUTE_MS)),
    (Fault.STUFFING, 0.7, (24, 96), (0, 0)),
    (Fault.SLIPPED, 2.0, (0, 0), (0, 0)),
    (Fault.REPLACED, 0.25, (0, 0), (0, 0)),
)
"""Fault, mean number of times per unit and half year, hours that it lasts, its size."""


@dataclass(frozen=True, slots=True)
class TrueEmptying:
    """A bag was taken away: when, and what was in it."""

    time: int
    percent: float
    nappies: int


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

    def percent(self, time: int) -> float:
        """How full the bag really was."""
        place = bisect_right(self.fill, (time, math.inf)) - 1
        return self.fill[max(place, 0)][1]

    def full_after(self, time: int) -> int | None:
        """When the bag would have been full, seen from a moment, had nobody emptied it; None: not in this world."""
        place = bisect_right(self.brought, (time, math.inf)) - 1
        so_far = self.brought[place][1] if place >= 0 else 0.0
        missing = 100.0 - self.percent(time)
        if missing <= 0:
            return time
        found = bisect_left(self.brought, so_far + missing, key=lambda item: item[1])
        return self.brought[found][0] if found < len(self.brought) else None


@dataclass(frozen=True, slots=True)
class SimulatedUnit:
    """A unit with everything that was read of it and everything that is true of it."""

    id: str
    witnesses: frozenset[Witness]
    habit: Habit
    collection: Collection
    readings: tuple[Reading, ...]
    truth: Truth


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


def simulate(seed: int, units: int = 20, weeks: int = 26) -> World:
    """Return the world of a seed. Every second unit is linked to a room; two units share one."""
    start = day_start(FIRST_DAY)
    end = start + weeks * 7 * DAY_MS
    rooms = tuple(_room(f"room-{n + 1}", Random(f"{seed}/room/{n}"), start, end) for n in range((units + 3) // 4))
    made = tuple(_unit(n, rooms[n // 4] if n % 2 == 0 else None, seed, start, end) for n in range(units))
    return World(seed, start, end, made, rooms)


def _unit(number: int, room: SimulatedRoom | None, seed: int, start: int, end: int) -> SimulatedUnit:
    rng = Random(f"{seed}/unit/{number}")
    name = f"unit-{number + 1}"
    witnesses = KINDS[number % len(KINDS)]
    habit = Habit.WHEN_FULL if number % 11 == 3 else HABITS[(number + seed) % len(HABITS)]
    capacity = rng.uniform(48, 72)
    troubles = _troubles(rng, start, end)
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
    )
    life = live(person, start, end, _CLOSED, rng)
    sensors = Sensors(
        name,
        witnesses,
        rng.uniform(0.3, 1.2),
        rng.uniform(-5, 2) if rng.random() < 0.4 else 0.0,
        rng.uniform(0.96, 1.04),
        rng.randrange(20_000),
        troubles,
    )
    collection = Collection(
        nappies_per_bag=5.0 * round(capacity / 5), film_cycles=500.0, room=None if room is None else room.id
    )
    readings = sense(sensors, life, start, end, rng)
    return SimulatedUnit(name, witnesses, habit, collection, readings, _truth(life, sensors, start))


def _truth(life: Life, sensors: Sensors, start: int) -> Truth:
    gone = [item for item in life.happenings if item.event in {Event.EMPTIED, Event.REPLACED}]
    first = life.happenings[0].before if life.happenings else 0.0
    return Truth(
        tuple(TrueEmptying(item.time, item.before, item.nappies) for item in gone),
        tuple(item.time for item in life.happenings if item.event is Event.FULL),
        ((start, first), *((item.time, item.after) for item in life.happenings)),
        life.brought,
        _stopped(life),
        blind(sensors),
        sensors.troubles,
    )


def _stopped(life: Life) -> tuple[tuple[int, int], ...]:
    found, since = [], None
    for item in life.happenings:
        if item.event in {Event.JAM, Event.FILM_OUT}:
            since = item.time
        elif since is not None and item.event in {Event.SERVICED, Event.REPLACED}:
            found.append((since, item.time))
            since = None
    return tuple(found)


def _troubles(rng: Random, start: int, end: int) -> tuple[Trouble, ...]:
    """Faults at random; the same fault does not overlap itself."""
    found: list[Trouble] = []
    for fault, times, hours, sizes in TROUBLES:
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
