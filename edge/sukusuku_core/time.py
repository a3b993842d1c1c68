"""Time: moments are UTC milliseconds; days, clocks and weekdays are those of Japan. Pure.

Japan has been nine hours ahead of UTC, without summer time, since 1951. So this needs no time zone database, a local
day always has 24 hours, and integers are enough.
"""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

EARLIEST_READING = 1_577_836_800_000
"""2020-01-01T00:00Z: no reading is older, so an earlier time comes from a clock that was never set."""
EARLIEST_CLOCK = 1_735_689_600_000
"""2025-01-01T00:00Z: a computer that shows an earlier time has not been told the time."""

JAPAN = timezone(timedelta(hours=9), "JST")
"""Asia/Tokyo."""
JAPAN_MS = 9 * HOUR_MS
"""Japan is this far ahead of UTC."""

_EPOCH = date(1970, 1, 1).toordinal()
_THURSDAY = 3
"""The weekday of 1970-01-01."""


def day_number(ms: int) -> int:
    """Return the local day of a moment (UTC ms), counted from 1970-01-01."""
    return (ms + JAPAN_MS) // DAY_MS


def midnight(number: int) -> int:
    """Return the moment (UTC ms) at which a local day begins, counted from 1970-01-01."""
    return number * DAY_MS - JAPAN_MS


def whole_minute(ms: int) -> int:
    """Return the first whole minute at or after a moment."""
    return -(-ms // MINUTE_MS) * MINUTE_MS


def time_of_day(ms: int) -> int:
    """Return the ms that have passed since local midnight."""
    return (ms + JAPAN_MS) % DAY_MS


def weekday(ms: int) -> int:
    """Return the local day of the week of a moment (UTC ms); Monday is 0."""
    return (day_number(ms) + _THURSDAY) % 7


def local_day(ms: int) -> date:
    """Return the local date of a moment (UTC ms)."""
    return date.fromordinal(day_number(ms) + _EPOCH)


def day_start(day: date) -> int:
    """Return the moment (UTC ms) at which a local date begins."""
    return midnight(day.toordinal() - _EPOCH)


def japan_time(ms: int) -> datetime:
    """Return a moment (UTC ms) as an aware datetime at +09:00."""
    return datetime.fromtimestamp(ms / SECOND_MS, JAPAN)


def japan_text(ms: int) -> str:
    """Return `japan_time` in ISO 8601, for where it is needed thousands of times: it costs a third."""
    day, rest = divmod(ms + JAPAN_MS, DAY_MS)
    seconds, rest = divmod(rest, SECOND_MS)
    minutes, seconds = divmod(seconds, 60)
    part = f".{rest:03}000" if rest else ""
    return f"{_date_text(day)}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{part}+09:00"


@lru_cache(1000)
def _date_text(day: int) -> str:
    return date.fromordinal(day + _EPOCH).isoformat()
