"""What the derivation of a unit tells its rates and forecasts."""

import itertools
from collections.abc import Sequence

import pytest

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence, Forecast, Method
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units import arrival_rates
from sukusuku_server.units.chronology import GRID_MS
from sukusuku_server.units.derivation import STEP, UnitDerivation, UnitProgress
from tests.server.units.forecast_cases import MONDAY, OPENING

UNIT = "unit"
SETTINGS = Collection(nappies_per_bag=60.0, nappies_per_cycle=2.0)
DERIVATION = UnitDerivation(UNIT, SETTINGS, OPENING)
LATER = MONDAY + 35 * DAY_MS
"""A week without holidays."""
CYCLE_MS = 30 * MINUTE_MS
"""Two nappies every half hour: 36 on a day, less than a bag."""


def day(number: int, total: int, *, used: bool = True) -> list[Reading]:
    """The counter of a day, told every half hour; it runs in opening hours while the unit is used."""
    readings = []
    for time in range(MONDAY + number * DAY_MS, MONDAY + (number + 1) * DAY_MS, CYCLE_MS):
        total += used and OPENING.is_open(time)
        readings.append(Reading(UNIT, "Cycles/Total", time, total))
    return readings


def emptied(number: int) -> Emptying:
    time = MONDAY + number * DAY_MS + 18 * 60 * MINUTE_MS
    return Emptying(UNIT, time, 60.0, 36.0, (Evidence.PERSON,), 1.0, EmptyingState.ENTERED)


def lived(state: UnitProgress, number: int, readings: Sequence[Reading], *, empty: bool = True) -> UnitProgress:
    said = [emptied(number)] if empty and readings and OPENING.is_open(MONDAY + number * DAY_MS + DAY_MS // 2) else []
    return DERIVATION.advance(state, readings, said, MONDAY + (number + 1) * DAY_MS - 1).state


def weeks(number: int) -> tuple[UnitProgress, int]:
    """A unit that is emptied every evening, after so many weeks, with its counter."""
    state, total = DERIVATION.start(MONDAY - 1), 0
    for each in range(7 * number):
        readings = day(each, total)
        total = int(readings[-1].value or 0)
        state = lived(state, each, readings)
    return state, total


def per_week(state: UnitProgress, start: int) -> float:
    return sum(
        piece.nappies for piece in arrival_rates.expected(state.foresight.rates, OPENING, start, start + 7 * DAY_MS)
    )


def test_the_rates_follow_the_counter() -> None:
    state, _ = weeks(2)
    assert per_week(state, MONDAY + 14 * DAY_MS) == pytest.approx(6 * 36, rel=0.1)


def test_hours_in_which_the_bag_was_full_and_nobody_told_so_teach_nothing() -> None:
    state, total = weeks(2)
    usual = per_week(state, LATER)
    stopped = state
    for number in (14, 15):
        readings = day(number, total)
        total = int(readings[-1].value or 0)
        stopped = lived(stopped, number, readings, empty=False)
    assert stopped.fill.bag.percent > 100
    for number in (16, 17, 18, 19):
        stopped = lived(stopped, number, day(number, total, used=False), empty=False)
    assert per_week(stopped, LATER) == pytest.approx(usual, rel=0.1)


def test_a_silent_unit_is_not_an_idle_one() -> None:
    state, total = weeks(2)
    usual = per_week(state, LATER)
    silent = state
    for number in (14, 15, 16):
        silent = lived(silent, number, ())
    assert per_week(silent, LATER) == pytest.approx(usual, rel=0.1)
    idle = lived(state, 14, day(14, total, used=False))
    idle = lived(idle, 15, day(15, total, used=False))
    assert per_week(idle, LATER) < 0.95 * usual


def test_forecasts_are_issued_once_whatever_the_steps() -> None:
    state, total = weeks(1)
    readings = day(7, total)
    start, end = MONDAY + 7 * DAY_MS - 1, MONDAY + 8 * DAY_MS - 1
    whole = DERIVATION.advance(state, readings, (), end)
    parts: list[Forecast] = []
    pieces = state
    for until in (*range(start + 7 * MINUTE_MS, end, 7 * MINUTE_MS), end):
        some = [reading for reading in readings if pieces.time < reading.time <= until]
        advanced = DERIVATION.advance(pieces, some, (), until)
        parts += advanced.forecasts
        pieces = advanced.state
    assert tuple(parts) == whole.forecasts
    assert len(parts) == 3 * len(Method)
    assert pieces.foresight == whole.state.foresight


def test_a_bag_that_fills_faster_than_the_grid_is_told_in_between() -> None:
    start = MONDAY + 11 * 60 * MINUTE_MS
    readings = [
        Reading(UNIT, metric, start + second * 1000, value)
        for second in range(0, 240, 10)
        for metric, value in (("Fill/Percent", 20 + second / 4), ("Cycles/Total", 100 + second // 8))
    ]
    found = DERIVATION.advance(DERIVATION.start(start - 2 * GRID_MS), readings, [], start + 250_000)
    told = [(point.time, float(point.value or 0)) for point in found.points if point.metric == "Fill/Estimate"]
    between = [(time, percent) for time, percent in told if time % GRID_MS]
    assert len(between) > 5
    assert all(abs(after - before) < 3 * STEP for (_, before), (_, after) in itertools.pairwise(between))
    assert between[-1][1] == pytest.approx(float(readings[-2].value or 0), abs=2 * STEP)


def test_a_bag_that_fills_slowly_is_told_on_the_grid_only() -> None:
    readings = [
        Reading(UNIT, "Cycles/Total", MONDAY + number * 3 * MINUTE_MS + 1, number // 4) for number in range(200)
    ]
    found = DERIVATION.advance(DERIVATION.start(MONDAY), readings, [], MONDAY + 600 * MINUTE_MS)
    assert {point.time % GRID_MS for point in found.points} == {0}


def test_children_are_asked_for_as_they_were_known_at_the_hour_of_the_forecast() -> None:
    asked: list[int] = []

    def known(at: int) -> arrival_rates.Children:
        asked.append(at)
        return lambda _: None

    unit = UnitDerivation(UNIT, SETTINGS, OPENING, known)
    unit.advance(unit.start(MONDAY - 1), day(0, 0), [], MONDAY + DAY_MS - 1)
    assert asked
    assert all(at % (60 * MINUTE_MS) == 0 for at in asked)
