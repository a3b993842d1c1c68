"""Totals from device counters, against the truth."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.counters import CounterEvent, CounterState, add, advance
from sukusuku_core.message_order import Mark

WRAPS = (1 << 16, 1 << 32)
T = 1_760_000_000_000


def confirmed(state: CounterState, raw: int, wrap: int | None) -> tuple[CounterState, CounterEvent | None]:
    """The state after a read, and a second one when the first was a step back."""
    state, event = advance(state, raw, wrap)
    return advance(state, raw, wrap) if event is CounterEvent.DOUBTED else (state, event)


@given(st.sampled_from(WRAPS), st.integers(0, 2**32 - 1), st.lists(st.floats(0, 0.2499), max_size=40))
def test_the_total_is_the_truth_over_any_number_of_wraps(wrap: int, start: int, shares: list[float]) -> None:
    truth = start % wrap
    state, event = advance(CounterState(), truth, wrap)
    assert (state.total, event) == (truth, CounterEvent.FIRST)
    for share in shares:
        step = int(share * wrap)
        wraps = (truth + step) // wrap > truth // wrap
        truth += step
        state, event = confirmed(state, truth % wrap, wrap)
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
        state, _ = confirmed(state, raw, 1 << 32)
        assert state.total == truth


@given(
    st.sampled_from((None, *WRAPS)),
    st.integers(0, 2**32 - 1),
    st.lists(
        st.tuples(st.sampled_from(("count", "restart", "glitch", "late", "again")), st.floats(0, 0.2499)), max_size=40
    ),
)
def test_the_total_is_the_truth_whatever_happens_on_the_way(
    wrap: int | None, start: int, steps: list[tuple[str, float]]
) -> None:
    size = wrap or 1 << 40
    clock = (T + 1000 * n for n in count())
    truth = raw = start % size
    newest = next(clock)
    state, _ = advance(CounterState(), raw, wrap, Mark(time=newest))
    for kind, share in steps:
        match kind:
            case "late":
                state, event = advance(state, int(share * 4 * size), wrap, Mark(time=newest - 500))
                assert event is CounterEvent.PASSED_OVER
                assert state.total == truth
                continue
            case "again":
                state, event = advance(state, int(share * 4 * size), wrap, Mark(time=newest))
                assert event is CounterEvent.PASSED_OVER
                assert state.total == truth
                continue
            case "glitch":
                wrong = int(share * 4 * raw)
                newest = next(clock)
                state, event = advance(state, wrong, wrap, Mark(time=newest))
                assert event is (CounterEvent.DOUBTED if wrong < raw else None)
                step = min(int(share * size), size - 1 - raw)
                truth, raw = truth + step, raw + step
            case "restart" if (step := int(share * raw)) < raw and step - raw + size >= size // 4:
                truth, raw = truth + step, step
            case _:
                step = int(share * size) if wrap else int(share * (size - raw))
                truth, raw = truth + step, (raw + step) % size
        newest = next(clock)
        state, event = advance(state, raw, wrap, Mark(time=newest))
        if event is CounterEvent.DOUBTED:
            newest = next(clock)
            state, event = advance(state, raw, wrap, Mark(time=newest))
        assert (state.total, state.raw, state.lower) == (truth, raw, None)


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
    assert confirmed(state, raw, wrap) == (CounterState(total, raw), event)


@pytest.mark.parametrize(
    ("raws", "totals"),
    [
        ((5010, 5004, 5011), (5010, 5010, 5011)),
        ((5010, 0, 5010, 5012), (5010, 5010, 5010, 5012)),
        ((5010, 0, 3, 8), (5010, 5010, 5013, 5018)),
        ((5010, 7, 2, 4), (5010, 5010, 5010, 5014)),  # which of the two was wrong is not known: the less is counted
        ((65_535, 0, 65_535), (65_535, 65_535, 65_535)),
    ],
)
def test_a_step_back_counts_when_the_next_read_confirms_it(raws: tuple[int, ...], totals: tuple[int, ...]) -> None:
    state, found = CounterState(), []
    for raw in raws:
        state, _ = advance(state, raw, 1 << 16)
        found.append(state.total)

    assert tuple(found) == totals


@given(st.permutations(range(12)), st.lists(st.integers(0, 11)), st.booleans())
def test_counts_of_periods_are_added_once_in_any_order(order: list[int], again: list[int], numbered: bool) -> None:  # noqa: FBT001 - of hypothesis
    state = CounterState()
    state, _ = add(state, 100, Mark(0 if numbered else None, T))
    for number in (*order, *again):
        mark = Mark(number + 1 if numbered else None, T + 1000 * (number + 1))
        state, _ = add(state, 1 << number, mark)
    assert state.total == 100 + (1 << 12) - 1
