"""Time at the border: ISO 8601 with Japan's offset outside, UTC milliseconds inside."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from sukusuku_core.time import JAPAN
from sukusuku_server.i18n import N_

LATEST_MS = 4_102_444_800_000
"""2100-01-01: later times are mistakes."""

_FIRST, _END = date(2000, 1, 1), date(2100, 1, 1)
Day = Annotated[date, Field(ge=_FIRST, lt=_END)]
"""A local day in a path or a query. Others are mistakes, and sums over their years would take minutes."""

_LOST_PLUS = re.compile(r"(?<=T)(\S+) (\d\d:?\d\d)$")

WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
"""From Monday on, as `date.weekday` counts."""


def parse(text: str) -> int:
    """UTC ms from ISO 8601 or from a number of UTC ms. Raises ValueError with what is allowed.

    A time without an offset is Japan's. A `+` that a link did not escape arrives as a space and is put back.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        number = int(text)
    else:
        try:
            moment = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
        except ValueError:
            raise ValueError(
                "not a time; allowed: ISO 8601 such as 2026-11-20T09:00:00+09:00, or UTC milliseconds"
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=JAPAN)
        number = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if not 0 <= number <= LATEST_MS:
        raise ValueError("outside 1970 to 2100")
    return number


def day(text: str) -> date:
    """Return a local day in a form. Raises ValueError for what is none, or none of this century."""
    found = date.fromisoformat(text)
    if not _FIRST <= found < _END:
        raise ValueError("outside 2000 to 2099")
    return found
