"""What truly happens to a unit over weeks: hands that come, bags that go, what breaks. The judge of the figures.

Hands arrive as a Poisson process whose rate follows the hour, the weekday, the season, the day's luck and, where a
room is linked, the children in it. Volume is in percent of this unit's bag. Times are UTC ms.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from random import Random

from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number, midnight, weekday
from sukusuku_sim import calendar
from sukusuku_sim.calendar import OpeningHours
from sukusuku_sim.unit import NAPPIES_IN_A_HAND

HOURS = OpeningHours()
"""Monday to Saturday, 9 to 18."""
DAY_LUCK = 0.15
"""Standard deviation of the logarithm of a day's rate."""
STUFFED_ALWAYS = 0.02
"""Share of hands that bypass the compressor on ordinary days."""
STUFFED_WHEN_FULL = 0.15
"""Share of hands that are pushed into a full bag."""
BRIM = 112.0
"""Percent beyond which nothing more goes in."""
JAM_CHANCE = 1 / 1500
REPAIR_MS = 30 * MINUTE_MS
STAFF_COME_MS = 45 * MINUTE_MS
"""Mean delays until staff have seen to a jam and to a full bag."""
HAND_MS = 35_000
SERVICE_MS = (40_000, 400_000)
CHANGE_MS = (50_000, 300_000)
"""How long a hand with its cycle, a repair or cleaning, and a change of bag take."""
CLEANING_DAY, CLEANING_MINUTE = 4, 17 * 60 + 20
LEAST = {"when_full": 60.0, "daily": 25.0, "rounds": 15.0, "hasty": 35.0, "eager": 0.0}
"""Percent below which a habit leaves the bag where it is."""
LUMP = (10, 20)
"""Nappies that come at once when somebody brings those of a whole day."""
ONE_PRESS = 0.5
"""Share of lumps that are pressed as they are, in one cycle; the others go in hand by hand."""
RESIDUE = (5.0, 35.0)
"""Percent that are left behind at an emptying that is not whole, but never more than half of what was in."""
SETTLING_MS = 8 * HOUR_MS
"""After so long, what is loose in a bag has sunk to 1/e."""
SETTLE_EVERY_MS = 2 * HOUR_MS
LEAST_SUNK = 0.05


class Habit(StrEnum):
    """How a unit is emptied."""

    WHEN_FULL = "when_full"
    DAILY = "daily"
    """At the end of the day."""
    ROUNDS = "rounds"
    """By a crew on Monday, Wednesday and Friday; one visit in twelve does not take place."""
    HASTY = "hasty"
    """By staff at noon, half full or not."""
    EAGER = "eager"
    """By cleaners who come three times a day and change every bag, whatever is in."""


