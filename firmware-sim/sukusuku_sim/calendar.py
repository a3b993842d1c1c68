"""Local calendar of the centres: opening hours and how busy an hour is. Pure integer arithmetic on UTC ms."""

from dataclasses import dataclass

from sukusuku_core.time import DAY_MS, MINUTE_MS, day_number, midnight, time_of_day, weekday

MONDAY_TO_SATURDAY = frozenset(range(6))

_HOURLY = {9: 0.6, 10: 1.3, 11: 1.3, 12: 0.8, 13: 1.0, 14: 1.3, 15: 1.2, 16: 0.9, 17: 0.5}
"""How busy an hour of the day is against the mean of the opening hours."""
_WEEKDAY = (0.9, 1.0, 1.05, 0.95, 1.0, 1.2, 1.2)
"""How busy a day of the week is, Monday first."""


def minute(ms: int) -> float:
    """Local minutes since midnight."""
    return time_of_day(ms) / MINUTE_MS


def activity(ms: int) -> float:
    """How busy a centre is at this moment; 1 is the mean of the opening hours."""
    return _HOURLY.get(int(minute(ms) // 60), 0.4) * _WEEKDAY[weekday(ms)]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Days of the week (Monday is 0) and the local minutes between which a centre is open."""

    days: frozenset[int] = MONDAY_TO_SATURDAY
    opens: int = 9 * 60
    closes: int = 18 * 60

    def is_open(self, ms: int) -> bool:
        """Whether the centre is open at this moment."""
        return weekday(ms) in self.days and self.opens <= minute(ms) < self.closes

    def next_opening(self, ms: int) -> int:
        """UTC ms of the first opening after this moment."""
        begin = midnight(day_number(ms) + (minute(ms) >= self.opens))
        while weekday(begin) not in self.days:
            begin += DAY_MS
        return begin + self.opens * MINUTE_MS
