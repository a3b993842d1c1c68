"""Of which periods the mail with the reports of a month tells. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from sukusuku_api.reports import period
from sukusuku_api.reports.period import Period
from sukusuku_core.time import local_day
from sukusuku_server.live.report_mails import LATE_MS, due_since


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
    since = due_since(now)
    month = period.month(f"{local_day(since) - timedelta(days=1):%Y-%m}")
    year = period.fiscal_year(str(month.fiscal_year))
    periods = (month, year) if year.end == month.end else (month,)
    return Due(month, periods, since, late=now - since >= LATE_MS)
