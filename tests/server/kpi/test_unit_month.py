from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import DAY_MS, day_start
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.intervals import both, hours, standing, union
from sukusuku_server.kpi.unit_month import HOLD_MS, UnitMonth, kg_by_day, total, unit_kpi
from sukusuku_server.kpi.visits import Spread, Visit
from sukusuku_server.model.rounds import VisitKind

HOUR = 3_600_000
START = day_start(date(2026, 11, 1))
END = day_start(date(2026, 12, 1))
OPEN = [(START + day * DAY_MS + 9 * HOUR, START + day * DAY_MS + 17 * HOUR) for day in range(30)]
NOTHING = UnitMonth(
    "u1", START, END, OPEN, (), (), [(START, END)], [(START, END)], (), 80.0, 72.0 * HOUR, None, lambda _: 0.15, 0
)


def at(day: int, hour: float) -> int:
    return START + day * DAY_MS + int(hour * HOUR)


def visit(time: int, percent: float = 80.0, kind: VisitKind = VisitKind.EMPTIED) -> Visit:
    return Visit("u1", kind, "main", 1, time, None, time, percent, percent * 0.6)


def test_no_data_gives_no_figures_and_no_division() -> None:
    found = unit_kpi(NOTHING)
    assert (found.emptyings, found.level, found.wait_hours, found.availability) == (0, None, None, 0.0)
    assert (found.known_hours, found.overflow_hours, found.open_hours) == (0.0, 0.0, 240.0)
    assert set(found.visits) == set(VisitKind)
    closed = unit_kpi(replace(NOTHING, opened=(), bad=()))
    assert closed.availability is None
    assert total([], START, END).availability is None


def test_over_full_time_counts_while_the_centre_is_open_and_the_estimate_is_fresh() -> None:
    percent = [(at(0, 8), 90.0), (at(0, 9.5), 103.0), (at(0, 10.5), 95.0), (at(1, 16.5), 102.0), (at(2, 10), 102.0)]
    found = unit_kpi(replace(NOTHING, percent=percent))
    assert found.overflow_hours == 1.0 + 0.5 + HOLD_MS / HOUR
    assert found.known_hours == pytest.approx(0.5 + 1.0 + 2.0 + 0.5 + 2.0)


def test_a_bag_that_stands_full_is_over_full_until_it_is_emptied_however_the_estimate_wavers() -> None:
    """The reproduction: 99 and 101 in turn for six hours, as noise has it; the last value does not stand longer."""
    percent = [(at(0, 9) + n * HOUR // 12, 102.5 if n == 0 else 99.0 + 2 * (n % 2)) for n in range(72)]
    found = unit_kpi(replace(NOTHING, percent=percent, emptied=[at(0, 15)]))
    assert found.overflow_hours == pytest.approx(6.0)
    assert unit_kpi(replace(NOTHING, percent=percent[1:])).overflow_hours == 0.0, "nothing says that it is over full"
    silent = unit_kpi(replace(NOTHING, percent=percent, heard=[(at(0, 9), at(0, 11))]))
    assert (silent.known_hours, silent.overflow_hours) == (2.0, 2.0), "silence is not known"


def test_a_wait_begins_when_the_bag_is_due_by_level_or_by_age() -> None:
    percent = [(at(0, 10), 50.0), (at(0, 12), 81.0), (at(0, 13), 85.0), (at(1, 9), 5.0), (at(6, 9), 20.0)]
    done = [visit(at(0, 15)), visit(at(4, 16), 20.0), visit(at(5, 9), 10.0)]
    found = unit_kpi(replace(NOTHING, percent=percent, visits=done))
    assert found.wait_hours == Spread((3.0 + 25.0) / 2, 3.0, 25.0, 2), (
        "72 h after the first: a day late; the third none"
    )


def test_availability_is_the_share_of_open_time_without_fault_or_silence() -> None:
    bad = [(at(0, 9), at(0, 13)), (at(0, 20), at(1, 9))]
    found = unit_kpi(replace(NOTHING, bad=bad))
    assert found.availability == pytest.approx(1 - 4 / 240)


def test_the_total_is_the_sum_of_the_units() -> None:
    one = unit_kpi(replace(NOTHING, bad=(), visits=[visit(at(0, 15), 60.0)], alerts=2))
    two = unit_kpi(
        replace(NOTHING, asset="u2", bad=OPEN[:15], visits=[visit(at(0, 15), 90.0), visit(at(9, 9), 90.0)], alerts=1)
    )
    found = total([one, two], START, END)
    assert (found.asset, found.emptyings, found.alerts) == (None, 3, 3)
    assert found.level == Spread(80.0, 60.0, 90.0, 3)
    assert found.availability == 0.75
    assert found.kg == pytest.approx((36 + 54 + 54) * 0.15)
    assert total([one, unit_kpi(NOTHING)], START, END).availability == 0.5, "silent all the month is 0 %"
    absent = unit_kpi(replace(NOTHING, opened=(), bad=()))
    assert total([one, absent], START, END).availability == 1.0, "one that is not there yet changes nothing"


@given(
    percent=st.lists(st.tuples(st.integers(START, END - 1), st.floats(-5, 150)), unique_by=lambda it: it[0]).map(
        sorted
    ),
    times=st.lists(st.tuples(st.integers(START, END - 1), st.sampled_from(VisitKind)), max_size=10),
)
def test_figures_stay_within_their_bounds(percent: list[tuple[int, float]], times: list[tuple[int, VisitKind]]) -> None:
    found = unit_kpi(
        replace(NOTHING, percent=percent, visits=[visit(time, 50.0, kind) for time, kind in times], bad=())
    )
    assert 0 <= found.overflow_hours <= found.known_hours <= found.open_hours
    assert sum(found.visits.values()) == len(times) == found.emptyings
    assert found.availability == 1.0
    assert found.wait_hours is None or found.wait_hours.low >= 0


def test_fees_are_those_of_the_table_and_say_where_they_are_from() -> None:
    fees = all_fees().on(date(2026, 11, 2))
    assert fees.by_weight(10) == 460
    assert fees.by_ticket(3, 45) == 1173
    assert fees.since == date(2023, 10, 1)
    assert fees.source
    days = kg_by_day([(date(2026, 11, 2), 6.0), (date(2026, 11, 2), 4.0), (date(2026, 11, 3), 9.9)])
    assert all_fees().days_over(days) == [date(2026, 11, 2)]


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8)


@given(one=spans, other=spans)
def test_spans_are_sets_of_moments(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    def moments(found: list[tuple[int, int]]) -> set[int]:
        return {n for start, end in found for n in range(start, end)}

    joined, more = union(one), union(other)
    assert moments(joined) == moments(one)
    assert moments(both(joined, more)) == moments(one) & moments(other)
    assert hours(joined) * 3_600_000 == pytest.approx(len(moments(one)))


def test_a_value_holds_until_the_next_one_and_not_for_ever() -> None:
    assert standing([(0, 1.0), (5, 3.0), (7, 2.0), (9, 0.0)], 2.0, 100, 50) == [(5, 9)]
    assert standing([(0, 3.0)], 2.0, 100, 50) == [(0, 50)]
    assert standing([(0, 3.0)], 2.0, 30, 50) == [(0, 30)]
    assert standing([], 2.0, 30, 50) == []
