"""When a centre or a service of a room is open. Pure; local time is that of Japan, nine hours ahead of UTC all year."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from sukusuku_core.time import DAY_MS, MINUTE_MS, day_number, day_start, local_day, midnight, time_of_day
from sukusuku_server.calendar import holidays
from sukusuku_server.settings.base import WEEKDAYS
from sukusuku_server.settings.opening import Calendar, Opening, minutes

LOOK_AHEAD_DAYS = 400
"""How far `next_opening` looks: whoever is closed for longer does not open."""

_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")
_KEPT_DAYS = 20_000

Spans = tuple[tuple[int, int], ...]
"""Stretches (from, to), `to` excluded, in order, that neither overlap nor touch."""


class Closed(StrEnum):
    """Why it is closed on a day. The words for people stand where they are shown."""

    SPECIAL = "special"
    """A special day without slots."""
    CLOSING_DAY = "closing_day"
    YEAR_END = "year_end"
    MONTHLY = "monthly"
    HOLIDAY = "holiday"
    WEEKDAY = "weekday"


class OpeningHours:
    """Opening hours under a calendar: open is when all of `openings` are. Cheap to ask; never changes.

    Moments are UTC ms. The stretches of a day are computed once and kept.
    """

    __slots__ = ("_calendar", "_days", "_openings")

    def __init__(self, calendar: Calendar, openings: Sequence[Opening]) -> None:
        self._calendar = _Calendar(calendar)
        self._openings = tuple(openings)
        self._days: dict[int, Spans] = {}

    def is_open(self, ms: int) -> bool:
        """Whether it is open at a moment."""
        rest = time_of_day(ms)
        return any(start <= rest < end for start, end in self._of(day_number(ms)))

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the open stretches (from, to) between two moments, clipped to them, in order; they never touch."""
        open_spans: list[tuple[int, int]] = []
        for day in range(day_number(start), day_number(end - 1) + 1):
            base = midnight(day)
            for opens, closes in self._of(day):
                first, last = max(base + opens, start), min(base + closes, end)
                if first >= last:
                    continue
                if open_spans and open_spans[-1][1] == first:  # open over midnight
                    first = open_spans.pop()[0]
                open_spans.append((first, last))
        return open_spans

    def next_opening(self, ms: int) -> int | None:
        """Return the first moment from `ms` on at which it is open, maybe `ms` itself; None: not in 400 days."""
        day, rest = day_number(ms), time_of_day(ms)
        for n in range(LOOK_AHEAD_DAYS):
            for opens, closes in self._of(day + n):
                if n or rest < closes:
                    return max(midnight(day + n) + opens, ms)
        return None

    def closed_reason(self, day: date) -> Closed | None:
        """Why it is closed on the whole of a local day; None: it is open for some of it."""
        if self._of(day_number(day_start(day))):
            return None
        rules = (self._calendar.rule(opening.on(day), day)[1] for opening in self._openings)
        return next((reason for reason in rules if reason is not None), Closed.WEEKDAY)

    def _of(self, day: int) -> Spans:
        """Return the open stretches of a day, counted from 1970-01-01, as ms since its local midnight."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.clear()
            local = local_day(midnight(day))
            found = ((0, DAY_MS),) if self._openings else ()
            for opening in self._openings:
                found = _both(found, self._calendar.rule(opening.on(local), local)[0])
            self._days[day] = found
        return found


class _Calendar:
    """The calendar of the operator, ready to be asked for single days."""

    __slots__ = ("_added", "_removed", "_year_end")

    def __init__(self, settings: Calendar) -> None:
        self._added = frozenset(named.date for named in settings.added)
        self._removed = frozenset(settings.removed)
        self._year_end = settings.year_end

    def rule(self, opening: Opening, day: date) -> tuple[Spans, Closed | None]:
        """Return the stretches of a day in ms since midnight; none, and why, when it is closed."""
        special = opening.special.get(day.isoformat())
        if special is not None:
            return (merged(special), None) if special else ((), Closed.SPECIAL)
        if day in opening.closed:
            return (), Closed.CLOSING_DAY
        if self._is_year_end(day):
            return (), Closed.YEAR_END
        if any(_is_monthly(rule, day) for rule in opening.closed_monthly):
            return (), Closed.MONTHLY
        if opening.holidays != "open" and self._is_holiday(day):
            slots = () if opening.holidays == "closed" else opening.holidays
            return (merged(slots), None) if slots else ((), Closed.HOLIDAY)
        slots = opening.weekday(WEEKDAYS[day.weekday()])
        return (merged(slots), None) if slots else ((), Closed.WEEKDAY)

    def _is_holiday(self, day: date) -> bool:
        return day in self._added or (day not in self._removed and day in holidays.national(day.year))

    def _is_year_end(self, day: date) -> bool:
        if not self._year_end:
            return False
        first, last = self._year_end
        now = day.strftime("%m-%d")
        return first <= now <= last if first <= last else now >= first or now <= last


def merged(slots: Sequence[str]) -> Spans:
    """Slots in order, those that touch joined, as ms since midnight."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(minutes(slot) for slot in slots):
        if found and found[-1][1] >= start * MINUTE_MS:
            found[-1] = (found[-1][0], max(found[-1][1], end * MINUTE_MS))
        else:
            found.append((start * MINUTE_MS, end * MINUTE_MS))
    return tuple(found)


def _both(one: Spans, other: Spans) -> Spans:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted(pair for pair in pairs if pair[0] < pair[1]))


def _is_monthly(rule: str, day: date) -> bool:
    which, weekday = rule.split(" ")
    if WEEKDAYS[day.weekday()] != weekday:
        return False
    if which == "last":
        return day.day + 7 > monthrange(day.year, day.month)[1]
    return (day.day - 1) // 7 == _ORDINALS.index(which)
