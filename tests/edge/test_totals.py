"""Totals go on over wraps, restarts and exchanged devices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.counters import CounterState
from sukusuku_core.model import Reading
from sukusuku_edge.binding import Counter
from tests.edge import edge_settings
from tests.edge.binders import BAD, T, binder, sample, taken


def test_a_total_goes_on_over_a_wrap_and_a_restart_of_the_device() -> None:
    one = binder()

    totals = [
        reading.value
        for n, raw in enumerate([2**32 - 2, 1, 1, 5, 3, 4])
        for reading in one.take([sample(T + n, cycle_counter=raw)]).readings
        if reading.metric == "Cycles/Total"
    ]

    assert totals == [2**32 - 2, 2**32 + 1, 2**32 + 5, 2**32 + 9]


def test_one_read_of_0_while_a_device_boots_counts_for_nothing() -> None:
    one = binder()

    first = one.take([sample(cycle_counter=5010), sample(T + 1, cycle_counter=0)])
    second = binder(totals=first.counters)
    outcome = second.take([sample(T + 2, cycle_counter=5011)])

    assert first.counters["unit-1", "Cycles/Total"].state == CounterState(5010, 5010, 0)
    assert outcome.readings[-1].value == 5011


def test_a_total_goes_on_after_a_restart_of_the_agent() -> None:
    first = binder()
    outcome = first.take([sample(cycle_counter=10), sample(T + 1, cycle_counter=14)])

    second = binder(totals=outcome.counters)

    assert outcome.counters == {("unit-1", "Cycles/Total"): Counter("board/cycle_counter", CounterState(14, 14))}
    assert taken(second, sample(T + 2, cycle_counter=15))["unit-1", "Cycles/Total"].value == 15


@pytest.mark.parametrize("so_far", [100, 0])
def test_another_device_on_the_same_unit_does_not_add_its_past(so_far: int) -> None:
    totals = {("unit-1", "Cycles/Total"): Counter("old-board/cycle_counter", CounterState(so_far, so_far))}
    one = binder(totals=totals)

    values = [
        taken(one, sample(T + n, cycle_counter=raw))["unit-1", "Cycles/Total"].value
        for n, raw in enumerate([9000, 9003])
    ]

    assert values == [so_far, so_far + 3]


def test_a_bad_counter_read_changes_no_total() -> None:
    one = binder()

    one.take([sample(cycle_counter=10)])
    outcome = one.take([sample(T + 1, cycle_counter=None)])
    after = one.take([sample(T + 2, cycle_counter=12)])

    assert outcome.readings[-1] == Reading("unit-1", "Cycles/Total", T + 1, None, BAD)
    assert outcome.counters == {}
    assert after.readings[-1].value == 12


@given(st.lists(st.integers(0, 2**14 - 1), min_size=1))
def test_a_total_equals_what_was_counted(steps: list[int]) -> None:
    text = edge_settings.WHOLE.replace('profile = "sukusuku-retrofit-board"', 'profile = "hardwario-gauger"')
    start = text.index('[[asset]]\nid = "unit-1"')
    text = text[:start] + '[[asset]]\nid = "u"\nkind = "unit"\n[[asset.binding]]\nmetric = "Cycles/Total"\n'
    text += 'device = "board"\npoint = "activations1"\n'
    one = binder(text)
    truth = 0
    outcome = one.take([sample(activations1=0)])
    for n, step in enumerate(steps):
        truth += step
        outcome = one.take([sample(T + n + 1, activations1=truth % 65_536)])
        truth_seen = outcome.readings[-1].value if outcome.readings else None
        assert truth_seen in {None, truth}
    last = one.take([sample(T + 10_000_000, activations1=truth % 65_536)])
    assert last.readings[-1].value == truth
