import pytest

from sukusuku_api.timestamps import day, parse
from sukusuku_core.time import japan_time


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-11-20T09:00:00+09:00", 1_795_132_800_000),
        ("2026-11-20T09:00:00 09:00", 1_795_132_800_000),  # a link that did not escape the plus
        ("2026-11-20T00:00:00Z", 1_795_132_800_000),
        ("2026-11-20T09:00:00", 1_795_132_800_000),
        ("2026-11-20 09:00", 1_795_132_800_000),
        ("2026-11-20", 1_795_100_400_000),
        ("2026-11-20T09:00:00.123+09:00", 1_795_132_800_123),
        ("1795132800123", 1_795_132_800_123),
    ],
)
def test_times_are_read_as_people_write_them(text: str, ms: int) -> None:
    assert parse(text) == ms


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "1e3", "-5", "٣", "9" * 40, "2101-01-01", "1969-12-31"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601|1970 to 2100"):
        parse(text)


def test_times_are_shown_at_japans_offset_to_the_millisecond() -> None:
    assert japan_time(1_795_132_800_123).isoformat() == "2026-11-20T09:00:00.123000+09:00"


@pytest.mark.parametrize("text", ["9999-12-31", "2100-01-01", "1999-12-31", "0001-01-01", "tomorrow", ""])
def test_a_day_in_a_form_is_one_of_this_century(text: str) -> None:
    with pytest.raises(ValueError, match=r"outside 2000|Invalid isoformat"):
        day(text)


def test_the_days_at_its_ends_are_days() -> None:
    assert [day(text).isoformat() for text in ("2000-01-01", "2099-12-31")] == ["2000-01-01", "2099-12-31"]
