from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import japan_time
from sukusuku_server.rounds.timetable import Timetable, working_days
from sukusuku_server.settings import WEEKDAYS, Calendar
from tests.server.rounds.plan_cases import DAY, HOUR
from tests.server.rounds.three_centres import north


def timetable(**changes: object) -> Timetable:
    return Timetable(north(**changes), working_days(Calendar()))


def test_a_trip_has_the_moments_of_its_settings_in_japan() -> None:
    trip = timetable().trip(DAY)

    moments = [trip.mail_at, trip.answer_by, trip.departs, trip.returns]
    assert [japan_time(moment).strftime("%Y-%m-%d %H:%M") for moment in moments] == [
        "2026-11-25 08:30",
        "2026-11-25 11:00",
        "2026-11-25 13:00",
        "2026-11-25 17:00",
    ]


def test_it_goes_on_its_days_but_not_on_holidays_year_end_or_single_days() -> None:
    table = timetable(without=(date(2026, 11, 27),))

    assert [day for day in range(16, 30) if table.goes(date(2026, 11, day))] == [16, 18, 20, 25]
    assert not table.goes(date(2026, 11, 23))  # Labour Thanksgiving Day, a Monday
    assert not table.goes(date(2026, 12, 30))
    everyday = timetable(holidays=True)
    assert everyday.goes(date(2026, 11, 23))
    assert everyday.goes(date(2026, 12, 30))


def test_the_next_trip_skips_days_on_which_it_does_not_go() -> None:
    table = timetable()
    following = table.following(date(2026, 11, 20))

    assert following is not None
    assert following.date == DAY
    over_new_year = table.following(date(2026, 12, 28))
    assert over_new_year is not None
    assert over_new_year.date == date(2027, 1, 4)


def test_a_trip_that_is_under_way_is_the_coming_one() -> None:
    table = timetable()
    trip = table.trip(DAY)

    assert table.coming(trip.departs + HOUR) == trip
    after = table.coming(trip.returns)
    assert after is not None
    assert after.date == date(2026, 11, 27)


def test_a_round_that_never_goes_has_no_trip() -> None:
    first = date(2026, 11, 2)
    table = timetable(days=("mon",), without=tuple(first + timedelta(weeks=n) for n in range(80)))

    assert table.coming(table.trip(DAY).departs) is None
    assert table.following(DAY) is None


@given(
    day=st.dates(date(2024, 1, 1), date(2035, 12, 1)),
    days=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    holidays=st.booleans(),
)
def test_the_following_trip_is_the_first_day_on_which_it_goes(day: date, days: set[str], *, holidays: bool) -> None:
    table = timetable(days=tuple(days), holidays=holidays)
    following = table.following(day)

    assert following is not None
    assert table.goes(following.date)
    between = range(1, (following.date - day).days)
    assert not any(table.goes(day + timedelta(days=n)) for n in between)
