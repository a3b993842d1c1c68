"""The national holidays of Japan, from `jpholiday`, with English names. The one file that knows the library."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import jpholiday

FIRST_YEAR, LAST_YEAR = 1949, 2150
"""The Act on National Holidays is of July 1948; the equinoxes are computed up to 2150. Outside: no holidays."""

_IN_LIEU = "振替休日"
ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "元日": "New Year's Day",
        "成人の日": "Coming of Age Day",
        "建国記念の日": "National Foundation Day",
        "天皇誕生日": "The Emperor's Birthday",
        "春分の日": "Vernal Equinox Day",
        "昭和の日": "Showa Day",
        "憲法記念日": "Constitution Memorial Day",
        "みどりの日": "Greenery Day",
        "こどもの日": "Children's Day",
        "海の日": "Marine Day",
        "山の日": "Mountain Day",
        "敬老の日": "Respect for the Aged Day",
        "秋分の日": "Autumnal Equinox Day",
        "体育の日": "Health and Sports Day",
        "スポーツの日": "Sports Day",
        "文化の日": "Culture Day",
        "勤労感謝の日": "Labour Thanksgiving Day",
        "国民の休日": "Citizens' Holiday",
        "天皇の即位の日": "Day of the Enthronement",
        "即位礼正殿の儀": "Day of the Enthronement Ceremony",
        _IN_LIEU: "Substitute Holiday",
    }
)


@lru_cache(maxsize=256)
def national(year: int) -> Mapping[date, str]:
    """The holidays of a year by day, with their Japanese names. The first call for a year takes some 50 ms."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return MappingProxyType({})
    return MappingProxyType({day: str(name) for day, name in jpholiday.year_holidays(year)})


def english(name: str) -> str:
    """The English name of a holiday, such as `Culture Day (Substitute Holiday)`; an unknown one stays as it is."""
    base, _, rest = name.partition(" ")
    known = ENGLISH.get(base)
    if known is None:
        return name
    return f"{known} ({ENGLISH[_IN_LIEU]})" if rest == _IN_LIEU else known
