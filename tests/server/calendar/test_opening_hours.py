"""Opening hours against a slow oracle that asks every minute, and the calendar against known holidays."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.time import day_start
from sukusuku_server.calendar.holidays import national
from sukusuku_server.calendar.opening_hours import (
    Closed,
    OpeningHours,
)
from sukusuku_server.settings import WEEKDAYS, Calendar, NamedDay, Opening, Text

MINUTE = 60_000
DAY = 86_400_000
START = date(2026, 9, 14)  # a Monday; the week after holds three holidays in a row


def hours(opening: Opening | None = None, calendar: Calendar | None = None) -> OpeningHours:
    return OpeningHours(calendar or Calendar(), (opening or Opening(),))


def at(text: str) -> int:
    """UTC ms of a local time `YYYY-MM-DD HH:MM`."""
    local = datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=9)
    return int(local.timestamp()) * 1000


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def days(draw: st.DrawFn) -> tuple[str, ...]:
    """Slots of one day that do not overlap; some touch, some begin at 00:00 or end at 24:00."""
    edges: list[int] = draw(st.lists(st.integers(0, 96), max_size=6, unique=True).map(sorted))
    pairs = [(edges[n], edges[n + 1]) for n in range(0, len(edges) - 1, 2)]
    touching, whole = draw(st.tuples(st.booleans(), st.booleans()))
    if touching and len(pairs) > 1:
        pairs[0] = (pairs[0][0], pairs[1][0])
    if whole and pairs:
        pairs[0] = (0, pairs[0][1])
        pairs[-1] = (pairs[-1][0], 96)
    return tuple(f"{clock(a * 15)}-{clock(b * 15)}" for a, b in pairs if a < b)


@st.composite
def openings(draw: st.DrawFn) -> Opening:
    day = st.dates(START, START + timedelta(days=13))
    week: dict[str, Any] = {weekday: draw(days()) for weekday in WEEKDAYS}
    return Opening(
        **week,
        holidays=draw(st.sampled_from(["closed", "open", ("10:00-15:00",)])),
        closed=tuple(draw(st.lists(day, max_size=2))),
        closed_monthly=tuple(draw(st.lists(st.sampled_from(["3rd mon", "last fri", "4th tue"]), max_size=2))),
        special={found.isoformat(): draw(days()) for found in draw(st.lists(day, max_size=2))},
    )


def oracle(opening: Opening, ms: int) -> bool:
    """The same rules, asked of one moment in the plainest way."""
    local = datetime.fromtimestamp(ms / 1000, UTC) + timedelta(hours=9)
    day = local.date()
    week: list[tuple[str, ...]] = [opening.weekday(name) for name in WEEKDAYS]
    slots = week[day.weekday()]
    if day in {date(2026, 9, 21), date(2026, 9, 22), date(2026, 9, 23)} and opening.holidays != "open":
        slots = () if opening.holidays == "closed" else opening.holidays
    monthly = {"3rd mon": date(2026, 9, 21), "last fri": date(2026, 9, 25), "4th tue": date(2026, 9, 22)}
    if day in opening.closed or day in {monthly[rule] for rule in opening.closed_monthly}:
        slots = ()
    slots = opening.special.get(day.isoformat(), slots)
    now = f"{local:%H:%M}"
    return any(slot[:5] <= now < slot[6:] for slot in slots)


@settings(max_examples=40)
@given(openings(), st.integers(0, 14 * 1440), st.integers(0, 14 * 1440))
def test_open_stretches_are_those_of_the_oracle(opening: Opening, first: int, last: int) -> None:
    base, asked = day_start(START), hours(opening)
    quarters = range(base, base + 14 * DAY, 15 * MINUTE)  # every edge of these slots is on a quarter
    assert [asked.is_open(ms) for ms in quarters] == [oracle(opening, ms) for ms in quarters]
    start, end = base + min(first, last) * MINUTE, base + max(first, last) * MINUTE
    spans = asked.spans(start, end)
    assert all(a < b for a, b in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    expected = sum(max(0, min(ms + 15 * MINUTE, end) - max(ms, start)) for ms in quarters if oracle(opening, ms))
    assert sum(b - a for a, b in spans) == expected
    assert all(asked.is_open(a) and asked.is_open(b - 1) for a, b in spans)


@settings(max_examples=40)
@given(openings(), st.integers(0, 14 * 1440 - 1))
def test_the_next_opening_is_the_first_open_moment(opening: Opening, minute: int) -> None:
    ms = day_start(START) + minute * MINUTE
    asked = hours(opening)
    found = asked.next_opening(ms)
    spans = asked.spans(ms, ms + 420 * DAY)
    assert found == (spans[0][0] if spans else None)


@settings(max_examples=40)
@given(openings(), openings(), st.integers(0, 14 * 96 - 1))
def test_two_openings_are_open_when_both_are(one: Opening, other: Opening, quarter: int) -> None:
    ms = day_start(START) + quarter * 15 * MINUTE
    both = OpeningHours(Calendar(), (one, other))
    assert both.is_open(ms) == (hours(one).is_open(ms) and hours(other).is_open(ms))


def test_a_slot_is_open_from_its_first_to_before_its_last_minute() -> None:
    asked = hours(Opening(wed=("09:00-12:00", "13:00-24:00"), thu=("00:00-01:00",)))
    for text, expected in (
        ("2026-09-16 08:59", False),
        ("2026-09-16 09:00", True),
        ("2026-09-16 12:00", False),
        ("2026-09-16 23:59", True),
        ("2026-09-17 00:59", True),
        ("2026-09-17 01:00", False),
    ):
        assert asked.is_open(at(text)) is expected, text
    assert asked.spans(at("2026-09-16 00:00"), at("2026-09-18 00:00")) == [
        (at("2026-09-16 09:00"), at("2026-09-16 12:00")),
        (at("2026-09-16 13:00"), at("2026-09-17 01:00")),
    ]


HOLIDAYS = {  # a sample of 2020-2035: moved for the Olympics, substitute, between two holidays, equinoxes
    "2020-02-24": "天皇誕生日 振替休日",
    "2020-05-06": "憲法記念日 振替休日",
    "2020-07-23": "海の日",
    "2020-07-24": "スポーツの日",
    "2021-08-09": "山の日 振替休日",
    "2023-01-02": "元日 振替休日",
    "2024-03-20": "春分の日",
    "2026-05-06": "憲法記念日 振替休日",
    "2026-09-21": "敬老の日",
    "2026-09-22": "国民の休日",
    "2026-09-23": "秋分の日",
    "2027-03-22": "春分の日 振替休日",
    "2028-09-22": "秋分の日",
    "2032-09-21": "国民の休日",
    "2035-11-23": "勤労感謝の日",
}


def act(year: int) -> set[date]:
    """The holidays of a year from 2022 on, as the Act on National Holidays writes them."""
    since_1980 = year - 1980
    spring = int(20.8431 + 0.242194 * since_1980 - since_1980 // 4)
    autumn = int(23.2488 + 0.242194 * since_1980 - since_1980 // 4)
    fixed = ((1, 1), (2, 11), (2, 23), (3, spring), (4, 29), (5, 3), (5, 4), (5, 5))
    found = {date(year, *day) for day in (*fixed, (8, 11), (9, autumn), (11, 3), (11, 23))}
    for month, nth in ((1, 2), (7, 3), (9, 3), (10, 2)):
        first = date(year, month, 1)
        found.add(first + timedelta(days=-first.weekday() % 7 + 7 * (nth - 1)))
    own = sorted(found)
    for day in own:
        if day.weekday() == 6:
            found.add(next(later for n in range(1, 7) if (later := day + timedelta(days=n)) not in found))
    found |= {day + timedelta(days=1) for day in own if day + timedelta(days=2) in own}
    return found


def test_holidays_are_those_of_the_law() -> None:
    for text, name in HOLIDAYS.items():
        day = date.fromisoformat(text)
        assert national(day.year)[day] == name
    assert date(2020, 10, 12) not in national(2020)  # moved to July in that year
    for year in range(2022, 2036):
        assert set(national(year)) == act(year)


def test_the_operator_puts_holidays_right() -> None:
    added = NamedDay(date=date(2026, 9, 16), name=Text(ja="区民の日", en="Residents' Day"))
    asked = hours(calendar=Calendar(added=(added,), removed=(date(2026, 9, 22),)))
    assert asked.closed_reason(date(2026, 9, 16)) is Closed.HOLIDAY
    assert asked.closed_reason(date(2026, 9, 22)) is None


@pytest.mark.parametrize(
    ("text", "opening", "reason"),
    [
        ("2026-12-28", Opening(), None),
        ("2026-12-29", Opening(), Closed.YEAR_END),
        ("2027-01-03", Opening(sun=("10:00-12:00",)), Closed.YEAR_END),
        ("2027-01-04", Opening(), None),
        ("2026-12-31", Opening(special={"2026-12-31": ("09:00-12:00",)}), None),
        ("2026-09-16", Opening(special={"2026-09-16": ()}), Closed.SPECIAL),
        ("2026-09-16", Opening(closed=(date(2026, 9, 16),)), Closed.CLOSING_DAY),
        ("2026-09-14", Opening(closed_monthly=("3rd mon",)), None),
        ("2026-09-21", Opening(holidays="open", closed_monthly=("3rd mon",)), Closed.MONTHLY),
        ("2026-09-25", Opening(closed_monthly=("last fri",)), Closed.MONTHLY),
        ("2026-09-18", Opening(closed_monthly=("last fri",)), None),
        ("2026-09-29", Opening(closed_monthly=("5th tue",)), Closed.MONTHLY),
        ("2026-09-22", Opening(), Closed.HOLIDAY),
        ("2026-09-22", Opening(holidays="open"), None),
        ("2026-09-20", Opening(), Closed.WEEKDAY),
    ],
)
def test_why_it_is_closed(text: str, opening: Opening, reason: Closed | None) -> None:
    assert hours(opening).closed_reason(date.fromisoformat(text)) is reason


def test_without_closing_days_at_the_turn_of_the_year() -> None:
    assert hours(calendar=Calendar(year_end=())).closed_reason(date(2026, 12, 30)) is None
