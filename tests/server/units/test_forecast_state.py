from dataclasses import replace

import msgspec
import pytest

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.collection import HORIZON_HOURS, FillEstimate, Forecast, Method, Outcome
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units import forecast_state
from sukusuku_server.units.forecast_state import Foresight
from sukusuku_server.units.hygiene_deadline import passed
from sukusuku_server.units.rate_learning import observe
from tests.server.units.forecast_cases import CAPACITY, MONDAY, OPENING, lived

NOW = MONDAY + 6 * 7 * DAY_MS + 12 * HOUR_MS
SETTINGS = Collection(nappies_per_bag=CAPACITY)


def estimate(time: int, percent: float = 40.0) -> FillEstimate:
    return FillEstimate(time, percent, percent * CAPACITY / 100, 2.0, 100.0, percent, percent, None)


def known() -> Foresight:
    return replace(forecast_state.begin(NOW), rates=lived(6))


def test_forecasts_of_every_method_are_kept_at_the_hours_of_the_score_card() -> None:
    state, ahead = forecast_state.ahead(known(), "unit", estimate(NOW), SETTINGS, OPENING, NOW)
    assert [item.method for item in ahead.forecasts] == list(Method)
    assert {item.percent for item in ahead.forecasts} == {40.0}
    assert [item.issued for item in state.ledger.waiting] == [NOW]
    series = {point.metric: point.value for point in ahead.points}
    model = ahead.forecasts[0]
    assert series["Forecast/Hours10"] == model.hours10
    assert series["Forecast/Hours50"] == model.hours50
    assert series["Forecast/Hours90"] == model.hours90


def test_at_other_hours_and_of_full_bags_no_forecast_is_kept() -> None:
    later = NOW + HOUR_MS
    assert forecast_state.ahead(known(), "unit", estimate(later), SETTINGS, OPENING, later)[1].forecasts == ()
    state, full = forecast_state.ahead(known(), "unit", estimate(NOW, 103.0), SETTINGS, OPENING, NOW)
    assert full.forecasts == ()
    assert state.ledger.waiting == ()
    assert {point.metric: point.value for point in full.points}["Forecast/Hours50"] == 0


def test_what_lies_beyond_the_horizon_is_given_as_the_horizon() -> None:
    quiet = forecast_state.begin(NOW)
    for day in range(60):
        start = NOW + (day - 60) * DAY_MS
        quiet = replace(quiet, rates=observe(quiet.rates, start, start + DAY_MS, 0.0, OPENING))
    _, ahead = forecast_state.ahead(quiet, "unit", estimate(NOW, 0.0), SETTINGS, OPENING, NOW)
    assert {point.metric: point.value for point in ahead.points}["Forecast/Hours90"] == HORIZON_HOURS
    assert ahead.forecasts[0].hours90 is None


def test_what_comes_settles_what_was_forecast() -> None:
    state, _ = forecast_state.ahead(known(), "unit", estimate(NOW), SETTINGS, OPENING, NOW)
    state, early = forecast_state.came(state, "unit", NOW, NOW + 2 * HOUR_MS, 12.0, OPENING)
    assert early == ()
    state = forecast_state.bag_changed(state, NOW + 2 * HOUR_MS)
    state, found = forecast_state.came(state, "unit", NOW + 2 * HOUR_MS, NOW + 6 * HOUR_MS, 48.0, OPENING)
    assert found == (Outcome("unit", NOW, 4.0),)
    assert state.ledger.waiting == ()


def test_an_outcome_outside_the_band_widens_the_next_one() -> None:
    def width(state: Foresight) -> float:
        found = forecast_state.ahead(state, "unit", estimate(NOW), SETTINGS, OPENING, NOW)[1].forecasts[0]
        assert isinstance(found, Forecast)
        assert found.hours10 is not None
        assert found.hours90 is not None
        return found.hours90 - found.hours10

    state, _ = forecast_state.ahead(known(), "unit", estimate(NOW), SETTINGS, OPENING, NOW)
    surprised, _ = forecast_state.came(state, "unit", NOW, NOW + HOUR_MS, 40.0, OPENING)
    assert width(replace(surprised, rates=state.rates)) > width(state)


def test_an_estimate_that_is_not_old_is_of_now() -> None:
    fresh = forecast_state.outlook(known(), estimate(NOW - 20 * 60_000), SETTINGS, OPENING, NOW)
    assert fresh.estimate.time == NOW
    silent = forecast_state.outlook(known(), estimate(NOW - 5 * HOUR_MS), SETTINGS, OPENING, NOW)
    assert silent.estimate.time == NOW - 5 * HOUR_MS


def test_the_hygiene_deadline_is_told_in_hours_left() -> None:
    state = known()
    state = replace(state, freshness=passed(state.freshness, SETTINGS, NOW, 10.0))
    state, ahead = forecast_state.ahead(
        state, "unit", estimate(NOW + 10 * HOUR_MS), SETTINGS, OPENING, NOW + 10 * HOUR_MS
    )
    assert {point.metric: point.value for point in ahead.points}["Bag/HoursLeft"] == pytest.approx(62)
    state = forecast_state.bag_changed(state, NOW + 10 * HOUR_MS)
    _, ahead = forecast_state.ahead(
        state, "unit", estimate(NOW + 11 * HOUR_MS, 0.0), SETTINGS, OPENING, NOW + 11 * HOUR_MS
    )
    assert "Bag/HoursLeft" not in {point.metric for point in ahead.points}


def test_film_is_told_in_cycles_and_days() -> None:
    points = forecast_state.film_left(known(), "unit", Collection(film_cycles=400), 25.0, 1.7, OPENING, NOW)
    assert {point.metric for point in points} == {"Film/CyclesLeft", "Film/DaysLeft"}
    assert points[0].value == 100


def test_the_state_survives_encoding() -> None:
    state, _ = forecast_state.ahead(known(), "unit", estimate(NOW), SETTINGS, OPENING, NOW)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=Foresight) == state
