"""Japanese dates as offices write them: 令和8年4月1日. Pure."""

from datetime import date

from sukusuku_server.settings import Language

_ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
)
APRIL = 4


def year(day: date) -> str:
    """Return the year of a day: `令和8年`, the first one of an era `令和元年`. Raises ValueError before 昭和."""
    for begin, name in _ERAS:
        if day >= begin:
            number = day.year - begin.year + 1
            return f"{name}{'元' if number == 1 else number}年"
    raise ValueError(f"Japanese years are known from {_ERAS[-1][0]} on, found {day}")


def month(day: date) -> str:
    """`令和8年4月`."""
    return f"{year(day)}{day.month}月"


def full(day: date) -> str:
    """`令和8年4月1日`."""
    return f"{month(day)}{day.day}日"


def written(day: date, language: Language) -> str:
    """Return a day as reports in a language write it: `令和8年4月1日`, `2026-04-01`."""
    return full(day) if language == "ja" else day.isoformat()


def fiscal_year(first: int) -> str:
    """Return fiscal year that begins in April of a year: `令和8年度`. That of 2019 changed its name with the era."""
    if first == 2019:  # noqa: PLR2004 - the one that changed its name
        return "令和元年度"
    return f"{year(date(first, APRIL, 1))}度"
