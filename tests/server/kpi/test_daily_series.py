"""The accounts as series: by day, by emptying, by round."""

from collections import Counter
from datetime import date, timedelta

import pytest

from sukusuku_core.time import DAY_MS, day_start
from sukusuku_server.kpi.daily_series import ON_TIME_DAYS, Diary, of_run, of_site, on_time
from sukusuku_server.kpi.unit_month import OpenTime
from sukusuku_server.kpi.visits import Visit
from sukusuku_server.model.rounds import Plan, Reason, Run, Stop, VisitKind

HOUR = 3_600_000
FIRST = date(2026, 11, 1)
START = day_start(FIRST)
JOINED = True


def at(day: int, hour: float) -> int:
    return START + day * DAY_MS + round(hour * HOUR)


def emptied(time: int, kind: VisitKind = VisitKind.EMPTIED, unit: str = "u1", percent: float = 80.0) -> Visit:
    return Visit(unit, kind, "main", 1, time, None, time, percent, 48.0)


def planned(time: int, kind: VisitKind) -> Visit:
    return Visit("u1", kind, "main", 1, time, None, None, None, None)


def series(visits: list[Visit], days: int = 1, **times: OpenTime) -> dict[tuple[str, int], object]:
    diary = Diary("tobu", {"u1": lambda _: 0.15, "u2": lambda _: 0.25}, visits, times)
    found = of_site(diary, FIRST, FIRST + timedelta(days=days - 1))
    assert {point.asset for point in found} == {"site/tobu"}
    values: dict[tuple[str, int], object] = {(point.metric, point.time): point.value for point in found}
    assert len(values) == len(found), "no two points at the same place"
    return values


def test_a_day_counts_its_visits_by_kind_and_what_was_taken_away() -> None:
    found = series(
        [emptied(at(0, 0)), emptied(at(0, 15), VisitKind.LATE, "u2", 120.0), planned(at(1, 10), VisitKind.MISSED)], 2
    )
    first = {metric: value for (metric, time), value in found.items() if time == START}
    assert (first["Visits/Emptied"], first["Visits/Late"], first["Visits/Missed"]) == (1.0, 1.0, 0.0)
    assert (first["Emptied/Bags"], first["Emptied/Kilograms"]) == (2.0, pytest.approx(48 * 0.15 + 48 * 0.25))
    assert found["Visits/Missed", at(1, 0)] == 1.0
    assert found["Emptied/Bags", at(1, 0)] == found["Emptied/Kilograms", at(1, 0)] == 0.0


def test_each_emptying_stands_at_its_time_with_the_level_of_its_bag() -> None:
    found = series([emptied(at(0, 15), percent=71.5), emptied(at(0, 15), VisitKind.UNPLANNED, "u2", 120.0)])
    assert found["Emptyings/u1/Level", at(0, 15)] == 71.5
    assert found["Emptyings/u2/Level", at(0, 15)] == 120.0


def test_visits_before_the_first_day_count_in_the_share_alone() -> None:
    kinds = {-(ON_TIME_DAYS - 1): VisitKind.LATE, -ON_TIME_DAYS: VisitKind.MISSED, 0: VisitKind.EMPTIED}
    found = series([emptied(at(day, 12), kind) for day, kind in kinds.items()], 2)
    assert {time for _, time in found} == {at(0, 0), at(0, 12), at(1, 0)}
    assert found["Visits/OnTime", at(0, 0)] == 50.0
    assert found["Visits/OnTime", at(1, 0)] == 100.0, "the late one is more than 30 days ago"


@pytest.mark.parametrize(
    ("kinds", "share"),
    [
        ({}, None),
        ({VisitKind.NEEDLESS: 3, VisitKind.DUE: 1, VisitKind.UNPLANNED: 2, VisitKind.UNSEEN: 1}, None),
        ({VisitKind.EMPTIED: 3, VisitKind.NEEDLESS: 5}, 100.0),
        ({VisitKind.EMPTIED: 1, VisitKind.LATE: 1, VisitKind.MISSED: 1, VisitKind.CANNOT: 1}, 25.0),
        ({VisitKind.MISSED: 1}, 0.0),
    ],
)
def test_the_share_in_time_is_of_the_visits_that_were_needed(kinds: dict[VisitKind, int], share: float | None) -> None:
    assert on_time(Counter(kinds)) == share


def test_over_full_hours_are_those_of_all_units_on_days_of_which_something_is_known() -> None:
    one = OpenTime(known=[(at(0, 9), at(0, 17))], over=[(at(0, 15), at(0, 17))])
    other = OpenTime(known=[(at(0, 23), at(1, 1))], over=[(at(0, 23), at(1, 1))])
    found = series([], 3, u1=one, u2=other)
    assert (found["OverFull/Hours", at(0, 0)], found["OverFull/Hours", at(1, 0)]) == (3.0, 1.0)
    assert ("OverFull/Hours", at(2, 0)) not in found


def test_a_round_stands_at_its_departure_with_the_units_that_it_visits() -> None:
    stop = Stop("u1", "tobu", JOINED, Reason.FULL, 1, at(0, 14), None, 90.0, 95.0, 90.0, 1, 7.0)
    passed = Stop("u2", "tobu", not JOINED, Reason.ENOUGH_ROOM, None, None, None, 10.0, 15.0, 90.0, 1, 1.0)
    plan = Plan("main", FIRST, at(0, 9), at(0, 13), at(0, 16), "van", (stop, passed), 12.5, 47.0, "")
    points = of_run(Run(1, plan))
    assert {(it.asset, it.time) for it in points} == {("round/main", at(0, 13))}
    assert {it.metric: it.value for it in points} == {
        "Round/Stops": 1.0,
        "Round/Kilometres": 12.5,
        "Round/Minutes": 47.0,
    }
