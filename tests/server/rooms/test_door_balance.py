"""A door by which more people leave than come, day after day, is not the only one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.model.collection import FindingName
from sukusuku_server.rooms.door_balance import Balance, day_over, missed, passed


def after(days: list[tuple[int, int]], off: int = 0) -> list[FindingName | None]:
    balance, told = Balance(), []
    for came, left in days:
        balance = day_over(missed(passed(passed(balance, came, inward=True), left, inward=False), off))
        told.append(balance.told)
    return told


@pytest.mark.parametrize("turned", [False, True])
def test_it_is_said_on_the_fifth_day_and_until_most_days_are_even(turned: bool) -> None:  # noqa: FBT001 - a column
    days = [(300, 340)] * 5 + [(0, 0), (0, 0)] + [(250, 251)] * 5
    name = FindingName.MORE_COME if turned else FindingName.MORE_LEAVE
    told = after([day[::-1] if turned else day for day in days])
    assert told == [None] * 4 + [name] * 7 + [None]


def test_a_small_room_says_it_too() -> None:
    assert after([(2, 6)] * 5)[-1] is FindingName.MORE_LEAVE
    assert after([(2, 4)] * 20)[-1] is None


def test_a_door_that_overlooks_many_both_ways_is_said_to() -> None:
    assert after([(25, 25)] * 4, off=4) == [None, None, None, FindingName.MANY_MISSED]
    assert set(after([(25, 25)] * 20, off=3)) == {None}, "miscounts of a door and of staff"
    assert set(after([(3, 3)] * 20, off=2)) == {None}, "too few pass to tell"


def test_another_door_explains_whom_this_one_misses() -> None:
    assert after([(20, 28)] * 6, off=8) == [None] * 4 + [FindingName.MORE_LEAVE] * 2


def test_it_is_said_until_hardly_a_day_is_such() -> None:
    balance, told = Balance(), []
    for off in [5] * 7 + [0] * 6:
        balance = day_over(missed(passed(passed(balance, 25, inward=True), 25, inward=False), off))
        told.append(balance.told is FindingName.MANY_MISSED)
    assert told == [False] * 3 + [True] * 9 + [False]


@given(st.lists(st.tuples(st.integers(20, 60), st.integers(-2, 2)), max_size=60))
def test_miscounts_say_nothing(days: list[tuple[int, int]]) -> None:
    assert set(after([(came, came + off) for came, off in days])) <= {None}


@given(st.lists(st.integers(5, 60), max_size=30))
def test_days_that_lean_to_both_sides_say_nothing(days: list[int]) -> None:
    assert set(after([(n, n + 10) if k % 2 else (n + 10, n) for k, n in enumerate(days)])) <= {None}
