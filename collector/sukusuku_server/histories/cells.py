"""What stands in a cell: a moment, a number. Pure."""

import math
import re
import unicodedata
from datetime import datetime, tzinfo

from sukusuku_core import number_text
from sukusuku_core.time import SECOND_MS
from sukusuku_server.histories.problems import CellError

MOMENT = "UTC seconds, or a time like 2025-04-01T09:30:00+09:00 or 2025/4/1 9:30"
_MILLISECONDS = 1e11
"""A number beyond this (the year 5138 in seconds) is in milliseconds."""
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
"""2000 and 2100: a moment outside is no moment of a reading, but a mistake."""
_DATE = re.compile(
    r"(?:(?P<year>\d{4})[/.年](?P<month>\d{1,2})[/.月](?P<day>\d{1,2})日?|(?P<day_>\d{1,2})\.(?P<month_>\d{1,2})\.(?P<year_>\d{4}))"
    r"(?:(?:[ T]+|(?<=日))(?P<hour>\d{1,2})[:時](?P<minute>\d{2})(?:分|:(?P<second>\d{2})(?:\.\d+)?)?)?$"
)
"""The year stands first, or last behind dots, which nobody writes with the month first."""


def moment(cell: str, zone: tzinfo) -> int:
    """Return a moment in UTC ms; a time without a zone is one of `zone`. Raises CellError."""
    text = cell.strip()
    try:
        value = float(text)
    except ValueError:
        value = _written(text, zone)
    else:
        value = value if abs(value) > _MILLISECONDS else value * SECOND_MS
    if not math.isfinite(value) or not _EARLIEST <= value < _LATEST:
        raise CellError(MOMENT)
    return round(value)


def _written(text: str, zone: tzinfo) -> float:
    match = _DATE.match(unicodedata.normalize("NFKC", text))
    try:
        if match is not None:
            year, month, day = (match[name] or match[f"{name}_"] for name in ("year", "month", "day"))
            rest = (int(part or 0) for part in match.group("hour", "minute", "second"))
            found = datetime(int(year), int(month), int(day), *rest, tzinfo=zone)  # type: ignore[arg-type,misc]
        else:
            found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CellError(MOMENT) from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).timestamp() * SECOND_MS


def number(cell: str, low: float, high: float, what: str, unit: str = "") -> float:
    """Return a number of low <= number <= high, also with decimal comma or unit. Raises CellError."""
    expected = f"{what} from {low:g} to {high:g}"
    try:
        value = float(cell)
    except ValueError as error:
        read = number_text.read(cell, unit)
        if read is None:
            raise CellError(expected) from error
        value = read[0]
    if not low <= value <= high:
        raise CellError(expected)
    return value
