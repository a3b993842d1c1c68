"""What is booked in a room, of all imports together, and how many of those who are booked come. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sukusuku_core.time import HOUR_MS, MINUTE_MS, day_number, midnight
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.model.bookings import Booked, Import
from sukusuku_server.rooms.current import limit_planned
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rooms.usage import Hour

STEP_MS = 15 * MINUTE_MS
"""Shifts are looked at so often."""
_LEAN = 20.0
"""Booked child-hours after which the attendance of the past is believed as much as that everybody comes."""
_FIRST_SPREAD = 0.3
"""Variance per child of those who come, before anything is known."""


class Plan:
    """The bookings of a room. A day of which no import says anything is not known, which is not the same as free."""

    def __init__(self, days: Mapping[int, Sequence[Booked]]) -> None:
        self._days = days

    def children(self, ms: int) -> int | None:
        """How many children are booked at a moment; None: not known."""
        spans = self._days.get(day_number(ms))
        return None if spans is None else sum(item.children for item in spans if item.start <= ms < item.end)

    def mean(self, hour: int, opening: OpeningHours) -> float | None:
        """How many are booked in the hour that begins at a moment, while it is open. None: not known, closed."""
        spans = self._days.get(day_number(hour))
        if spans is None:
            return None
        opened = opening.spans(hour, hour + HOUR_MS)
        whole = sum(end - start for start, end in opened)
        booked = sum(
            item.children * max(0, min(item.end, end) - max(item.start, start))
            for item in spans
            for start, end in opened
        )
        return booked / whole if whole else None

    def spans(self, start: int, end: int) -> list[Booked]:
        """Return the stretches that touch start <= time < end, in order."""
        days = range(day_number(start), day_number(end - 1) + 1)
        found = [item for day in days for item in self._days.get(day, ()) if item.start < end and item.end > start]
        return sorted(found, key=lambda item: (item.start, item.end))

    def known(self, start: int, end: int) -> list[int]:
        """Return the local midnights of the days within start <= time < end that some import speaks of."""
        return [midnight(day) for day in range(day_number(start), day_number(end - 1) + 1) if day in self._days]


NOTHING = Plan({})


def plan(room: str, imports: Iterable[Import], at: int) -> Plan:
    """Return the bookings of a room as they were known at a moment: each day is told by the newest import of it."""
    days: dict[int, list[Booked]] = {}
    for told in sorted((item for item in imports if item.holds(at)), key=lambda item: item.id):
        for cover in told.covers:
            if cover.room == room:
                days |= {day: [] for day in range(day_number(cover.start), day_number(cover.end - 1) + 1)}
        for span in told.spans:
            if span.room == room and (day := days.get(day_number(span.start))) is not None:
                day.append(span)
    return Plan(days)


@dataclass(frozen=True, slots=True)
class Attendance:
    """How many children come for each that is booked, and the variance per child of that."""

    factor: float
    spread: float
    hours: int


def attendance(past: Sequence[Hour], booked: Plan, opening: OpeningHours, now: int) -> Attendance:
    """Return what the hours of the past teach, of which bookings and children are known.

    Factor: (children + lean) / (booked + lean); spread: squared misses per booked child, leaning on the first value.
    """
    pairs = [
        (places, came)
        for hour in past
        if hour.start + HOUR_MS <= now
        and (came := hour.tally.average_occupancy) is not None
        and (places := booked.mean(hour.start, opening)) is not None
    ]
    total = sum(places for places, _ in pairs)
    factor = (sum(came for _, came in pairs) + _LEAN) / (total + _LEAN)
    misses = sum((came - factor * places) ** 2 for places, came in pairs)
    return Attendance(factor, (misses + _FIRST_SPREAD * _LEAN) / (factor * total + _LEAN), len(pairs))


@dataclass(frozen=True, slots=True)
class Overbooked:
    """More children are booked than may be in the room, from `start` until `end`."""

    start: int
    end: int
    booked: int
    limit: int


def overbooked(booked: Plan, timetable: Timetable, start: int, end: int) -> list[Overbooked]:
    """Return where more are booked than the places, area and staff of the moment allow, within start <= time < end."""
    edges = sorted({edge for item in booked.spans(start, end) for edge in (item.start, item.end)})
    stretches: list[Overbooked] = []
    for opens, closes in pairwise(edges):
        children = booked.children(opens)
        if not children:
            continue
        for at in range(opens, closes, STEP_MS):
            limit = limit_planned(timetable, at).children
            if children > limit and timetable.is_open(at):
                until = min(at + STEP_MS, closes)
                last = stretches[-1] if stretches else None
                if last is not None and (last.end, last.booked, last.limit) == (at, children, limit):
                    stretches[-1] = replace(last, end=until)
                else:
                    stretches.append(Overbooked(at, until, children, limit))
    return stretches
