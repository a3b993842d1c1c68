"""Local days, clocks and weekdays, held against the time zone database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import (
    DAY_MS,
    HOUR_MS,
    JAPAN,
    JAPAN_MS,
    MINUTE_MS,
    SECOND_MS,
    day_number,
    day_start,
    japan_text,
    japan_time,
    local_day,
    midnight,
    time_of_day,
    weekday,
)

TOKYO = ZoneInfo("Asia/Tokyo")
SINCE_1952 = st.integers(-568_000_000_000, 200_000_000_000_000)
"""Moments without summer time in Japan, up to the year 8307."""


def in_tokyo(ms: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(TOKYO)


def test_the_units_are_those_of_timedelta() -> None:
    units = {"seconds": SECOND_MS, "minutes": MINUTE_MS, "hours": HOUR_MS, "days": DAY_MS}

    assert {name: timedelta(**{name: 1}) // timedelta(milliseconds=1) for name in units} == units
    assert JAPAN.utcoffset(None) == timedelta(milliseconds=JAPAN_MS)


@given(SINCE_1952)
def test_a_moment_has_the_date_the_clock_and_the_weekday_of_tokyo(ms: int) -> None:
    there = in_tokyo(ms)
    since_midnight = timedelta(
        hours=there.hour, minutes=there.minute, seconds=there.second, microseconds=there.microsecond
    )

    assert local_day(ms) == there.date()
    assert day_number(ms) == (there.date() - date(1970, 1, 1)).days
    assert time_of_day(ms) == since_midnight // timedelta(milliseconds=1)
    assert weekday(ms) == there.weekday()


@given(SINCE_1952)
def test_the_local_day_of_a_moment_begins_before_it(ms: int) -> None:
    start = day_start(local_day(ms))

    assert start <= ms < start + DAY_MS
    assert start == midnight(day_number(ms)) == ms - time_of_day(ms)
    assert in_tokyo(start).time().isoformat() == "00:00:00"


@given(st.integers(0, 4_102_444_800_000))
def test_a_datetime_is_the_same_moment_at_the_offset_of_japan(ms: int) -> None:
    shown = japan_time(ms)

    assert round(shown.timestamp() * SECOND_MS) == ms
    assert shown.isoformat(timespec="seconds") == in_tokyo(ms).isoformat(timespec="seconds")
    assert shown.tzname() == "JST"


@given(st.integers(0, 4_000_000_000_000))
def test_a_moment_as_a_text_is_as_json_has_it(ms: int) -> None:
    assert f'"{japan_text(ms)}"'.encode() == msgspec.json.encode(japan_time(ms))
