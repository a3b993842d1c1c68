"""A room over weeks, with its sensors, their faults, and the truth. The same for the same seed.

Children come by booking, parents step in with some of them, staff follow the shifts roughly and go out now and then.
Everybody who passes the door is miscounted with 2 %: half of them not at all, half twice.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number, day_start, time_of_day
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.model.collection import Calibration
from sukusuku_sim import calendar
from sukusuku_sim.room import RoomParameters, book

FIRST_DAY = date(2026, 4, 6)
MISCOUNT = 0.02
SHIFTS = ((9 * 60, 18 * 60, 2), (10 * 60, 16 * 60, 1))
"""First and last minute, and how many: as in `SETTINGS`."""
ELSEWHERE = 0.3
"""Share of the children who come in by the second door."""
PROPPED_FROM, PROPPED_UNTIL = 10 * HOUR_MS, 15 * HOUR_MS
"""Local hours in which the door is held open, on days of the share"""
PROPPED_DAYS = 0.8
PAST = 0.7
"""Share of those who pass an open door abreast, or at its other side, and are not counted."""
MOTION = 0.6
"""Share of the minutes with somebody in that a motion sensor sees."""
REFRESH = 5
"""Minutes after which an unchanged value is sent again."""
WRAP = 65_536


class Kind(StrEnum):
    """What a room is counted by."""

    DOOR = "door"
    """Entries and exits of all people, and counts by staff."""
    DOOR_AND_PRESENCE = "door and presence"
    """The same with a radar that tells whether anybody is in."""
    DOOR_AND_ZONES = "door and zones"
    ZONES = "zones"
    CHILD_DOOR = "children at the door"
    HEADS = "head count"
    """What one sensor counts in the whole room."""
    SECOND_DOOR = "second door"
    """As door and presence, but some children come in by another door, which nobody counts, and leave by this one."""
    PROPPED = "door propped open"
    """As door and presence, but on most days the door is held open for hours: most who pass then are not counted."""
    MOTION = "motion sensor"
    """Nothing but a motion sensor (PIR): it sees those who are in at some moments."""


COUNTING = {
    Kind.DOOR: 'people = ["flow"]',
    Kind.DOOR_AND_PRESENCE: 'people = ["flow"]',
    Kind.SECOND_DOOR: 'people = ["flow"]',
    Kind.PROPPED: 'people = ["flow"]',
    Kind.HEADS: 'people = ["count"]',
    Kind.MOTION: 'people = ["presence"]\nstaff = "none"',
    Kind.DOOR_AND_ZONES: 'people = ["flow", "zones"]',
    Kind.ZONES: 'people = ["zones", "flow"]',
    Kind.CHILD_DOOR: 'people = []\nchildren = ["flow"]',
}


_ZONED = frozenset({Kind.DOOR_AND_ZONES, Kind.ZONES})
_WITHOUT_DOOR = frozenset({Kind.HEADS, Kind.MOTION})
_WITHOUT_PRESENCE = frozenset({Kind.DOOR, Kind.HEADS})
_COUNTED_BY_STAFF = frozenset({Kind.DOOR, Kind.DOOR_AND_PRESENCE, Kind.CHILD_DOOR, Kind.SECOND_DOOR, Kind.PROPPED})


@dataclass(frozen=True, slots=True)
class Passing:
    """Somebody passes the door: inward +1, outward -1."""

    time: int
    step: int
    child: bool


@dataclass(frozen=True, slots=True)
class World:
    """What was read, what staff entered, and the truth: people and children at each passing."""

    readings: tuple[Reading, ...]
    said: tuple[Calibration, ...]
    times: tuple[int, ...]
    people: tuple[int, ...]
    children: tuple[int, ...]
    faults: int

    def people_at(self, time: int) -> int:
        """People in the room at a moment."""
        n = bisect_right(self.times, time)
        return self.people[n - 1] if n else 0

    def children_at(self, time: int) -> int:
        """Children in the room at a moment."""
        n = bisect_right(self.times, time)
        return self.children[n - 1] if n else 0

    def children_by_minute(self, start: int, end: int) -> Iterator[int]:
        """Yield the children in the room at each minute of start <= time < end."""
        n = bisect_right(self.times, start)
        for minute in range(start, end, MINUTE_MS):
            while n < len(self.times) and self.times[n] <= minute:
                n += 1
            yield self.children[n - 1] if n else 0


def simulate(kind: Kind, hours: OpeningHours, seed: int, weeks: int, room: str = "room") -> World:
    """Return a room of a kind."""
    rng = Random(f"{kind} {seed}")
    passings: list[Passing] = []
    for n in range(weeks * 7):
        day = FIRST_DAY + timedelta(days=n)
        if hours.closed_reason(day) is None:
            passings += sorted(_day(day, rng), key=lambda passing: passing.time)
    times, people, children = [], [], []
    inside = small = 0
    for passing in passings:
        inside, small = inside + passing.step, small + passing.step * passing.child
        times.append(passing.time)
        people.append(inside)
        children.append(small)
    world = World((), (), tuple(times), tuple(people), tuple(children), 0)
    faults = _Faults(Random(f"faults {kind} {seed}"), weeks)
    readings: list[Reading] = []
    if kind is Kind.CHILD_DOOR:
        readings += _door([p for p in passings if p.child], "Children", faults, rng, weeks, room)
    elif kind not in _WITHOUT_DOOR:
        counted = list(_counted(kind, passings, Random(f"ways {kind} {seed}")))
        readings += _door(counted, "Total", faults, rng, weeks, room)
    if kind in _ZONED:
        readings += _zones(world, faults, rng, weeks, room)
    if kind is Kind.HEADS:
        readings += _heads(world, faults, rng, weeks, room)
    if kind not in _WITHOUT_PRESENCE:
        readings += _presence(world, faults, rng, weeks, room, MOTION if kind is Kind.MOTION else 1.0)
    said = tuple(_said(world, hours, rng, weeks, room)) if kind in _COUNTED_BY_STAFF else ()
    readings.sort(key=lambda reading: reading.time)
    return World(tuple(readings), said, world.times, world.people, world.children, faults.number)


def _counted(kind: Kind, passings: list[Passing], ways: Random) -> Iterator[Passing]:
    """Yield those who pass the counter: some children come by another door, or nobody sees who passes an open one."""
    propped: dict[int, bool] = {}
    for passing in passings:
        if kind is Kind.PROPPED:
            day = day_number(passing.time)
            if day not in propped:
                propped[day] = ways.random() < PROPPED_DAYS
            is_open = propped[day] and PROPPED_FROM <= time_of_day(passing.time) < PROPPED_UNTIL
            past = PAST if is_open else 0.0
        else:
            past = ELSEWHERE if kind is Kind.SECOND_DOOR and passing.child and passing.step > 0 else 0.0
        if not past or ways.random() >= past:
            yield passing


def _day(day: date, rng: Random) -> Iterator[Passing]:
    start = day_start(day)
    for stay in book(RoomParameters(), day_number(start), rng):
        for time, step in ((stay.arrives, 1), (stay.leaves, -1)):
            moment = time + rng.randrange(MINUTE_MS)
            yield Passing(moment, step, child=True)
            if rng.random() < 0.3:  # a parent steps in for a moment
                yield Passing(moment - 500, 1, child=False)
                yield Passing(moment + rng.randrange(20_000, 120_000), -1, child=False)
    for first, last, count in SHIFTS:
        for _ in range(count):
            begins = start + first * MINUTE_MS - rng.randrange(10 * MINUTE_MS)
            ends = start + last * MINUTE_MS + rng.randrange(12 * MINUTE_MS)
            yield Passing(begins, 1, child=False)
            yield Passing(ends, -1, child=False)
            for _ in range(rng.randrange(4)):
                goes = rng.randrange(begins + 60 * MINUTE_MS, ends - 60 * MINUTE_MS)
                yield Passing(goes, -1, child=False)
                yield Passing(goes + rng.randrange(MINUTE_MS, 5 * MINUTE_MS), 1, child=False)


class _Faults:
    """When which fault holds: periods of (UTC ms, UTC ms)."""

    def __init__(self, rng: Random, weeks: int) -> None:
        begin, end = day_start(FIRST_DAY), day_start(FIRST_DAY) + weeks * 7 * DAY_MS

        def some(number: int, hours: tuple[float, float]) -> list[tuple[int, int]]:
            found = []
            for _ in range(number):
                day = rng.randrange(begin, end, DAY_MS)
                first = day + round(rng.uniform(8, 16) * HOUR_MS)
                found.append((first, first + round(rng.uniform(*hours) * HOUR_MS)))
            return found

        self.silent = some(max(weeks // 2, 1), (0.7, 3))
        self.restarts = [first for first, _ in some(max(weeks // 6, 1), (0, 0))]
        self.swapped = [(day_start(FIRST_DAY) + weeks * 3 * DAY_MS, day_start(FIRST_DAY) + weeks * 4 * DAY_MS)]
        self.stuck = some(max(weeks // 8, 1), (2, 5))
        self.failed = 0.002
        self.number = len(self.silent) + len(self.restarts) + 2 * len(self.swapped) + len(self.stuck)

    @staticmethod
    def holds(periods: list[tuple[int, int]], time: int) -> bool:
        """Whether one of the periods holds at a time."""
        return any(first <= time < last for first, last in periods)


def _minutes(weeks: int) -> Iterator[int]:
    """Yield the minutes in which sensors send: all of the day, every fifth of the night."""
    for n in range(weeks * 7):
        start = day_start(FIRST_DAY + timedelta(days=n))
        for minute in range(1440):
            if 8 * 60 <= minute < 20 * 60 or minute % REFRESH == 0:
                yield start + minute * MINUTE_MS


def _door(passings: list[Passing], what: str, faults: _Faults, rng: Random, weeks: int, room: str) -> Iterator[Reading]:
    """Cumulative totals in 16 bits, once a minute when they changed, and their failures."""
    totals = [WRAP - 300, WRAP - 310]
    restarts, n, told = sorted(faults.restarts), 0, (-1, -1, 0)
    for time in _minutes(weeks):
        while n < len(passings) and passings[n].time <= time:
            times = 1 if rng.random() >= MISCOUNT else rng.choice((0, 2))
            outward = (passings[n].step < 0) != faults.holds(faults.swapped, time)
            totals[outward] = (totals[outward] + times) % WRAP
            n += 1
        if restarts and time >= restarts[0]:
            restarts.pop(0)
            totals = [0, 0]
        if faults.holds(faults.silent, time):
            continue
        if tuple(totals) != told[:2] or time - told[2] >= REFRESH * MINUTE_MS:
            told = (totals[0], totals[1], time)
            failed = rng.random() < faults.failed
            for name, value in ((f"Entries/{what}", totals[0]), (f"Exits/{what}", totals[1])):
                yield Reading(room, name, time, 0xFFFF if failed else value)


def _zones(world: World, faults: _Faults, rng: Random, weeks: int, room: str) -> Iterator[Reading]:
    """Region counts: everybody is overlooked with 2 % in each sample; sometimes the sensor freezes or fails."""
    told = (-1, -1, 0)
    for time in _minutes(weeks):
        if faults.holds(faults.silent, time):
            continue
        inside = world.people_at(time)
        seen = sum(rng.random() >= MISCOUNT for _ in range(inside))
        eating = sum(rng.random() < 0.3 for _ in range(seen))
        if faults.holds(faults.stuck, time):
            eating, seen = told[0], told[0] + told[1]
        if (eating, seen - eating) != told[:2] or time - told[2] >= REFRESH * MINUTE_MS:
            told = (eating, seen - eating, time)
            failed = rng.random() < faults.failed
            for zone, value in (("eat", told[0]), ("run", told[1])):
                quality = Quality.BAD if failed else Quality.GOOD
                yield Reading(room, f"Zones/{zone}/Count", time, None if failed else value, quality)


def _heads(world: World, faults: _Faults, rng: Random, weeks: int, room: str) -> Iterator[Reading]:
    """One count of the whole room: everybody is overlooked with 2 % in each sample; sometimes it freezes or fails."""
    told = (-1, 0)
    for time in _minutes(weeks):
        if faults.holds(faults.silent, time):
            continue
        seen = sum(rng.random() >= MISCOUNT for _ in range(world.people_at(time)))
        if faults.holds(faults.stuck, time):
            seen = told[0]
        if seen != told[0] or time - told[1] >= REFRESH * MINUTE_MS:
            told = (seen, time)
            yield Reading(room, "Occupancy/Count", time, 0xFFFF if rng.random() < faults.failed else seen)


def _presence(
    world: World, faults: _Faults, rng: Random, weeks: int, room: str, motion: float = 1.0
) -> Iterator[Reading]:
    """Radar presence overlooks people who keep still, for minutes in the hour of sleep; motion is seen in pulses."""
    told, last, asleep = False, 0, 0
    for time in _minutes(weeks):
        minute = calendar.minute(time)
        if 12.5 * 60 <= minute < 14.5 * 60 and rng.random() < 0.01:
            asleep = time + rng.randrange(3, 15) * MINUTE_MS
        value = world.people_at(time) > 0 and time >= asleep
        if motion < 1:
            value = value and rng.random() < motion
        if faults.holds(faults.silent, time):
            continue
        if value != told or time - last >= REFRESH * MINUTE_MS:
            told, last = value, time
            yield Reading(room, "Presence", time, value)


def _said(world: World, hours: OpeningHours, rng: Random, weeks: int, room: str) -> Iterator[Calibration]:
    """Three times a day somebody counts the children, four times of five; one count of twenty is off by one."""
    for n in range(weeks * 7):
        day = FIRST_DAY + timedelta(days=n)
        for earliest, latest in ((10, 11), (13, 14), (15.5, 16.5)):
            if hours.closed_reason(day) is None and rng.random() < 0.8:
                time = day_start(day) + round(rng.uniform(earliest, latest) * 60) * MINUTE_MS + 30_000
                wrong = rng.choice((-1, 1)) if rng.random() < 0.05 else 0
                yield Calibration(room, time, max(world.children_at(time) + wrong, 0), None, "職員")
