"""Periods that requests and pages ask for."""

from datetime import date

from sukusuku_core.time import DAY_MS, day_start, local_day

EIGHT_WEEKS_MS = 56 * DAY_MS


def month_of(text: str | None, now: int) -> tuple[int, int]:
    """Return the month `YYYY-MM`, or the one of `now`, as UTC ms from its beginning to that of the next one."""
    first = date.fromisoformat(f"{text}-01") if text else local_day(now).replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return day_start(first), day_start(following)


CARD_MS = 56 * DAY_MS
