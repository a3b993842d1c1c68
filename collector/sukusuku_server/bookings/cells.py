"""Dates, times and counts as people and spreadsheets write them. Pure. Every function raises CellError."""

import re
import unicodedata
from datetime import date, timedelta

from sukusuku_server.bookings.problems import CellError
from sukusuku_server.i18n import N_

_ERAS = {"令和": 2018, "令": 2018, "R": 2018, "平成": 1988, "平": 1988, "H": 1988}
_JAPANESE = re.compile(
    r"(令和?|平成?|R|H)\s*(\d{1,2}|元)\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})日?", re.IGNORECASE
)
_WESTERN = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?")
_PLAIN = re.compile(r"(20\d\d)(\d\d)(\d\d)")
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_EXCEL = date(1899, 12, 30)
"""Day 0 of Excel's calendar, as it is for all days since March 1900."""
_WEEKDAY = re.compile(
    r"\s*[(\[]?[月火水木金土日](曜日?)?(・祝)?[)\]]?$|\s*\((mon|tue|wed|thu|fri|sat|sun)[a-z]*\)$", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(午前|午後|AM|PM)?\s*(\d{1,2})\s*(?:[::時]\s*(\d{1,2}|半)?\s*分?)?(?::\d{2})?\s*(AM|PM)?", re.IGNORECASE
)
_FRACTION = re.compile(r"(?:\d+)?\.\d+|0|1")
_BETWEEN = re.compile(r"\s*(?:-|~|〜|\N{HYPHEN}|\N{MINUS SIGN}|–|—|―|ー|→|から|to)\s*")
"""Also the long vowel mark, which a Japanese keyboard gives for a dash."""
_NUMBER = re.compile(r"(\d{1,4})(?:\.0+)?\s*(?:人|名|件)?")
_OFFSET = re.compile(r"(?<=\d)\+09:?00$")
_DAY_MINUTES = 1440
_HALF = 30
_MOST = 1000


def plain(text: str) -> str:
    """Return a cell with digits, letters and blanks of ordinary width."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def day(text: str) -> date:
    """Return the day of a cell: 2026-12-01, 2026/12/1, 20261201, 2026年12月1日(火), 令和8年12月1日, R8.12.1, 46357."""
    return moment(text)[0]


def moment(text: str) -> tuple[date, int | None]:
    """Return day and minute of a cell that may hold both; None: it holds a day only."""
    found = plain(text)
    try:
        if serial := _SERIAL.fullmatch(found):
            minute = None if serial[2] is None else round(float(serial[2]) * _DAY_MINUTES)
            return _EXCEL + timedelta(days=int(serial[1])), minute
        for pattern in (_JAPANESE, _WESTERN, _PLAIN):
            if match := pattern.match(found):
                rest = _WEEKDAY.sub("", found[match.end() :]).strip().removeprefix("T")
                rest = _OFFSET.sub("", rest)
                return _date(match), clock(rest) if rest else None
    except (ValueError, OverflowError):
        pass
    raise CellError("date", N_("`%(found)s` is no date; write 2026-12-01, 2026/12/1, 令和8年12月1日 or R8.12.1"), text)


def _date(match: re.Match[str]) -> date:
    groups = match.groups()
    if len(groups) == 4:  # noqa: PLR2004 - era, year, month, day
        era, year, month, of_month = groups
        return date(_ERAS[era.upper()] + (1 if year == "元" else int(year)), int(month), int(of_month))
    year, month, of_month = groups
    return date(int(year), int(month), int(of_month))


def clock(text: str) -> int:
    """Return the minute of the day of a cell: 9:00, 09:00:00, 9時, 9時30分, 午後1時, 1:00 PM, 0.375 (Excel)."""
    typed = plain(text).replace("正午", "12:00")
    if _FRACTION.fullmatch(typed) and float(typed) <= 1:
        return round(float(typed) * _DAY_MINUTES)
    match = _CLOCK.fullmatch(typed)
    if match is not None:
        half, hour, minute = (
            (match[1] or match[4] or "").upper(),
            int(match[2]),
            _HALF if match[3] == "半" else int(match[3] or 0),
        )
        if half in {"午後", "PM"} and hour < 12:  # noqa: PLR2004
            hour += 12
        elif half in {"午前", "AM"} and hour == 12:  # noqa: PLR2004
            hour = 0
        named = match[3] is not None or "時" in typed or half or ":" in typed
        if named and minute < 60 and hour * 60 + minute <= _DAY_MINUTES:  # noqa: PLR2004
            return hour * 60 + minute
    raise CellError("time", N_("`%(found)s` is no time; write 9:00 or 9時30分"), text)


def slot(text: str, named: dict[str, str]) -> tuple[int, int]:
    """Return the minutes of the day of a stretch: 09:00-12:00, 9時〜12時, or a name such as 午前 that is in `named`."""
    found = plain(text)
    explained = plain(named.get(found, found))
    edges = _BETWEEN.split(explained.removesuffix("まで"))
    if len(edges) == 2 and all(edges):  # noqa: PLR2004
        return clock(edges[0]), clock(edges[1])
    raise CellError(
        "slot", N_("`%(found)s` is no time slot; write 09:00-12:00, or a name that [bookings.slots] explains"), text
    )


def count(text: str) -> int:
    """Return a number of children: 3, 3人, 3名."""
    match = _NUMBER.fullmatch(plain(text))
    if match is None or int(match[1]) > _MOST:
        raise CellError("count", N_("`%(found)s` is no number of children; write 0 to 1000"), text)
    return int(match[1])
