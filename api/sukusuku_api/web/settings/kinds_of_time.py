"""Fields for days, times and opening hours; see `kinds`. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from sukusuku_api.web.settings.kinds import Options, Typed, WrongEntryError, only
from sukusuku_server.bookings import cells
from sukusuku_server.bookings.problems import CellError
from sukusuku_server.i18n import N_
from sukusuku_server.settings.opening import minutes

BLANK = 3
"""Empty inputs behind those that hold something, where a field takes any number."""
_SLOT = re.compile(r"([0-2]?\d):([0-5]\d)\s*[-\N{HYPHEN}\N{MINUS SIGN}–—~〜ー]\s*([0-2]?\d):([0-5]\d)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAY_END = 24 * 60


@dataclass(frozen=True, slots=True)
class Day:
    """A day."""

    widget: str = "date"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return ["" if value is None else str(value)]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        return _day(only(typed)) if only(typed) else None


@dataclass(frozen=True, slots=True)
class Days:
    """Any number of days."""

    widget: str = "dates"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return [*(str(item) for item in value or ()), *[""] * BLANK]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        return sorted({_day(text) for text in typed if text.strip()})


@dataclass(frozen=True, slots=True)
class Clock:
    """A local time."""

    widget: str = "time"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return [value or ""]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        text = only(typed)
        if not text:
            return None
        found = _CLOCK.fullmatch(cells.plain(text))
        if found is None:
            raise WrongEntryError(N_("Please enter a time such as 09:30."))
        return f"{int(found[1]):02}:{found[2]}"


@dataclass(frozen=True, slots=True)
class Slots:
    """The hours of a day: slots with breaks between them; nothing: closed."""

    widget: str = "text"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return [", ".join(value or ())]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        return _slots(only(typed))


@dataclass(frozen=True, slots=True)
class Holidays:
    """What holds on national holidays: a choice, and hours of their own for one of its answers."""

    options: Options
    widget: str = "holidays"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return [value, ""] if isinstance(value, str) else ["own", ", ".join(value or ())]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        if only(typed) != "own":
            return only(typed) if only(typed) == "open" else "closed"
        found = _slots(only(typed[1:]))
        if not found:
            raise WrongEntryError(N_("Please enter the hours of holidays, such as 10:00-15:00."))
        return found


@dataclass(frozen=True, slots=True)
class Monthly:
    """Weekdays of each month, such as the third Monday: pairs of which one and which day."""

    options: Options
    days: Options
    widget: str = "monthly"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return [*(part for item in value or () for part in item.split(" ", 1)), *[""] * 2 * BLANK]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        found = []
        for which, day in zip(typed[::2], typed[1::2], strict=False):
            if bool(which) != bool(day):
                raise WrongEntryError(N_("Please choose both which one and which weekday, or neither."))
            if which and f"{which} {day}" not in found:
                found.append(f"{which} {day}")
        return found


@dataclass(frozen=True, slots=True)
class Special:
    """Hours of single days: pairs of a day and its hours; no hours: closed."""

    widget: str = "special"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        known = [part for day, slots in sorted((value or {}).items()) for part in (day, ", ".join(slots))]
        return [*known, *[""] * 2 * BLANK]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        found = {}
        for day, slots in zip(typed[::2], typed[1::2], strict=False):
            if slots.strip() and not day.strip():
                raise WrongEntryError(N_("Please enter the day of these hours."))
            if day.strip():
                found[str(_day(day.strip()))] = _slots(slots.strip())
        return found


def _day(text: str) -> date:
    try:
        return cells.day(text)
    except CellError as error:
        raise WrongEntryError(N_("“%(text)s” is not a day such as 2027-04-01."), text=text) from error


def _slots(text: str) -> list[str]:
    """Read hours as people type them: `9:00-12:00、13:00〜18:00`."""
    slots = []
    for part in re.split(r"[,、，;\n]", text):
        if not part.strip():
            continue
        slot = _SLOT.fullmatch(cells.plain(part))
        if slot is None:
            raise WrongEntryError(N_("“%(text)s” is not a time slot such as 09:00-12:00."), text=part.strip())
        slots.append(f"{int(slot[1]):02}:{slot[2]}-{int(slot[3]):02}:{slot[4]}")
    for item in slots:
        start, end = minutes(item)
        if start >= end or end > _DAY_END:
            raise WrongEntryError(N_("“%(text)s” must end after it begins, at 24:00 at the latest."), text=item)
    slots.sort()
    for one, other in pairwise(slots):
        if minutes(other)[0] < minutes(one)[1]:
            raise WrongEntryError(N_("“%(one)s” and “%(other)s” overlap."), one=one, other=other)
    return slots
