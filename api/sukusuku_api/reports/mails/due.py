"""When the mail with the reports of a month is due, and of which periods it tells. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from sukusuku_api.reports import period
from sukusuku_api.reports.period import Period
from sukusuku_core.time import HOUR_MS, day_start, local_day

AT_HOUR = 6
"""On the first, at this hour: the figures of the night are derived, and nobody is at work yet."""
LATE_MS = 2 * HOUR_MS
"""A mail that is made so long after its time says so."""


@dataclass(frozen=True, slots=True)
class Due:
    """A mail that is due since `since` (UTC ms); `late` is whether it is made long after that.

    `periods` is the month that is over, and in April the fiscal year that ended with it.
    """

    month: Period
    periods: tuple[Period, ...]
    since: int
    late: bool


def due(now: int) -> Due:
    """Return the newest mail that is due at a moment (UTC ms)."""
    first = local_day(now).replace(day=1)
    if now < day_start(first) + AT_HOUR * HOUR_MS:
        first = (first - timedelta(days=1)).replace(day=1)
    month = period.month(f"{first - timedelta(days=1):%Y-%m}")
    year = period.fiscal_year(str(month.fiscal_year))
    since = day_start(first) + AT_HOUR * HOUR_MS
    periods = (month, year) if year.end == month.end else (month,)
    return Due(month, periods, since, late=now - since >= LATE_MS)
