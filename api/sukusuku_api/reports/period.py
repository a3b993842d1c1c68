"""The month or fiscal year of a report, and what it is divided into. Pure."""

import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sukusuku_api.reports import era
from sukusuku_api.reports.model import Dated
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_core.errors import ConfigError
from sukusuku_core.time import local_day
from sukusuku_server.i18n import Translate
from sukusuku_server.rooms import usage
from sukusuku_server.rooms.usage import Hour

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"20\d\d")


class PeriodError(ConfigError):
    """What was asked for is no month or year."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the local day `first` to that before `end`; a fiscal year or a month."""

    first: date
    end: date
    whole_year: bool

    @property
    def key(self) -> str:
        """`2026-11` or `fy2026`."""
        return f"fy{self.first.year}" if self.whole_year else f"{self.first:%Y-%m}"

    @property
    def fiscal_year(self) -> int:
        """The fiscal year in which it lies, by the year in which that begins."""
        return fiscal_year_of(self.first)

    @property
    def earlier(self) -> "tuple[Period, ...]":
        """With what it is compared: the month before and the same month of the year before; or the year before."""
        months = (-12,) if self.whole_year else (-1, -12)
        return tuple(replace(self, first=_month_after(self.first, n), end=_month_after(self.end, n)) for n in months)

    def name(self, translate: Translate, language: str) -> str:
        """How people call it."""
        if language == "ja":
            said = era.fiscal_year(self.first.year) if self.whole_year else era.month(self.first)
            western = f"{self.first.year}年度" if self.whole_year else f"{self.first.year}年{self.first.month}月"
            return f"{said}（{western}）"
        if self.whole_year:
            days = {"year": self.first.year, "first": self.first.isoformat()}
            return translate("Fiscal year %(year)s (%(first)s to %(last)s)") % {**days, "last": self._last.isoformat()}
        return f"{self.first:%Y-%m}"

    @property
    def _last(self) -> date:
        return self.end - timedelta(days=1)

    def parts(self) -> list[tuple[Hashable, date]]:
        """Return the months of a year or the days of a month: keys as of `key_of`, each with its first day."""
        if self.whole_year:
            firsts = [_month_after(self.first, n) for n in range(12)]
            return [((day.year, day.month), day) for day in firsts]
        days = (self.first + timedelta(days=n) for n in range((self.end - self.first).days))
        return [(day, day) for day in days]

    def key_of(self, hour: Hour) -> Hashable:
        """To which part an hour belongs."""
        return usage.by_month(hour) if self.whole_year else usage.by_day(hour)

    def short_name(self, language: str) -> str:
        """How tables call it: `令和8年11月`, `2026-11`; `令和8年度`, `FY 2026`."""
        if self.whole_year:
            return era.fiscal_year(self.first.year) if language == "ja" else f"FY {self.first.year}"
        return era.month(self.first) if language == "ja" else self.key

    def dated(self, day: date, translate: Translate, language: str) -> Dated:
        """Return a part, by its first day, as a cell."""
        return Dated(day, self.part_name(day, translate, language), month=self.whole_year)

    def part_name(self, day: date, translate: Translate, language: str) -> str:
        """How people call a part."""
        if self.whole_year:
            return era.month(day) if language == "ja" else f"{day:%Y-%m}"
        return f"{day.month}/{day.day} ({translate(WEEKDAYS[day.weekday()])})"


def month(text: str) -> Period:
    """Return the month `YYYY-MM`. Raises PeriodError."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise PeriodError(f"a month is written YYYY-MM, such as 2026-11; found {text!r}")
    first = date(int(found[1]), int(found[2]), 1)
    return Period(first, _month_after(first, 1), whole_year=False)


def fiscal_year(text: str) -> Period:
    """Return the fiscal year that begins in April of `YYYY`. Raises PeriodError."""
    if _YEAR.fullmatch(text) is None:
        raise PeriodError(f"a fiscal year is written as the year in which it begins, such as 2026; found {text!r}")
    first = date(int(text), usage.APRIL, 1)
    return Period(first, _month_after(first, 12), whole_year=True)


def of_key(key: str) -> Period:
    """Return the month or fiscal year that has this key. Raises PeriodError."""
    return fiscal_year(key.removeprefix("fy")) if key.startswith("fy") else month(key)


def fiscal_year_of(day: date) -> int:
    """Return the fiscal year of a day, by the calendar year in which it begins."""
    return day.year - (day.month < usage.APRIL)


def has_begun(period: Period, now: int) -> bool:
    """Whether there can be any figures at the moment `now` (UTC ms)."""
    return period.first <= local_day(now)


def is_running(period: Period, now: int) -> bool:
    """Whether it has not ended yet."""
    return period.end > local_day(now)


def _month_after(first: date, number: int) -> date:
    months = first.year * 12 + first.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)
