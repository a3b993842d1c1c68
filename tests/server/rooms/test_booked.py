"""Of several imports the newest about a day holds; expectations, vacancy and the fill forecast follow it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import DAY_MS, HOUR_MS, day_start
from sukusuku_server.model.bookings import Booked, Cover, Import
from sukusuku_server.rooms.booked import NOTHING, Plan, overbooked, plan
from sukusuku_server.rooms.expected_use import outlook
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.rooms.usage import Hour
from sukusuku_server.rooms.usage_sums import UsageSums
from sukusuku_server.rooms.vacancy import Sign, outlook_expect, service_days
from tests.server.rooms.test_vacancy import BANDS, _facility

MONDAY = day_start(date(2026, 11, 16))
NOW = MONDAY + 9 * HOUR_MS
SHIFTS = '[[site.room.shift]]\nslot = "09:00-18:00"\ncount = 2\n[site.room.standards]\nages = { "1" = 1 }\n'


def timetable(service: str = BANDS, room: str = "") -> Timetable:
    return FacilitySchedules(_facility(service, room)).schedules["room"]


def booked(day: int, start: int, end: int, children: int) -> Booked:
    base = MONDAY + day * DAY_MS
    return Booked("room", base + start * HOUR_MS, base + end * HOUR_MS, children)


def told(ident: int, days: range, *spans: Booked, at: int = MONDAY, withdrawn: int | None = None) -> Import:
    cover = Cover("room", MONDAY + days.start * DAY_MS, MONDAY + days.stop * DAY_MS)
    return Import(ident, "upload", "", at, "佐藤", withdrawn, None, (cover,), spans)


def test_the_newest_word_about_a_day_holds_and_undone_the_one_before() -> None:
    first = told(1, range(3), booked(0, 9, 12, 4), booked(1, 9, 12, 5))
    second = told(2, range(1, 2), booked(1, 9, 12, 7), at=MONDAY + 1)
    now = plan("room", [first, second], NOW)
    assert [now.children(MONDAY + day * DAY_MS + 10 * HOUR_MS) for day in range(4)] == [4, 7, 0, None]
    undone = plan("room", [first, told(2, range(1, 2), booked(1, 9, 12, 7), at=MONDAY + 1, withdrawn=MONDAY + 2)], NOW)
    assert undone.children(MONDAY + DAY_MS + 10 * HOUR_MS) == 5
    assert plan("other", [first, second], NOW).children(NOW) is None


def test_what_was_known_at_a_moment_does_not_change_later() -> None:
    late = told(1, range(1), booked(0, 9, 12, 4), at=NOW, withdrawn=NOW + HOUR_MS)
    assert [plan("room", [late], at).children(NOW) for at in (NOW - 1, NOW, NOW + HOUR_MS)] == [None, 4, None]


@given(
    spans=st.lists(st.tuples(st.integers(0, 23), st.integers(1, 24), st.integers(0, 9)).filter(lambda s: s[0] < s[1])),
    at=st.integers(0, 23),
)
def test_children_at_a_moment_are_the_sum_of_the_stretches_over_it(spans: list[tuple[int, int, int]], at: int) -> None:
    found = plan("room", [told(1, range(1), *(booked(0, *span) for span in spans))], NOW)
    expected = sum(children for start, end, children in spans if start <= at < end)
    assert found.children(MONDAY + at * HOUR_MS) == expected


def past(children: float) -> list[Hour]:
    """Six Mondays on which so many came at ten."""
    sums = UsageSums(person_ms=round(children * HOUR_MS), known_ms=HOUR_MS)
    return [Hour(MONDAY - week * 7 * DAY_MS + 10 * HOUR_MS, sums) for week in range(1, 7)]


def test_expected_children_follow_bookings_and_elsewhere_the_usual() -> None:
    hours = timetable().hours
    booked_ahead = plan("room", [told(1, range(1), booked(0, 9, 12, 8))], NOW)
    found = {item.start: item for item in outlook(past(3.0), hours, NOW, 1, booked_ahead)}
    ten, two = found[MONDAY + 10 * HOUR_MS], found[MONDAY + 14 * HOUR_MS]
    assert (ten.mean, ten.booked) == (8.0, 8.0)
    assert ten.low is not None
    assert ten.high is not None
    assert ten.low < 8.0 < ten.high
    assert (two.mean, two.booked) == (0.0, 0.0)
    usual = {item.start: item for item in outlook(past(3.0), hours, NOW, 1)}[MONDAY + 10 * HOUR_MS]
    assert usual.mean == pytest.approx(3.0)
    assert usual.booked is None


def test_who_is_booked_and_seldom_comes_is_expected_less() -> None:
    """Five times ten booked and eight came: (40 + 20) / (50 + 20) of those who are booked are expected.

    The sixth Monday is a holiday.
    """
    weeks = [
        told(n, range(-7 * n, -7 * n + 1), booked(-7 * n, 10, 11, 10), at=MONDAY - 80 * DAY_MS) for n in range(1, 7)
    ]
    known = plan("room", [*weeks, told(99, range(1), booked(0, 9, 12, 8))], NOW)
    ten = next(item for item in outlook(past(8.0), timetable().hours, NOW, 1, known) if item.start == NOW + HOUR_MS)
    assert ten.mean == pytest.approx(8 * 60 / 70)
    assert ten.booked == 8.0


def test_a_booked_place_is_taken_whoever_comes_and_a_free_one_is_free() -> None:
    room = timetable()
    service = room.room.service[0]
    known = plan("room", [told(1, range(2), booked(0, 9, 12, 8), booked(0, 13, 17, 3), booked(1, 9, 12, 2))], NOW)
    usual = {MONDAY + hour * HOUR_MS: 9.0 for hour in range(72)}
    days = service_days(room, service, outlook_expect(usual, NOW, 1.0, known), NOW, 3)
    service_free = [[band.free for band in day.bands] for day in days]
    assert service_free[1] == [6, 10]  # tomorrow: two of eight places, none of ten
    assert service_free[2] == [0, 1]  # nothing is known: as usual
    assert days[0].sign is Sign.OUTSIDE
    without = service_days(timetable(""), None, outlook_expect(usual, NOW, 1.0, known), NOW, 1)[0]
    assert without.bands[0].free == 2  # the capacity of ten less eight


def test_more_booked_than_may_be_is_told_with_the_limit_of_the_moment() -> None:
    """Two staff may look after twelve one-year-olds at most by the national table; places are eight until noon."""
    known = plan("room", [told(1, range(1), booked(0, 9, 12, 9), booked(0, 13, 17, 9))], NOW)
    found = overbooked(known, timetable(), MONDAY, MONDAY + DAY_MS)
    assert [(item.start, item.end, item.booked, item.limit) for item in found] == [
        (MONDAY + 9 * HOUR_MS, MONDAY + 12 * HOUR_MS, 9, 8)
    ]
    assert overbooked(known, timetable("", SHIFTS.replace("count = 2", "count = 1")), MONDAY, MONDAY + DAY_MS)
    assert overbooked(NOTHING, timetable(), MONDAY, MONDAY + DAY_MS) == []


def test_a_day_that_nobody_speaks_of_is_not_known() -> None:
    assert Plan({}).mean(NOW, timetable().hours) is None
    assert plan("room", [told(1, range(1))], NOW).mean(NOW, timetable().hours) == 0.0


def test_a_circle_promises_a_place_only_on_days_of_which_bookings_are_known() -> None:
    usual = {MONDAY + hour * HOUR_MS: 2.0 for hour in range(9 + 2 * 24)}
    expect = outlook_expect(usual, NOW, None, plan("room", [told(1, range(1, 2), booked(1, 9, 12, 2))], NOW))
    days = service_days(timetable(""), None, expect, NOW, 2)
    assert [day.sign for day in days] == [Sign.FREE] * 2
    assert [(day.booked, day.symbol) for day in days] == [(False, "余裕"), (True, "○")]
