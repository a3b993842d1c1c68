import pytest

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.collection import Forecast, Method
from sukusuku_server.units.evaluation.history import derive, drawn
from sukusuku_server.units.evaluation.judgement import called_full, inflow_scores, tally, watched
from sukusuku_server.units.evaluation.truth import Label, course

START = 1_775_433_600_000  # Monday 6 April 2026, 09:00 in Tokyo


def hourly(*percents: float) -> list[tuple[int, float]]:
    """One level an hour."""
    return [(START + n * HOUR_MS, percent) for n, percent in enumerate(percents)]


def at(hour: float) -> int:
    """A moment."""
    return START + round(hour * HOUR_MS)


def told(hour: float, hours10: float, hours50: float, hours90: float | None) -> Forecast:
    """What the model said at an hour."""
    return Forecast("unit", at(hour), Method.MODEL, 0.0, hours10, hours50, hours90)


def test_a_sensor_that_repeats_itself_holds_its_value_and_stays_silent_in_a_silence() -> None:
    levels = [(START, 10.0), (at(1.2), 20.0), (at(20), 5.0)]
    times, percents = zip(*drawn(levels, HOUR_MS), strict=True)
    assert percents == (10.0, 10.0, *(20.0,) * 6, 5.0)
    assert times[:3] == (START, at(1), at(2))
    assert times[-1] == at(20)


def test_each_emptying_is_told_once_and_doubtful_ones_count_neither_way() -> None:
    labels = [Label(at(1), at(2)), Label(at(9), at(10)), Label(at(20), at(21), clear=False)]
    found = tally([at(2), at(2.5), at(20.5), at(40)], labels)
    assert (found.true, found.found, found.false) == (2, 1, 2)
    assert (found.missed, found.invented) == ((at(10),), (at(2.5), at(40)))
    assert found.share == 0.5
    assert found.wrong == pytest.approx(2 / 3)
    assert (found + found).true == 4


def test_errors_that_return_are_no_truth_and_what_rises_again_after_a_bag_has_come() -> None:
    truth = course(hourly(12, 100, 100, 100, 12, 40, 60, 2, 30, 90), [Label(at(6), at(7))])
    assert truth.percent(at(2)) == 12
    assert truth.percent(at(6.5)) == 60
    assert truth.came[-1] == pytest.approx(60 - 12 + 90)


def test_the_time_of_a_full_bag_is_judged_as_if_nobody_had_come_early() -> None:
    truth = course(hourly(0, 20, 40, 0, 20, 40, 60, 80), [Label(at(2), at(3))])
    [scored] = inflow_scores([told(0, 3, 5, 8)], truth)
    assert scored.outcome == pytest.approx(6)  # 40, and another 60
    assert truth.seen_after(at(0)).full is False
    assert truth.seen_after(at(0)).hours == pytest.approx(3)


def test_bags_that_went_early_are_watched_until_then() -> None:
    full = course(hourly(50, 60, 80, 98, 99), [])
    gone = course(hourly(50, 60, 1, 2, 3), [Label(at(1), at(2))])
    kept = course(hourly(50, 60, 60, 60, 60, 60, 60, 60), [])
    seen = watched([([told(0, 2, 3, 4)], full), ([told(0, 1, 3, 4)], gone), ([told(0, 2, 3, 4)], kept)])
    assert (seen.judged, seen.censored) == (3, 2)
    assert seen.early == 0.0
    assert seen.late == pytest.approx(1 / 2)


def test_hours_called_full_at_a_low_level_are_counted() -> None:
    truth = course(hourly(10, 10, 10, 90, 90, 90), [])
    assert called_full([(at(0), 10.0), (at(2), 95.0)], truth) == (3.0, 1.0)


def test_a_plain_history_is_derived_whole() -> None:
    levels = hourly(*(float(3 * hour) for hour in range(30)), *(0.0,) * 30)
    found = derive("unit", levels)
    assert len(found.emptyings) == 1
    assert found.estimates()[-1][1] < 5
    assert {forecast.method for forecast in found.forecasts} == set(Method)
