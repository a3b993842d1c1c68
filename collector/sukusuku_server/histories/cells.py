"""What stands in a cell: a moment, a number. Pure."""

import math
import re
from datetime import datetime, tzinfo

from sukusuku_core.time import SECOND_MS
from sukusuku_server.histories.problems import CellError

MOMENT = "UTC seconds, or a time like 2025-04-01T09:30:00+09:00 or 2025/4/1 9:30"
_MILLISECONDS = 1e11
"""A number beyond this (the year 5138 in seconds) is in milliseconds."""
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
"""2000 and 2100: a moment outside is no moment of a reading, but a mistake."""
_SLASHES = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$")


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
    slashes = _SLASHES.match(text)
    try:
        if slashes is not None:
            found = datetime(*(int(part or 0) for part in slashes.groups()), tzinfo=zone)  # type: ignore[arg-type,misc]
        else:
            found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CellError(MOMENT) from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).timestamp() * SECOND_MS


def number(cell: str, low: float, high: float, what: str) -> float:
    """Return a number of low <= number <= high; a percent sign may follow. Raises CellError."""
    expected = f"{what} from {low:g} to {high:g}"
    try:
        value = float(cell.strip().removesuffix("%").replace("，", "").strip())
    except ValueError as error:
        raise CellError(expected) from error
    if not low <= value <= high:
        raise CellError(expected)
    return value
