from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.units import arrival_rates, rate_learning
from sukusuku_server.units.arrival_rates import Rates
from tests.server.units.forecast_cases import MONDAY, OPENING, lived, pace


def per_hour(learnt: Rates, time: int) -> float:
    return sum(piece.nappies for piece in arrival_rates.expected(learnt, OPENING, time, time + HOUR_MS))


def in_days(learnt: Rates, start: int, days: float) -> float:
    return sum(piece.nappies for piece in arrival_rates.expected(learnt, OPENING, start, start + round(days * DAY_MS)))


def test_the_hours_of_the_week_are_learnt() -> None:
    learnt = lived(20, seed=None)
    start = MONDAY + 20 * 7 * DAY_MS
    for day, hour in ((0, 10), (2, 15), (5, 10), (5, 17)):
        time = start + day * DAY_MS + hour * HOUR_MS
        assert per_hour(learnt, time) == pytest.approx(pace(time), rel=0.1)


def test_before_anything_is_known_there_is_a_rate_and_much_doubt() -> None:
    fresh = rate_learning.begin(MONDAY)
    assert per_hour(fresh, MONDAY + 10 * HOUR_MS) == pytest.approx(arrival_rates.FIRST_RATE)
    assert arrival_rates.doubt(fresh) > 10 * arrival_rates.doubt(lived(8))


