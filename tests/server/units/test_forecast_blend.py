from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.model.collection import HORIZON_HOURS, Forecast, Method
from sukusuku_server.units.forecast_blend import Blend, blended, learn, members, mixed

HOURS = st.floats(0, HORIZON_HOURS)
ROUNDS = st.lists(st.tuples(HOURS, HOURS, HOURS, HOURS), min_size=1, max_size=60)


def errors(rounds: Sequence[tuple[float, float, float, float]]) -> tuple[float, list[float]]:
    """What the blend and each member lost, in the measure that the blend learns by."""
    blend, own, each = Blend(), 0.0, [0.0, 0.0, 0.0]
    for *hours, outcome in rounds:
        own += abs(mixed(blend, hours) - outcome) / (24 + outcome)
        each = [lost + abs(value - outcome) / (24 + outcome) for lost, value in zip(each, hours, strict=True)]
        blend = learn(blend, hours, outcome)
    return own, each


def test_it_follows_the_member_that_is_right() -> None:
    own, each = errors([(50.0, 20.0, 90.0, 20.0)] * 100)
    assert each[1] == 0
    assert own < 0.1 * each[0]


@given(ROUNDS)
def test_it_loses_little_to_the_best_member_whatever_comes(rounds: Sequence[tuple[float, float, float, float]]) -> None:
    own, each = errors(rounds)
    assert own <= min(each) + 14 * (2 + len(rounds) ** 0.5)


def test_a_rule_without_a_figure_sleeps() -> None:
    assert mixed(Blend(), (10.0, None, None)) == 10.0
    assert mixed(learn(Blend(), (10.0, None, None), 20.0), (10.0, None, 12.0)) == pytest.approx(10.5, abs=0.6)


def test_the_band_goes_with_the_median() -> None:
    model = Forecast("unit", 0, Method.MODEL, 50.0, 10.0, 20.0, None)
    rules = [Forecast("unit", 0, method, 50.0, None, 40.0, None) for method in (Method.LINEAR_24H, Method.LAST_WEEK)]
    found = blended(Blend(), model, rules)
    assert members(model, rules) == (20.0, 40.0, 40.0)
    assert found.hours50 == pytest.approx(28)
    assert found.hours10 == pytest.approx(14)
    assert found.hours90 is None
