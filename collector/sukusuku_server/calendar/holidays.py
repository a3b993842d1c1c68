"""The national holidays of Japan, from `jpholiday`. The one file that knows the library."""

import threading
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import jpholiday

FIRST_YEAR, LAST_YEAR = 1949, 2150
"""The Act on National Holidays is of July 1948; the equinoxes are computed up to 2150. Outside: no holidays."""


_LOOKING = threading.Lock()


def national(year: int) -> Mapping[date, str]:
    """Return the holidays of a year by day, with their Japanese names. The first call for a year takes some 50 ms.

    Threads that ask for the same year at once wait for the first: a hundred operators that begin together do.
    """
    with _LOOKING:
        return _national(year)


@lru_cache(maxsize=256)
def _national(year: int) -> Mapping[date, str]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return MappingProxyType({})
    return MappingProxyType({day: str(name) for day, name in jpholiday.year_holidays(year)})
