from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.collection import HORIZON_HOURS, Forecast, Method
from sukusuku_server.units.arrival_rates import Rates, expected
from sukusuku_server.units.forecast import NORMAL, Stretch, forecast
from sukusuku_server.units.rate_learning import begin
from tests.server.units.forecast_cases import CAPACITY, MONDAY, OPENING, lived, outlook, pace

NOW = MONDAY + 6 * 7 * DAY_MS + 10 * HOUR_MS
"""A Monday at 10 o'clock."""
PERCENT = st.floats(0, 99)


@cache
def learnt() -> Rates:
    return lived(6)


def hours(found: Forecast) -> tuple[float, float, float]:
    """The three times, the horizon for what lies beyond it."""
    early, middle, late = (
        HORIZON_HOURS if value is None else value for value in (found.hours10, found.hours50, found.hours90)
    )
    return early, middle, late


def model(percent: float, sigma: float = 2.0, time: int = NOW, now: int = NOW) -> tuple[float, float, float]:
    return hours(forecast(outlook(learnt(), time, percent, sigma), "unit", now))


@given(PERCENT, st.floats(0, 30), st.integers(0, 200))
def test_the_band_is_in_order(percent: float, sigma: float, later: int) -> None:
    time = NOW + later * HOUR_MS
    early, middle, late = model(percent, sigma, time, time)
    assert 0 <= early <= middle <= late <= HORIZON_HOURS


@given(PERCENT, PERCENT)
def test_a_fuller_bag_is_full_earlier(one: float, other: float) -> None:
    emptier, fuller = sorted((one, other))
    assert all(more <= less for less, more in zip(model(emptier), model(fuller), strict=True))


@given(PERCENT, st.integers(0, 7 * 24))
def test_a_bag_is_full_in_open_hours(percent: float, later: int) -> None:
    time = NOW + later * HOUR_MS
    for when in model(percent, 2.0, time, time):
        moment = time + round(when * HOUR_MS)
        assert when == 0 or OPENING.is_open(moment - 1) or OPENING.is_open(moment)


@given(PERCENT, st.floats(0, 20), st.floats(0, 20))
def test_less_is_known_the_wider_the_band(percent: float, one: float, other: float) -> None:
    surer, vaguer = sorted((one, other))
    narrow, wide = model(percent, surer), model(percent, vaguer)
    assert wide[0] <= narrow[0] + 1e-6
    assert wide[1] == pytest.approx(narrow[1], abs=1e-6)
    assert wide[2] >= narrow[2] - 1e-6


@given(st.floats(0, 60), st.integers(1, 5))
def test_a_silent_unit_has_a_wider_band_than_one_that_speaks(percent: float, days: int) -> None:
    later = NOW + days * DAY_MS
    came = sum(piece.nappies for piece in expected(learnt(), OPENING, NOW, later))
    told = percent + 100 * came / CAPACITY
    silent, spoken = model(percent, 2.0, NOW, later), model(told, 2.0, later, later)
    assert silent[0] <= spoken[0] + 1e-6
    assert silent[1] == pytest.approx(spoken[1], abs=1e-3)
    assert silent[2] >= spoken[2] - 1e-6


def test_silence_alone_makes_the_end_of_the_band_later_and_its_beginning_earlier() -> None:
    view = outlook(learnt(), NOW, 5.0)
    at_once = forecast(view, "unit", NOW)
    silent = forecast(view, "unit", NOW + 20 * HOUR_MS)
    assert at_once.hours10 is not None
    assert at_once.hours90 is not None
    assert silent.hours10 is not None
    assert silent.hours90 is not None
    assert silent.hours10 + 20 <= at_once.hours10
    assert silent.hours90 + 20 >= at_once.hours90


def test_a_unit_of_which_nothing_is_known_has_a_wide_band() -> None:
    vague = hours(forecast(outlook(begin(NOW), NOW, 20.0), "unit", NOW))
    known = model(20.0)
    assert vague[2] - vague[0] > 2 * (known[2] - known[0])


def test_a_full_bag_is_full_now() -> None:
    early, middle, late = model(104.0, 0.5)
    assert (early, middle, late) == (0, 0, 0)


def test_experience_stretches_each_end_of_the_band() -> None:
    view = outlook(learnt(), NOW, 30.0)
    usual = hours(forecast(view, "unit", NOW))
    wide = hours(forecast(replace(view, stretches=(Stretch(2.0, 1.5),) * 4), "unit", NOW))
    assert wide[0] < usual[0]
    assert wide[1] == usual[1]
    assert wide[2] > usual[2]


def test_the_simple_rules_say_what_their_names_say() -> None:
    steady = lived(2, seed=None)
    monday = MONDAY + 2 * 7 * DAY_MS
    view = outlook(steady, monday + 8 * HOUR_MS, 0.0)
    week = forecast(view, "unit", monday + 8 * HOUR_MS, Method.LAST_WEEK)
    assert week.hours50 == pytest.approx(
        1 + 4 + 5 + (15 + (CAPACITY - 4 * 8 - 5 * 4) / 8)
    )  # 52 today, the rest tomorrow
    assert (week.hours10, week.hours90) == (None, None)
    saturday = monday - 2 * DAY_MS + 18 * HOUR_MS
    tuesday = lived(8 / 7, seed=None)
    rule = forecast(outlook(tuesday, MONDAY + 8 * DAY_MS, 0.0), "unit", MONDAY + 8 * DAY_MS, Method.LINEAR_24H)
    assert rule.hours50 == pytest.approx(24 * CAPACITY / 52)
    assert saturday < monday
    sunday = forecast(outlook(steady, monday, 0.0), "unit", monday, Method.LINEAR_24H)
    assert sunday.hours50 is None


def test_a_rule_that_has_not_seen_its_time_yet_says_nothing() -> None:
    young = lived(0.1, seed=None)
    time = MONDAY + round(0.7 * DAY_MS)
    for method in (Method.LINEAR_24H, Method.LAST_WEEK):
        assert forecast(outlook(young, time, 50.0), "unit", time, method).hours50 is None


def unchecked(percent: float, stretch: Stretch = NORMAL) -> tuple[float, float, float]:
    """The three times where nothing but a counter tells."""
    view = outlook(learnt(), NOW, percent)
    alone = replace(view, estimate=replace(view.estimate, level=None), stretches=(stretch,) * len(view.stretches))
    return hours(forecast(alone, "unit", NOW))


@given(PERCENT)
def test_a_counter_alone_knows_less_than_with_a_level(percent: float) -> None:
    (early, middle, late), (narrow_early, same, narrow_late) = unchecked(percent), model(percent)
    assert early <= narrow_early
    assert middle == same
    assert late >= narrow_late


@given(st.floats(0, 60))
def test_no_outcome_that_was_counted_tells_that_the_count_is_right(percent: float) -> None:
    early, middle, late = unchecked(percent, Stretch(0.01, 0.01))
    counted = 0.2 * CAPACITY / pace(NOW)
    assert late - early >= counted
    assert early < middle < late or late == HORIZON_HOURS
