from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import HOUR_MS
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units.hygiene_deadline import Freshness, begin, deadline, emptied, felt, passed

SETTINGS = Collection(bag_hours=72.0, bag_warm=25.0)
T0 = 1_775_440_800_000


def after(hours: int, celsius: float | None, nappies: float = 3.0) -> Freshness:
    """A bag whose first nappy came at T0, so many hours later, with a temperature told every half hour."""
    state = passed(begin(T0), SETTINGS, T0, nappies)
    for half in range(2 * hours):
        time = T0 + half * HOUR_MS // 2
        if celsius is not None:
            state = felt(state, SETTINGS, time, celsius)
        state = passed(state, SETTINGS, time + HOUR_MS // 2, nappies)
    return state


def test_a_cool_bag_may_stay_its_hours_from_the_first_nappy_on() -> None:
    assert deadline(after(10, 21.0), SETTINGS) == T0 + 72 * HOUR_MS


def test_without_a_temperature_nothing_is_shortened() -> None:
    assert deadline(after(10, None), SETTINGS) == T0 + 72 * HOUR_MS


def test_an_empty_bag_has_no_deadline() -> None:
    assert deadline(after(10, 30.0, nappies=0.0), SETTINGS) is None


def test_warm_hours_count_double() -> None:
    state = after(36, 28.0)
    assert state.age == 72 * HOUR_MS
    assert deadline(state, SETTINGS) == T0 + 36 * HOUR_MS


def test_as_much_warmth_is_expected_as_in_the_last_day() -> None:
    cool, warm = deadline(after(20, 20.0), SETTINGS), deadline(after(20, 28.0), SETTINGS)
    assert cool is not None
    assert warm is not None
    assert warm < T0 + 46 * HOUR_MS < cool


def test_a_temperature_holds_for_an_hour() -> None:
    state = felt(passed(begin(T0), SETTINGS, T0, 3.0), SETTINGS, T0, 30.0)
    assert passed(state, SETTINGS, T0 + 10 * HOUR_MS, 3.0).age == 11 * HOUR_MS


def test_a_new_bag_begins_anew_with_its_first_nappy() -> None:
    state = emptied(after(50, 20.0), T0 + 50 * HOUR_MS)
    assert deadline(state, SETTINGS) is None
    state = passed(state, SETTINGS, T0 + 60 * HOUR_MS, 3.0)
    assert deadline(state, SETTINGS) == T0 + 132 * HOUR_MS


def test_a_bag_that_is_over_its_time_keeps_its_deadline() -> None:
    assert deadline(after(80, 20.0), SETTINGS) == T0 + 72 * HOUR_MS


@given(st.lists(st.tuples(st.integers(0, 12), st.floats(-10, 45), st.booleans()), max_size=30))
def test_warmth_only_ever_shortens(steps: list[tuple[int, float, bool]]) -> None:
    state, time = passed(begin(T0), SETTINGS, T0, 3.0), T0
    for hours, celsius, told in steps:
        if told:
            state = felt(state, SETTINGS, time, celsius)
        time += hours * HOUR_MS
        state = passed(state, SETTINGS, time, 3.0)
    found = deadline(state, SETTINGS)
    assert found is not None
    assert T0 + 36 * HOUR_MS - 1 <= found <= T0 + 72 * HOUR_MS
    assert 0 <= state.warm <= 1 + 1e-9