class Event(StrEnum):
    """What happens."""

    HAND = "hand"
    STUFFED = "stuffed"
    EMPTIED = "emptied"
    FULL = "full"
    JAM = "jam"
    FILM_OUT = "film_out"
    SERVICED = "serviced"
    CLEANED = "cleaned"
    SLIPPED = "slipped"
    SETTLED = "settled"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, with the fill level (percent) and the nappies in the bag just before and after it."""

    time: int
    event: Event
    before: float
    after: float
    nappies: int
    film: float
    ms: int
    """How long it takes; nothing else happens meanwhile."""
    cycles: int = 0
    """Compressions that belong to it."""


@dataclass(frozen=True, slots=True)
class Person:
    """What a unit is like. `capacity` in nappies; `hands_per_hour` is the mean of the opening hours."""

    capacity: float
    hands_per_hour: float
    habit: Habit
    phase: float
    """Of the season, in turns."""
    film_cycles: float
    children: Callable[[int], float] | None = None
    """Children in the linked room against their mean."""
    stuffing: tuple[tuple[int, int], ...] = ()
    """Stretches in which most hands bypass the compressor."""
    slips: tuple[int, ...] = ()
    replaced: tuple[int, ...] = ()
    lumps: float = 0.0
    residues: float = 0.0
    settling: float = 0.0
    """See `Knobs`."""


@dataclass(frozen=True, slots=True)
class Life:
    """All that happened, in order, and all that was brought, whether there was room for it or not.

    `brought` are (time, percent so far since the beginning); what came to a jammed unit is not among it.
    """

    happenings: tuple[Happening, ...]
    brought: tuple[tuple[int, float], ...]


@dataclass(slots=True)
class _Now:
    percent: float = 0.0
    loose: float = 0.0
    """Part of it that will sink."""
    nappies: int = 0
    film: float = 100.0
    blocked: Event | None = None
    brought: float = 0.0
    told_full: bool = False
    busy: int = 0
    log: list[Happening] = field(default_factory=list)
    total: list[tuple[int, float]] = field(default_factory=list)


class _Kind(StrEnum):
    HAND = "hand"
    EMPTY = "empty"
    REPAIR = "repair"
    CLEAN = "clean"
    SLIP = "slip"
    SETTLE = "settle"
    REPLACE = "replace"


def is_open(time: int, holidays: frozenset[int]) -> bool:
    """Whether the centre is open at this moment; `holidays` are numbers of local days."""
    return day_number(time) not in holidays and HOURS.is_open(time)


def spans(start: int, end: int, holidays: frozenset[int]) -> list[tuple[int, int]]:
    """Return the open stretches between two moments, clipped to them, in order."""
    found = []
    for day in range(day_number(start), day_number(end) + 1):
        opens, closes = _opened(day, holidays)
        if max(opens, start) < min(closes, end):
            found.append((max(opens, start), min(closes, end)))
    return found


@cache
def _opened(day: int, holidays: frozenset[int]) -> tuple[int, int]:
    opens = midnight(day) + HOURS.opens * MINUTE_MS
    return (opens, opens + (HOURS.closes - HOURS.opens) * MINUTE_MS) if is_open(opens, holidays) else (opens, opens)


def live(person: Person, start: int, end: int, holidays: frozenset[int], rng: Random) -> Life:
    """Return the life of a unit from an almost empty bag on."""
    now = _Now(percent=rng.uniform(0, 20))
    now.nappies = round(now.percent / 100 * person.capacity)
    queue: list[tuple[int, int, _Kind]] = []
    for time, kind in _plan(person, start, end, holidays, rng):
        queue.append((time, len(queue), kind))
    heapq.heapify(queue)
    number = len(queue)
    while queue:
        time, _, kind = heapq.heappop(queue)
        if time >= end:
            break
        if time < now.busy:
            number += 1
            heapq.heappush(queue, (now.busy, number, kind))
            continue
        for later, follows in _happens(person, now, time, kind, holidays, rng):
            number += 1
            heapq.heappush(queue, (later, number, follows))
    return Life(tuple(now.log), tuple(now.total))


def _plan(person: Person, start: int, end: int, holidays: frozenset[int], rng: Random) -> Iterator[tuple[int, _Kind]]:
    for day in range(day_number(start), day_number(end - 1) + 1):
        begins = midnight(day)
        opens, closes = begins + HOURS.opens * MINUTE_MS, begins + HOURS.closes * MINUTE_MS
        if not is_open(opens, holidays):
            continue
        season = 1 + 0.25 * math.sin(math.tau * ((day * DAY_MS - start) / (182 * DAY_MS) + person.phase))
        luck = season * rng.lognormvariate(0, DAY_LUCK)
        for hour in range(opens, closes, HOUR_MS):
            rate = person.hands_per_hour * calendar.activity(hour) * luck / HOUR_MS
            if person.children is not None:
                rate *= 0.15 + 0.85 * person.children(hour + HOUR_MS // 2)
            time = hour + (rng.expovariate(rate) if rate > 0 else math.inf)
            while time < hour + HOUR_MS:
                yield int(time), _Kind.HAND
                time += rng.expovariate(rate)
        for visit in _visits(person.habit, begins, rng):
            yield visit, _Kind.EMPTY
        if weekday(opens) == CLEANING_DAY and rng.random() < 0.7:
            yield begins + round((CLEANING_MINUTE + rng.uniform(0, 20)) * MINUTE_MS), _Kind.CLEAN
    yield from ((time, _Kind.SLIP) for time in person.slips)
    yield from ((time, _Kind.REPLACE) for time in person.replaced)
    if person.settling:
        yield from ((time, _Kind.SETTLE) for time in range(start, end, SETTLE_EVERY_MS))


def _visits(habit: Habit, begins: int, rng: Random) -> list[int]:
    if habit is Habit.EAGER:
        minutes = (9 * 60 + rng.uniform(5, 30), 11 * 60 + rng.uniform(0, 30), 17 * 60 + 35 + rng.uniform(0, 15))
        return [begins + round(minute * MINUTE_MS) for minute in minutes]
    minute = {
        Habit.DAILY: 17 * 60 + 35 + rng.uniform(0, 15),
        Habit.HASTY: 12 * 60 + rng.uniform(0, 60),
        Habit.ROUNDS: 10 * 60 + rng.gauss(0, 25),
    }.get(habit)
    if minute is None or (habit is Habit.ROUNDS and (weekday(begins) not in {0, 2, 4} or rng.random() < 1 / 12)):
        return []
    return [begins + round(minute * MINUTE_MS)]


def _happens(  # noqa: C901, PLR0912 - one case per kind
    person: Person, now: _Now, time: int, kind: _Kind, holidays: frozenset[int], rng: Random
) -> Iterator[tuple[int, _Kind]]:
    match kind:
        case _Kind.HAND:
            yield from _hand(person, now, time, holidays, rng)
        case _Kind.EMPTY:
            if now.percent >= LEAST[person.habit] and now.blocked not in {Event.JAM, Event.FILM_OUT}:
                _empty(now, time, Event.EMPTIED, rng, _residue(person, now, rng))
        case _Kind.REPAIR:
            if now.blocked is Event.FILM_OUT:
                now.film = 100.0
            if now.blocked in {Event.JAM, Event.FILM_OUT}:
                now.blocked = None
                _log(now, time, Event.SERVICED, now.percent, rng.randint(*SERVICE_MS))
        case _Kind.CLEAN:
            if now.film < 8 and rng.random() < 0.8:
                now.film = 100.0
            _log(now, time, Event.CLEANED, now.percent, rng.randint(*SERVICE_MS))
        case _Kind.SLIP:
            if now.percent > 30:
                before, now.percent = now.percent, now.percent - rng.uniform(7, 14)
                _log(now, time, Event.SLIPPED, before, 0)
        case _Kind.SETTLE:
            sunk = now.loose * (1 - math.exp(-SETTLE_EVERY_MS / SETTLING_MS))
            if sunk > LEAST_SUNK:
                before, now.percent, now.loose = now.percent, now.percent - sunk, now.loose - sunk
                _log(now, time, Event.SETTLED, before, 0)
        case _Kind.REPLACE:
            now.film = 100.0
            _empty(now, time, Event.REPLACED, rng)


def _hand(person: Person, now: _Now, time: int, holidays: frozenset[int], rng: Random) -> Iterator[tuple[int, _Kind]]:
    nappies, cycles = rng.choice(NAPPIES_IN_A_HAND), 1
    if person.lumps and rng.random() < person.lumps:
        nappies = rng.randint(*LUMP)
        cycles = 1 if rng.random() < ONE_PRESS else math.ceil(nappies / max(NAPPIES_IN_A_HAND))
    volume = 100 * sum(rng.uniform(0.7, 1.3) for _ in range(nappies)) / person.capacity
    if now.blocked in {Event.JAM, Event.FILM_OUT}:
        return
    now.brought += volume
    now.total.append((time, now.brought))
    stuffed = rng.random() < (0.85 if _within(person.stuffing, time) else STUFFED_ALWAYS)
    if now.blocked is Event.FULL:
        stuffed = True
        if rng.random() >= STUFFED_WHEN_FULL or now.percent + volume > BRIM:
            return
    before = now.percent
    now.percent = min(before + volume, BRIM)
    now.loose += person.settling * (now.percent - before)
    now.nappies += nappies
    cycles = 0 if stuffed else cycles
    now.film = max(0.0, now.film - cycles * 100 / person.film_cycles)
    _log(now, time, Event.STUFFED if stuffed else Event.HAND, before, HAND_MS * max(cycles, 1), cycles=cycles)
    if now.percent >= 100 and not now.told_full:
        now.blocked, now.told_full = Event.FULL, True
        _log(now, now.busy, Event.FULL, now.percent, HAND_MS // 2)
        if person.habit is Habit.WHEN_FULL or rng.random() < 0.5:
            yield _staffed(time, rng.expovariate(1 / STAFF_COME_MS), holidays), _Kind.EMPTY
    elif now.blocked is None and (now.film <= 0 or (not stuffed and rng.random() < JAM_CHANCE)):
        now.blocked = Event.FILM_OUT if now.film <= 0 else Event.JAM
        _log(now, now.busy, now.blocked, now.percent, HAND_MS // 2)
        yield _staffed(time, rng.expovariate(1 / REPAIR_MS), holidays), _Kind.REPAIR


def _residue(person: Person, now: _Now, rng: Random) -> float:
    """Return the percent that an emptying leaves."""
    if not person.residues or rng.random() >= person.residues:
        return 0.0
    return min(rng.uniform(*RESIDUE), now.percent / 2)


def _empty(now: _Now, time: int, event: Event, rng: Random, left: float = 0.0) -> None:
    _log(now, time, event, now.percent, rng.randint(*CHANGE_MS), after=left)
    now.nappies = round(now.nappies * left / now.percent) if left else 0
    now.percent, now.loose, now.blocked, now.told_full = left, 0.0, None, False


def _log(
    now: _Now, time: int, event: Event, before: float, ms: int, after: float | None = None, cycles: int = 0
) -> None:
    now.busy = max(now.busy, time) + ms + 1
    after = now.percent if after is None else after
    now.log.append(Happening(time, event, before, after, now.nappies, now.film, ms, cycles))


def _staffed(time: int, delay: float, holidays: frozenset[int]) -> int:
    """Return the moment after so much time of opening hours."""
    while True:
        if not is_open(time, holidays):
            time = HOURS.next_opening(time)
            continue
        closes = midnight(day_number(time)) + HOURS.closes * MINUTE_MS
        if time + delay < closes:
            return round(time + delay)
        delay -= closes - time
        time = closes


def _within(stretches: tuple[tuple[int, int], ...], time: int) -> bool:
    place = bisect_right(stretches, (time, math.inf)) - 1
    return place >= 0 and time < stretches[place][1]
