from random import Random

import msgspec
import pytest

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.collection import HORIZON_HOURS, Forecast, Method, Outcome
from sukusuku_server.units.forecast import Stretch
from sukusuku_server.units.forecast_score import EMPTY, Ledger, Scored, issue, learn, score, settle

NOW = 1_775_440_800_000


def made(
    hours50: float | None, method: Method = Method.MODEL, issued: int = NOW, asset: str = "unit", half: float = 5.0
) -> Forecast:
    early, late = (None, None) if method is not Method.MODEL or hours50 is None else (hours50 - half, hours50 + half)
    return Forecast(asset, issued, method, 40.0, early, hours50, late)


def test_the_outcome_is_when_the_room_that_was_left_would_have_been_filled() -> None:
    ledger = issue(EMPTY, made(10.0), total=100.0, room=20.0)
    ledger, none = settle(ledger, "unit", NOW, NOW + 2 * HOUR_MS, 100.0, 112.0)
    assert none == ()
    ledger, found = settle(ledger, "unit", NOW + 2 * HOUR_MS, NOW + 4 * HOUR_MS, 112.0, 128.0)
    assert found == (Outcome("unit", NOW, 3.0),)
    assert ledger.waiting == ()


def test_a_forecast_whose_bag_is_not_filled_within_the_horizon_counts_as_full_at_its_end() -> None:
    ledger = issue(EMPTY, made(10.0), total=0.0, room=20.0)
    end = NOW + round(HORIZON_HOURS * HOUR_MS)
    ledger, found = settle(ledger, "unit", NOW, end, 0.0, 19.0)
    assert found == (Outcome("unit", NOW, HORIZON_HOURS),)
    assert ledger.waiting == ()


def test_of_a_unit_that_stays_silent_not_everything_waits_for_ever() -> None:
    ledger = EMPTY
    for day in range(100):
        ledger = issue(ledger, made(10.0, issued=NOW + day * 24 * HOUR_MS), total=0.0, room=20.0)
    assert len(ledger.waiting) == 15


def test_a_full_bag_is_not_forecast() -> None:
    assert issue(EMPTY, made(0.0), total=100.0, room=0.0) == EMPTY


def test_mean_error_and_shares_are_counted() -> None:
    outcomes = (9.0, 10.0, 14.0, 16.0, 4.0)
    scored = [
        Scored(forecast, outcome)
        for number, outcome in enumerate(outcomes)
        for forecast in (made(10.0, issued=NOW + number), made(20.0, Method.LAST_WEEK, issued=NOW + number))
    ]
    mine, rule = score(scored)
    assert (mine.method, mine.judged, mine.compared) == (Method.MODEL, 5, 5)
    assert mine.error == pytest.approx((1 + 0 + 4 + 6 + 6) / 5)
    assert (mine.inside, mine.early, mine.late) == pytest.approx((0.6, 0.2, 0.2))
    assert rule.error == pytest.approx((11 + 10 + 6 + 4 + 16) / 5)
    assert rule.inside is None


def test_a_method_gains_nothing_by_keeping_silent() -> None:
    scored = [
        Scored(made(10.0), 30.0),
        Scored(made(None, Method.LINEAR_24H), 30.0),
        Scored(made(10.0, issued=NOW + 1), 12.0),
        Scored(made(11.0, Method.LINEAR_24H, issued=NOW + 1), 12.0),
        Scored(made(10.0, issued=NOW + 2), HORIZON_HOURS),
        Scored(made(11.0, Method.LINEAR_24H, issued=NOW + 2), HORIZON_HOURS),
    ]
    mine, rule = score(scored)
    assert (mine.error, mine.compared, mine.judged) == (2.0, 1, 3)
    assert (rule.error, rule.compared) == (1.0, 1)
    assert mine.late == pytest.approx(2 / 3)


def test_no_forecasts_make_no_score_card() -> None:
    assert score(()) == ()


def test_a_band_that_is_too_narrow_or_too_wide_learns_to_cover_four_in_five() -> None:
    rng = Random(1)
    for true_half in (5.0, 30.0):
        stretch, inside = Stretch(), 0
        for number in range(3000):
            outcome = max(0.0, rng.gauss(100, true_half / 1.2816))
            band = 100 - 10 * stretch.early, 100 + 10 * stretch.late
            if number >= 1000:
                inside += band[0] <= outcome <= band[1]
            stretch = learn(stretch, *band, outcome)
        assert 0.77 <= inside / 2000 <= 0.83


def test_the_ledger_survives_encoding() -> None:
    ledger = issue(EMPTY, made(None), 5.0, 3.0)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(ledger), type=Ledger) == ledger
