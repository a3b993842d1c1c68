"""Which backups are kept: the newest of each of the last days and weeks that have one. Pure."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sukusuku_core.time import JAPAN
from sukusuku_server.backup.manifest import time_of


def kept(names: Iterable[str], days: int, weeks: int) -> set[str]:
    """Return the names of the backups that are kept. Days and weeks are those of Japan; ones without do not count."""
    newest_first = sorted(names, reverse=True)
    return _newest_of_each(newest_first, _day, days) | _newest_of_each(newest_first, _week, weeks)


def _newest_of_each(newest_first: Iterable[str], period: Callable[[datetime], object], most: int) -> set[str]:
    found: dict[object, str] = {}
    for name in newest_first:
        found.setdefault(period(time_of(name).astimezone(JAPAN)), name)
    return set(list(found.values())[:most])


def _day(time: datetime) -> object:
    return time.date()


def _week(time: datetime) -> object:
    return time.isocalendar()[:2]