@given(st.integers(0, 30 * 24), st.integers(1, 400))
def test_closed_hours_bring_no_nappies(begins: int, hours: int) -> None:
    start = MONDAY + begins * HOUR_MS // 2
    pieces = list(arrival_rates.expected(rate_learning.begin(MONDAY), OPENING, start, start + hours * HOUR_MS // 3))
    assert all(OPENING.is_open(piece.start) and OPENING.is_open(piece.end - 1) for piece in pieces)
    assert all(one.end <= other.start for one, other in pairwise(pieces))
    opened = sum(end - begin for begin, end in OPENING.spans(start, start + hours * HOUR_MS // 3))
    assert sum(piece.nappies for piece in pieces) == pytest.approx(arrival_rates.FIRST_RATE * opened / HOUR_MS)


def test_a_holiday_brings_none_and_does_not_teach_that_its_weekday_is_quiet() -> None:
    learnt = lived(3, seed=None, start=MONDAY + 7 * DAY_MS)  # 29 April and 3 to 6 May are holidays
    wednesday = MONDAY + 23 * DAY_MS
    assert not OPENING.is_open(wednesday + 10 * HOUR_MS)
    assert in_days(learnt, wednesday, 1) == 0
    assert in_days(learnt, wednesday + 14 * DAY_MS, 1) == pytest.approx(
        in_days(learnt, wednesday + 15 * DAY_MS, 1), rel=0.02
    )


def test_a_new_level_is_followed_within_three_weeks() -> None:
    learnt = lived(10, seed=None)
    time = MONDAY + 10 * 7 * DAY_MS
    usual = in_days(learnt, time, 7)
    for hour in range(time, time + 21 * DAY_MS, HOUR_MS):
        nappies = 2 * pace(hour) if OPENING.is_open(hour) else 0.0
        learnt = rate_learning.observe(learnt, hour, hour + HOUR_MS, nappies, OPENING)
    assert in_days(learnt, time + 21 * DAY_MS, 7) == pytest.approx(2 * usual, rel=0.15)


def test_a_busy_morning_raises_the_rest_of_this_day_only() -> None:
    usual = lived(8)
    day = MONDAY + 8 * 7 * DAY_MS
    busy = rate_learning.observe(usual, day, day + 13 * HOUR_MS, 80, OPENING)
    calm = rate_learning.observe(usual, day, day + 13 * HOUR_MS, 10, OPENING)
    noon = day + 13 * HOUR_MS
    assert per_hour(calm, noon) < per_hour(usual, noon) < per_hour(busy, noon)
    assert per_hour(busy, noon + DAY_MS) == pytest.approx(per_hour(calm, noon + DAY_MS))


def test_a_stretch_in_which_nothing_could_come_teaches_nothing() -> None:
    usual = lived(8)
    day = MONDAY + 8 * 7 * DAY_MS
    jammed = rate_learning.observe(usual, day, day + 9 * HOUR_MS, 0, OPENING)
    jammed = rate_learning.observe(jammed, day + 30 * HOUR_MS, day + 30 * HOUR_MS, 0, OPENING)
    assert in_days(jammed, day + 7 * DAY_MS, 7) == pytest.approx(in_days(usual, day + 7 * DAY_MS, 7), rel=0.05)


def test_what_comes_after_a_silence_is_spread_over_it_and_counted_once() -> None:
    usual = lived(8)
    day = MONDAY + 8 * 7 * DAY_MS
    known = in_days(usual, day, 3)
    after = rate_learning.observe(usual, day, day + 3 * DAY_MS, known, OPENING)
    assert after.total == pytest.approx(usual.total + known)
    assert in_days(after, day + 7 * DAY_MS, 7) == pytest.approx(in_days(usual, day + 7 * DAY_MS, 7), rel=0.05)


def test_what_is_counted_after_closing_belongs_to_the_last_open_hour() -> None:
    start = lived(3)
    evening = MONDAY + 3 * 7 * DAY_MS + 18 * HOUR_MS
    late = rate_learning.observe(start, evening - HOUR_MS, evening, 0, OPENING)
    late = rate_learning.observe(late, evening, evening + HOUR_MS, 6, OPENING)
    late = rate_learning.observe(late, evening + HOUR_MS, evening + 2 * HOUR_MS, 0, OPENING)
    place = arrival_rates.cell(arrival_rates.hour_number(evening - HOUR_MS))
    none = rate_learning.observe(start, evening - HOUR_MS, evening + 2 * HOUR_MS, 0, OPENING)
    assert late.nappies[place] == pytest.approx(none.nappies[place] + 6)
    assert late.total == pytest.approx(start.total + 6)


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(-3, 30)), min_size=1, max_size=60))
def test_whatever_comes_rates_stay_finite_and_not_negative(steps: list[tuple[int, float]]) -> None:
    learnt, time = rate_learning.begin(MONDAY), MONDAY
    for hours, nappies in steps:
        learnt = rate_learning.observe(learnt, time, time + hours * HOUR_MS, nappies, OPENING)
        time += hours * HOUR_MS
    assert learnt.total == pytest.approx(sum(nappies for _, nappies in steps))
    assert all(0 <= piece.nappies < 1e6 for piece in arrival_rates.expected(learnt, OPENING, time, time + 14 * DAY_MS))
    assert arrival_rates.spread(learnt) > 0
    assert arrival_rates.luck(learnt) >= 0


def test_children_explain_nappies_once_that_has_proved_true() -> None:
    learnt, blind = rate_learning.begin(MONDAY), rate_learning.begin(MONDAY)
    for day in range(84):
        crowd = 2.0 + (day * 5 % 7)
        for hour in range(24):
            time = MONDAY + day * DAY_MS + hour * HOUR_MS
            nappies = crowd if OPENING.is_open(time) else 0.0
            learnt = rate_learning.observe(learnt, time, time + HOUR_MS, nappies, OPENING, crowd)
            blind = rate_learning.observe(blind, time, time + HOUR_MS, nappies, OPENING)
    start = MONDAY + 84 * DAY_MS
    few = sum(piece.nappies for piece in arrival_rates.expected(learnt, OPENING, start, start + DAY_MS, lambda _: 2.0))
    many = sum(piece.nappies for piece in arrival_rates.expected(learnt, OPENING, start, start + DAY_MS, lambda _: 8.0))
    unknown = sum(
        piece.nappies for piece in arrival_rates.expected(learnt, OPENING, start, start + DAY_MS, lambda _: None)
    )
    assert many > 2.5 * few
    assert few < unknown < many
    assert in_days(blind, start, 7) == pytest.approx(in_days(learnt, start, 7), rel=0.2)


def test_the_state_survives_encoding() -> None:
    learnt = lived(1)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(learnt), type=Rates) == learnt
