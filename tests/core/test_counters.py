"""Totals from device counters, against the truth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.counters import CounterEvent, CounterState, advance

WRAPS = (1 << 16, 1 << 32)


@given(st.sampled_from(WRAPS), st.integers(0, 2**32 - 1), st.lists(st.floats(0, 0.2499), max_size=40))
def test_the_total_is_the_truth_over_any_number_of_wraps(wrap: int, start: int, shares: list[float]) -> None:
    truth = start % wrap
    state, event = advance(CounterState(), truth, wrap)
    assert (state.total, event) == (truth, CounterEvent.FIRST)
    for share in shares:
        step = int(share * wrap)
        wraps = (truth + step) // wrap > truth // wrap
        truth += step
        state, event = advance(state, truth % wrap, wrap)
        assert state == CounterState(truth, truth % wrap)
        assert event is (CounterEvent.WRAP if wraps else None)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5_000)), max_size=40))
def test_a_restart_counts_from_zero(steps: list[tuple[bool, int]]) -> None:
    """The truth is kept as long as the counter has not overtaken its old value since the restart."""
    truth, raw = 40_000, 40_000
    state, _ = advance(CounterState(), raw, 1 << 32)
    for restarts, step in steps:
        if restarts and step < raw:
            raw = 0
        truth += step
        raw += step
        state, _ = advance(state, raw, 1 << 32)
        assert state.total == truth


@given(st.lists(st.integers(0, 2**40)), st.sampled_from((None, *WRAPS)))
def test_a_total_never_falls(raws: list[int], wrap: int | None) -> None:
    state = CounterState()
    for raw in raws:
        before = state.total
        state, _ = advance(state, raw if wrap is None else raw % wrap, wrap)
        assert state.total >= before


@pytest.mark.parametrize(
    ("state", "raw", "wrap", "total", "event"),
    [
        (CounterState(100, 65_530), 4, 1 << 16, 110, CounterEvent.WRAP),
        (CounterState(100, 30_000), 4, 1 << 16, 104, CounterEvent.RESTART),
        (CounterState(100, 65_530), 4, None, 104, CounterEvent.RESTART),
        (CounterState(100, 30_000), 0, 1 << 16, 100, CounterEvent.RESTART),
        (CounterState(100, 7), 7, 1 << 16, 100, None),
        (CounterState(500, None), 7, 1 << 16, 500, CounterEvent.FIRST),
    ],
)
def test_a_step_back_is_a_wrap_near_the_end_and_a_restart_elsewhere(
    state: CounterState, raw: int, wrap: int | None, total: int, event: CounterEvent | None
) -> None:
    assert advance(state, raw, wrap) == (CounterState(total, raw), event)
