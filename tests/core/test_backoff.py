"""Pauses grow up to a limit and begin again after a success."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.backoff import Backoff

FIRST = st.floats(0.001, 1_000)
FACTOR = st.floats(1.01, 10)
LIMIT = st.floats(0.001, 100_000)
SHARE = st.floats(0, 1)


@given(FIRST, LIMIT, FACTOR, SHARE, st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=50))
def test_a_pause_grows_by_the_factor_and_is_shortened_by_chance(
    first: float, limit: float, factor: float, jitter: float, chances: list[float]
) -> None:
    exact = Backoff(first, limit, factor=factor)
    numbers = iter(chances)
    shortened = Backoff(first, limit, factor=factor, jitter=jitter, chance=lambda: next(numbers))

    for n, chance in enumerate(chances):
        whole = exact.after(n + 1)
        assert whole == pytest.approx(min(limit, first * factor**n))
        assert shortened.next() == pytest.approx(whole - whole * jitter * chance)


@given(FIRST, LIMIT, FACTOR)
def test_pauses_never_shrink_and_end_at_the_limit(first: float, limit: float, factor: float) -> None:
    backoff = Backoff(first, limit, factor=factor)
    pauses = [backoff.next() for _ in range(100)]

    assert all(shorter <= longer for shorter, longer in pairwise(pauses))
    assert max(pauses) <= limit
    assert backoff.after(10**9) == limit


@given(FIRST, LIMIT, st.integers(0, 30))
def test_after_a_success_the_pauses_begin_again(first: float, limit: float, failures: int) -> None:
    backoff = Backoff(first, limit)
    for _ in range(failures):
        backoff.next()
    backoff.reset()

    assert [backoff.next() for _ in range(5)] == [backoff.after(n) for n in range(1, 6)]


def test_the_pauses_of_two_nodes_differ() -> None:
    pauses = {Backoff(0.5, 5.0, jitter=0.5).next() for _ in range(20)}

    assert len(pauses) > 1
    assert all(0.25 < pause <= 0.5 for pause in pauses)
