from pathlib import Path

from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.model.collection import Forecast, Method, Outcome
from sukusuku_server.units.forecast_score import Scored
from tests.collector.alerts.alert_cases import HOUR, T0, UNIT
from tests.support.databases import operations


def made(issued: int, method: Method = Method.MODEL, asset: str = UNIT, hours50: float | None = 20.0) -> Forecast:
    band = (12.0, 30.5) if method is Method.MODEL else (None, None)
    return Forecast(asset, issued, method, 40.5, band[0], hours50, band[1])


def test_forecasts_are_kept_and_settled_when_their_outcome_is_known(tmp_path: Path) -> None:
    forecasts = Forecasts(operations(tmp_path))
    issued = [made(T0 + HOUR), made(T0 + HOUR, Method.LAST_WEEK), made(T0 + 5 * HOUR, Method.LINEAR_24H, hours50=None)]
    forecasts.replace(UNIT, T0, T0 + 6 * HOUR, issued, ())
    assert forecasts.issued(UNIT, T0, T0 + 6 * HOUR) == [issued[1], issued[0], issued[2]]
    assert forecasts.scored(UNIT, T0, T0 + 6 * HOUR) == []

    forecasts.replace(UNIT, T0 + 6 * HOUR, T0 + 30 * HOUR, (), [Outcome(UNIT, T0 + HOUR, 19.25)])
    assert forecasts.scored(UNIT, T0, T0 + 6 * HOUR) == [Scored(issued[1], 19.25), Scored(issued[0], 19.25)]


def test_what_is_derived_anew_takes_the_place_of_what_was(tmp_path: Path) -> None:
    forecasts = Forecasts(operations(tmp_path))
    first, second = made(T0 + HOUR), made(T0 + 8 * HOUR)
    forecasts.replace(UNIT, T0, T0 + 6 * HOUR, [first], ())
    forecasts.replace(UNIT, T0 + 6 * HOUR, T0 + 12 * HOUR, [second], [Outcome(UNIT, T0 + HOUR, 6.5)])

    better = made(T0 + 8 * HOUR, hours50=22.0)
    forecasts.replace(UNIT, T0 + 6 * HOUR, T0 + 12 * HOUR, [better], ())
    assert forecasts.issued(UNIT, T0, T0 + 12 * HOUR) == [first, better]
    assert forecasts.scored(None, T0, T0 + 12 * HOUR) == []


def test_an_outcome_from_before_the_stretch_stays(tmp_path: Path) -> None:
    forecasts = Forecasts(operations(tmp_path))
    forecasts.replace(UNIT, T0, T0 + 6 * HOUR, [made(T0 + HOUR)], [Outcome(UNIT, T0 + HOUR, 5.0)])
    forecasts.replace(UNIT, T0 + 6 * HOUR, T0 + 12 * HOUR, (), ())
    assert [item.outcome for item in forecasts.scored(UNIT, T0, T0 + 6 * HOUR)] == [5.0]


def test_units_and_periods_are_asked_for_apart(tmp_path: Path) -> None:
    forecasts = Forecasts(operations(tmp_path))
    forecasts.replace(UNIT, T0, T0 + 9 * HOUR, [made(T0 + HOUR), made(T0 + 3 * HOUR)], ())
    forecasts.replace("other", T0, T0 + 9 * HOUR, [made(T0 + 2 * HOUR, asset="other")], ())
    assert [item.issued for item in forecasts.issued(None, T0, T0 + 3 * HOUR)] == [T0 + HOUR, T0 + 2 * HOUR]
    assert [item.asset for item in forecasts.issued("other", T0, T0 + 9 * HOUR)] == ["other"]
