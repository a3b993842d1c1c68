"""Times in JSON sensor messages: those of measurement, plausible or none, in the zone that is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import jsonmap
from sukusuku_core.errors import DecodeError
from sukusuku_core.profile import JsonProfile, find
from tests.core.json_profiles import point, profile


@pytest.mark.parametrize(
    ("sent", "time"),
    [
        ("2026-05-01T00:00:00Z", 1_777_593_600_000),
        ("2026-05-01T09:00:00.250+09:00", 1_777_593_600_250),
        ("2026-05-01T09:00:00", 1_777_593_600_000),
        (1_777_593_600, 1_777_593_600_000),
        (1_777_593_600.5, 1_777_593_600_500),
        (1_777_593_600_123, 1_777_593_600_123),
        ("1777593600123", 1_777_593_600_123),
        ("1777593600", 1_777_593_600_000),
        ("1777593600.5", 1_777_593_600_500),
        ("2026/05/01 09:00:00", 1_777_593_600_000),
        ("2026/5/1 9:00:00.250", 1_777_593_600_250),
        ("2026-05-01 09:00:00 JST", 1_777_593_600_000),
        ("2026-05-01 00:00:00 UTC", 1_777_593_600_000),
        (" 2026-05-01T00:00:00z\r\n", 1_777_593_600_000),
        ("2026-05-01T09:00:00+09:00[Asia/Tokyo]", 1_777_593_600_000),
        (1_777_593_600_123_456, 1_777_593_600_123),
        ("1777593600123456789", 1_777_593_600_123),
        ("2026/13/01 09:00:00", None),
        ("26/05/01 09:00:00", None),
        ("01/05/2026 09:00:00", None),
        ("2026-05-01 09:00:00 NOWHERE", None),
        ("2000-01-01T00:00:00", None),
        ("1970-01-01T00:00:05Z", None),
        (5, None),
        ("2100-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+09:00", None),
        ("9999-12-31T23:59:59-09:00", None),
        (1e300, None),
        (-1, None),
        ("yesterday", None),
        ("20260501093000", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_the_time_of_measurement_is_plausible_or_none(sent: Any, time: int | None) -> None:
    own = profile(point("int"), head='time = "meta.time"')
    found = jsonmap.decode(own, json.dumps({"v": 1, "meta": {"time": sent}}).encode())

    assert found.time == time
    assert bool(found.timeless) == (time is None and sent is not None)


@pytest.mark.parametrize(
    ("zone", "sent", "hour"),
    [("UTC", None, 0), ("+08:00", None, -8), ("z", "UTC", 0), ("z", "GMT", 0), ("z", "JST", -9), ("z", None, -9)],
)
def test_a_profile_names_the_zone_of_its_times_or_where_it_stands(zone: str, sent: str | None, hour: int) -> None:
    own = profile(point("int"), head=f'time = "t"\nzone = "{zone}"')
    message = {"v": 1, "t": "2026-05-01T00:00:00"} | ({"z": sent} if sent else {})

    assert jsonmap.decode(own, json.dumps(message).encode()).time == 1_777_593_600_000 + hour * 3_600_000


_TIMES = st.floats() | st.integers() | st.text() | st.datetimes(timezones=st.timezones()).map(lambda it: it.isoformat())
_TIMES |= st.sampled_from(
    [1e308, -1e308, 10**400, -(10**400), "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
)


@given(_TIMES, st.text() | st.none())
def test_no_time_raises_anything_but_a_decode_error(sent: Any, zone: Any) -> None:
    own = profile(point("int"), head='time = "t"\nzone = "z"')
    try:
        time = jsonmap.decode(own, json.dumps({"v": 1, "t": sent, "z": zone}).encode()).time
    except DecodeError:
        return
    assert time is None or 1_577_836_800_000 <= time < 4_102_444_800_000


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("UTC+8:00", 1_776_216_000_000),
        ("UTC+08:00", 1_776_216_000_000),
        ("UTC-3", 1_776_255_600_000),
        ("+0530", 1_776_225_000_000),
        ("UTC+99:00", 1_776_212_400_000),
        ("nowhere", 1_776_212_400_000),
        (5, 1_776_212_400_000),
        (None, 1_776_212_400_000),
    ],
)
def test_a_time_without_zone_is_in_the_zone_beside_it_or_in_japan(zone: object, time: int) -> None:
    own = find("milesight-vs121-p")
    assert isinstance(own, JsonProfile)
    info = {"timezone": zone, "end_time": "2026-04-15T09:20:00"}

    assert jsonmap.decode(own, json.dumps({"time_info": info}).encode()).time == time
