"""Dates, times and counts, as spreadsheets and people in Japan write them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.bookings import cells
from sukusuku_server.bookings.problems import CellError

DAYS = st.dates(date(2000, 1, 1), date(2068, 12, 31))
WIDE = str.maketrans("0123456789/-.:", "0123456789/-.:")


def era(day: date) -> str:
    if day >= date(2019, 5, 1):
        return f"令和{day.year - 2018 if day.year > 2019 else '元'}年{day.month}月{day.day}日"
    return f"平成{day.year - 1988}年{day.month}月{day.day}日"


WAYS = [
    lambda day: day.isoformat(),
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}.{day.month:02}.{day.day:02}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day.year}年{day.month}月{day.day}日({'月火水木金土日'[day.weekday()]})",
    lambda day: f"{day.year}/{day.month}/{day.day} {'月火水木金土日'[day.weekday()]}曜日",
    lambda day: str((day - date(1899, 12, 30)).days),
    era,
    lambda day: f"R{day.year - 2018}.{day.month}.{day.day}" if day >= date(2019, 5, 1) else era(day),
]


@given(day=DAYS, way=st.sampled_from(WAYS), wide=st.booleans())
def test_every_way_of_writing_a_day_means_that_day(day: date, way, wide: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, FBT001
    text = way(day).translate(WIDE) if wide else way(day)
    assert cells.day(text) == day


@given(day=DAYS, minute=st.integers(0, 1439))
def test_a_day_with_a_time_is_read_as_both(day: date, minute: int) -> None:
    hour, rest = divmod(minute, 60)
    serial = (day - date(1899, 12, 30)) / timedelta(days=1) + minute / 1440
    for text in (f"{day} {hour}:{rest:02}", f"{day}T{hour:02}:{rest:02}:00+09:00", f"{day.year}/{day.month}/{day.day} {hour:02}:{rest:02}:00"):  # fmt: skip # noqa: E501
        assert cells.moment(text) == (day, minute)
    if minute:
        assert cells.moment(f"{serial:.8f}") == (day, minute)


@given(minute=st.integers(0, 1440))
def test_every_way_of_writing_a_time_means_that_time(minute: int) -> None:
    hour, rest = divmod(minute, 60)
    for text in (f"{hour}:{rest:02}", f"{hour:02}:{rest:02}:00", f"{hour}時{rest}分", f"{hour}:{rest:02}"):
        assert cells.clock(text) == minute
    assert cells.clock(f"{minute / 1440:.9f}") == minute
    if minute < 1440:
        half = "午前" if hour < 12 else "午後"
        assert cells.clock(f"{half}{hour % 12}時{rest:02}分") == minute


@pytest.mark.parametrize(
    "text",
    [
        "09:00-12:00", "9:00~12:00", "9:00〜12:00", "9時から12時", "9時〜12時", "午前", "9:00ー12:00", "9:00‐12:00",
        "９：００−１２：００", "9:00→正午", "9時から12時まで",
    ],
)  # fmt: skip
def test_stretches(text: str) -> None:
    assert cells.slot(text, {"午前": "09:00-12:00"}) == (540, 720)


@pytest.mark.parametrize(("text", "minute"), [("9時半", 570), ("午後1時半", 810), ("正午", 720)])
def test_times_in_words(text: str, minute: int) -> None:
    assert cells.clock(text) == minute


def test_an_era_may_be_one_character() -> None:
    assert cells.day("令8.12.1") == date(2026, 12, 1)


@pytest.mark.parametrize("text", ["", "12/1", "2026-13-01", "2026/2/30", "令和8年", "明日", "12345678901", "R0.1.1x"])
def test_what_is_no_day_is_said(text: str) -> None:
    with pytest.raises(CellError):
        cells.day(text)


@pytest.mark.parametrize("text", ["", "25:00", "9", "9:75", "noon", "24:30", "-1:00", "1.5"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(CellError):
        cells.clock(text)


@pytest.mark.parametrize(("text", "count"), [("3", 3), ("３人", 3), ("12名", 12), ("0", 0), ("4.0", 4)])
def test_counts(text: str, count: int) -> None:
    assert cells.count(text) == count


@pytest.mark.parametrize("text", ["", "-1", "three", "1001", "2.5", "4人と1人"])
def test_what_is_no_count_is_said(text: str) -> None:
    with pytest.raises(CellError):
        cells.count(text)
