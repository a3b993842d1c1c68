from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import DAY_MS, day_start
from sukusuku_server.kpi.visits import AFTER_MS, LATE_MS, Spread, levels, spread, visits
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence
from sukusuku_server.model.rounds import Answer, Plan, Reason, Run, Stop, StopRecord, VisitKind

HOUR = 3_600_000
DAY = date(2026, 11, 16)  # a Monday
NEEDLESS = {"main": 30.0}


def stop(asset: str = "u1", *, joined: bool = True, deadline: int | None = None) -> Stop:
    return Stop(asset, "tobu", joined, Reason.DUE, 1, None, deadline, 70.0, 80.0, 95.0, 1, 9.0)


def run(day: int, *stops: Stop, answer: Answer = Answer.NONE) -> tuple[Run, list[StopRecord]]:
    """A round on the day so many days after DAY, from 13:00 to 17:00."""
    start = day_start(date.fromordinal(DAY.toordinal() + day))
    plan = Plan(
        "main",
        date.fromordinal(DAY.toordinal() + day),
        start + 8 * HOUR,
        start + 13 * HOUR,
        start + 17 * HOUR,
        "van",
        stops,
        12.0,
        50.0,
        "solved",
    )
    records = [StopRecord(100 * day + n, day, it, answer, None, None, "") for n, it in enumerate(stops)]
    return Run(day, plan, told=1), records


def emptied(day: int, hour: float, percent: float = 80.0, asset: str = "u1") -> Emptying:
    time = day_start(DAY) + day * DAY_MS + int(hour * HOUR)
    return Emptying(asset, time, percent, percent * 0.6, (Evidence.LEVEL,), 0.9)


LATER = day_start(DAY) + 60 * DAY_MS


def kind(runs: list[tuple[Run, list[StopRecord]]], *found: Emptying, now: int = LATER) -> list[VisitKind]:
    return [visit.kind for visit in visits(runs, found, NEEDLESS, now)]


@pytest.mark.parametrize(
    ("hour", "percent", "expected"),
    [
        (14, 80, VisitKind.EMPTIED),
        (11, 80, VisitKind.EMPTIED),
        (18.9, 80, VisitKind.EMPTIED),
        (19, 80, VisitKind.LATE),
        (40, 80, VisitKind.LATE),
        (14, 29.9, VisitKind.NEEDLESS),
        (14, 30, VisitKind.EMPTIED),
    ],
)
def test_a_visit_is_judged_by_what_the_data_shows(hour: float, percent: float, expected: VisitKind) -> None:
    (visit,) = visits([run(0, stop())], [emptied(0, hour, percent)], NEEDLESS, LATER)
    assert (visit.kind, visit.emptied, visit.percent, visit.round) == (
        expected,
        emptied(0, hour).time,
        percent,
        "main",
    )


def test_emptied_after_the_deadline_is_late_even_when_the_round_is_on_time() -> None:
    deadline = emptied(0, 13.5).time
    assert kind([run(0, stop(deadline=deadline))], emptied(0, 14)) == [VisitKind.LATE]
    assert kind([run(0, stop(deadline=deadline))], emptied(0, 13.4)) == [VisitKind.EMPTIED]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer.NONE, VisitKind.MISSED),
        (Answer.DONE, VisitKind.UNSEEN),
        (Answer.CANNOT, VisitKind.CANNOT),
        (Answer.NEEDLESS, VisitKind.NEEDLESS),
    ],
)
def test_where_nothing_was_emptied_the_crew_s_word_says_why(answer: Answer, expected: VisitKind) -> None:
    planned = run(0, stop(), answer=answer)
    assert kind([planned]) == [expected]
    over = planned[0].plan.returns + AFTER_MS
    early = VisitKind.DUE if answer in {Answer.NONE, Answer.DONE} else expected
    assert kind([planned], now=over - 1) == [early]
    assert kind([planned], now=over) == [expected]


