"""Times in the messages of sensors: ISO 8601 and its neighbours, and counts since 1970. Pure."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sukusuku_core.time import EARLIEST_READING, JAPAN

FORMS = "ISO 8601, or seconds, ms, us or ns since 1970"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 4_102_444_800_000  # 2100
_SINCE_1970 = re.compile(r"^(?:\d{10}(?:\.\d+)?|\d{13}|\d{16}|\d{19})$", re.ASCII)
_DATE = re.compile(
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[T ]+"
    r"(?P<hour>\d{1,2})(?P<rest>:\d\d(?::\d\d(?:[.,]\d+)?)?) *(?P<zone>[A-Z]+|[+-]\d\d:?\d\d)?(?:\[.*\])?$",
    re.ASCII,
)
_ZONE = re.compile(r"^(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?$")
_ZONES = {"UTC": UTC, "GMT": UTC, "Z": UTC, "JST": JAPAN}


def read(found: Any, zone: Any) -> int | None:
    """Return UTC ms; None when it is no time, or none that can be true.

    A text without a zone is in `zone`, or in Japan.
    """
    if isinstance(found, bool):
        return None
    if isinstance(found, str):
        found = unicodedata.normalize("NFKC", found).strip()
        found = float(found) if _SINCE_1970.match(found) else found
    moment = _counted(found) if isinstance(found, int | float) else _written(found, zone)
    return moment if moment is not None and EARLIEST_READING <= moment < _LATEST else None


def _counted(number: float) -> int | None:
    if not 0 < number < _LATEST * 1e6:
        return None  # also infinite, and before anything is made of it that no number can hold
    # 1e11 s are the year 5138 and 1e11 ms are 1973: one count of now is taken for no other
    return int(
        next(
            (number * factor for most, factor in ((1e11, 1e3), (1e14, 1), (1e17, 1e-3)) if number < most), number / 1e6
        )
    )


def _written(text: Any, zone: Any) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        match = _DATE.match(text.upper())
        named = _zone(match["zone"]) if match and match["zone"] else None
        if match is None or (match["zone"] and named is None):
            return None
        day = f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}"
        try:
            moment = datetime.fromisoformat(f"{day}T{int(match['hour']):02}{match['rest']}").replace(tzinfo=named)
        except ValueError:
            return None
    moment = moment.replace(tzinfo=moment.tzinfo or _zone(zone) or JAPAN)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _zone(text: Any) -> timezone | None:
    if not isinstance(text, str):
        return None
    match = _ZONE.match(text)
    if match is None:
        return _ZONES.get(text)
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(offset if match["sign"] == "+" else -offset) if offset < timedelta(hours=24) else None
