from datetime import datetime

import pytest

from sukusuku_core.time import JAPAN
from sukusuku_sim import calendar
from sukusuku_sim.calendar import OpeningHours


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=JAPAN).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-04-15T08:59:59", False),
        ("2026-04-15T09:00:00", True),
        ("2026-04-15T17:59:59", True),
        ("2026-04-15T18:00:00", False),
        ("2026-04-18T12:00:00", True),  # Saturday
        ("2026-04-19T12:00:00", False),  # Sunday
    ],
)
def test_opening_hours_are_local(moment: str, is_open: bool) -> None:  # noqa: FBT001 - a table of cases
    assert OpeningHours().is_open(ms(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-04-15T03:00:00", "2026-04-15T09:00:00"),
        ("2026-04-15T09:00:00", "2026-04-16T09:00:00"),
        ("2026-04-18T20:00:00", "2026-04-20T09:00:00"),
    ],
)
def test_the_next_opening_skips_closed_days(moment: str, opening: str) -> None:
    assert OpeningHours().next_opening(ms(moment)) == ms(opening)


def test_the_minute_of_the_day_is_local() -> None:
    assert calendar.minute(ms("2026-04-15T00:30:00")) == 30