def test_a_crew_that_cannot_come_stays_so_when_somebody_empties_later() -> None:
    planned = run(0, stop(), answer=Answer.CANNOT)
    assert kind([planned], emptied(1, 9)) == [VisitKind.CANNOT]
    assert kind([planned], emptied(0, 15)) == [VisitKind.EMPTIED], "it came after all"


def test_an_emptying_belongs_to_the_next_stop_once_that_has_begun() -> None:
    both = [run(0, stop()), run(2, stop())]
    assert kind(both, emptied(2, 14)) == [VisitKind.MISSED, VisitKind.EMPTIED]
    assert kind(both, emptied(2, 9)) == [VisitKind.LATE, VisitKind.MISSED]
    assert kind(both, emptied(0, 14), emptied(2, 9)) == [VisitKind.EMPTIED, VisitKind.UNPLANNED, VisitKind.MISSED]


@pytest.mark.parametrize("hour", [9.5, 11.5, 11.99])
def test_of_two_rounds_on_a_day_the_one_under_way_has_the_emptying(hour: float) -> None:
    morning, records = run(0, stop())
    start = day_start(DAY)
    early = replace(morning.plan, departs=start + int(9.5 * HOUR), returns=start + 12 * HOUR)
    both = [(replace(morning, plan=early), records), run(0, stop())]

    assert kind(both, emptied(0, hour)) == [VisitKind.EMPTIED, VisitKind.MISSED]
    assert kind(both, emptied(0, 12.5)) == [VisitKind.MISSED, VisitKind.EMPTIED]
    found = kind(both, emptied(0, 9.25), emptied(0, hour))
    assert sorted(found) == sorted([VisitKind.EMPTIED, VisitKind.UNPLANNED, VisitKind.MISSED])


def test_a_stop_that_was_left_out_is_no_visit_and_rejected_emptyings_do_not_count() -> None:
    found = [emptied(0, 14), replace(emptied(5, 14), state=EmptyingState.REJECTED)]
    assert kind([run(0, stop(joined=False))], *found) == [VisitKind.UNPLANNED]
    assert kind([], emptied(0, 14)) == [VisitKind.UNPLANNED]
    assert kind([]) == []


def test_long_after_the_round_it_is_another_visit() -> None:
    planned = run(0, stop())
    late = planned[0].plan.returns + LATE_MS
    one = replace(emptied(0, 0), time=late)
    assert kind([planned], one) == [VisitKind.MISSED, VisitKind.UNPLANNED]
    assert kind([planned], replace(one, time=late - 1)) == [VisitKind.LATE]


def test_levels_at_emptying() -> None:
    found = visits([run(0, stop())], [emptied(0, 14, 60), emptied(8, 9, 90)], NEEDLESS, LATER)
    assert levels(found) == Spread(75.0, 60.0, 90.0, 2)
    assert levels([]) is None
    assert spread([]) is None


@given(
    days=st.sets(st.integers(0, 20)),
    times=st.lists(st.tuples(st.floats(0, 21 * 24), st.sampled_from(["u1", "u2"]), st.floats(0, 120)), max_size=25),
    answer=st.sampled_from(Answer),
)
def test_every_stop_is_one_visit_and_every_emptying_is_in_one(
    days: set[int], times: list[tuple[float, str, float]], answer: Answer
) -> None:
    runs = [run(day, stop("u1"), stop("u2"), answer=answer) for day in sorted(days)]
    found = [emptied(0, hour, percent, asset) for hour, asset, percent in times]
    result = visits(runs, found, NEEDLESS, LATER)

    assert Counter(visit.stop for visit in result if visit.stop is not None) == Counter(
        record.id for _, records in runs for record in records
    )
    assert Counter((visit.asset, visit.emptied) for visit in result if visit.emptied is not None) == Counter(
        (it.asset, it.time) for it in found
    )
    assert all((visit.round is None) == (visit.kind is VisitKind.UNPLANNED) for visit in result)
    assert all(visit.emptied is not None for visit in result if visit.kind in {VisitKind.EMPTIED, VisitKind.LATE})
    assert [visit.time for visit in result] == sorted(visit.time for visit in result)
