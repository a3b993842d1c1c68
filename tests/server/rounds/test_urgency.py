"""Who is left out when a vehicle cannot take all: never the fuller one, and never the same one twice in a row."""

import random
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_server.model.rounds import Candidate, Reason
from sukusuku_server.rounds import plan
from sukusuku_server.rounds.decision import MUST
from sukusuku_server.rounds.urgency import ASKED, MOST, OVERDUE, WAITED, rank
from sukusuku_server.settings import Vehicle
from tests.server.rounds.plan_cases import MORNING
from tests.server.rounds.test_plan import SITES, TRIP, TRUCK, made, setting, unit


def level(site: int, percent: float, **changes: object) -> Candidate:
    """A unit at a level, with its deadline before the round is back."""
    values: dict[str, object] = {
        "percent": percent,
        "percent_then": percent,
        "kg": percent / 100 * 9,
        "full_by": MORNING,
    }
    return unit(site, 1, **values | changes)


def silent(site: int, **changes: object) -> Candidate:
    return unit(site, 1, **{"percent": None, "percent_then": None, "silent": True, "kg": 9.0} | changes)


def taken(*candidates: Candidate, bags: int = 2) -> set[str]:
    found = made(*candidates, vehicle=settings_of(bags), solve=lambda _: None)
    return {stop.site for stop in found.joined}


def settings_of(bags: int, kg: float = 1000.0) -> Vehicle:
    return msgspec.structs.replace(TRUCK, bags=bags, kg=kg)


def test_what_presses_is_less_than_what_makes_a_bag_fuller() -> None:
    assert WAITED + ASKED + OVERDUE < MOST


def test_an_overflowing_bag_goes_before_units_of_which_nobody_knows_anything() -> None:
    assert "s0" in taken(level(0, 190.0), silent(1), silent(2))
    assert taken(level(0, 190.0), silent(1), silent(2), bags=1) == {"s0"}


def test_a_request_or_silence_goes_before_a_bag_that_is_just_full_enough() -> None:
    assert taken(level(0, 82.0), silent(1), level(2, 20.0, asked=True), bags=2) == {"s1", "s2"}
    assert taken(level(0, 130.0), silent(1), level(2, 20.0, asked=True), bags=1) == {"s0"}


def test_of_three_that_are_always_alike_each_is_left_out_in_turn() -> None:
    waits: set[int] = set()
    left: list[int] = []
    for _ in range(12):
        there = taken(*(level(n, 95.0, waited=n in waits) for n in range(3)))
        waits = {n for n in range(3) if f"s{n}" not in there}
        left.append(*waits)

    assert all(one != other for one, other in pairwise(left))


@given(
    st.lists(st.tuples(st.floats(30, 200), st.booleans(), st.booleans()), min_size=3, max_size=6),
    st.integers(1, 5),
)
@settings(max_examples=30, deadline=None)
def test_nobody_is_left_out_who_is_much_fuller_than_somebody_taken(
    units: list[tuple[float, bool, bool]], bags: int
) -> None:
    units = [(max(percent, 80.0), waited, asked) for percent, waited, asked in units]
    there = taken(*(level(n, p, waited=w, asked=a) for n, (p, w, a) in enumerate(units)), bags=bags)
    inside = [units[n] for n in range(len(units)) if f"s{n}" in there]
    outside = [units[n] for n in range(len(units)) if f"s{n}" not in there]

    assert len(inside) == min(bags, len(units))
    assert all(out[0] < into[0] + MOST for out in outside for into in inside)
    assert not any(
        out[1] and not into[1] and into[0] < out[0] and into[2] <= out[2] for out in outside for into in inside
    )


@pytest.mark.parametrize("seed", range(4))
def test_over_a_season_nobody_is_left_out_twice_while_a_less_full_one_is_taken(seed: int) -> None:
    chance = random.Random(seed)
    pace = [chance.uniform(20, 35) for _ in SITES]
    levels, waits = [chance.uniform(0, 60) for _ in SITES], set[int]()
    for day in range(49):
        levels = [min(found + own, 300.0) for found, own in zip(levels, pace, strict=True)]
        if day % 7 not in {0, 2, 4}:
            continue
        there = taken(*(level(n, found, waited=n in waits) for n, found in enumerate(levels)), bags=3)
        out = {n for n in range(len(levels)) if f"s{n}" not in there}
        into = set(range(len(levels))) - out
        assert all(levels[n] < levels[m] + MOST for n in out for m in into)
        assert not any(levels[n] > levels[m] and m not in waits for n in out & waits for m in into)
        waits = out
        for n in into:
            levels[n] = 0.0


def test_who_has_waited_keeps_the_room_that_it_does_not_fit_into_for_nobody_less_urgent() -> None:
    heavy, light = level(0, 95.0, kg=25.0), level(1, 85.0, kg=5.0)
    first = level(2, 150.0, kg=20.0)

    def loaded(*candidates: Candidate) -> set[str]:
        found = made(*candidates, vehicle=settings_of(6, 40.0), solve=lambda _: None)
        return {stop.site for stop in found.joined}

    assert loaded(first, heavy, light) == {"s2", "s1"}
    assert loaded(first, replace(heavy, waited=True), light) == {"s2"}


def test_whatever_must_be_visited_goes_before_what_may_wait() -> None:
    low, high = level(0, 10.0, asked=True), level(1, 79.0)

    assert rank(low, Reason.ASKED, 80.0, TRIP.returns) > rank(high, Reason.BEFORE_NEXT, 80.0, TRIP.returns)
    assert Reason.BEFORE_NEXT not in MUST
    assert plan.make(setting(), [low], MORNING, lambda _: None).joined
