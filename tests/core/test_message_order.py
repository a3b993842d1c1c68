"""The order of a device's messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.message_order import AHEAD, FARTHEST, NOTHING, REMEMBERED, Mark, Place, Seen, place

T = 1_760_000_000_000
NEW, LATE, AGAIN = Place.NEW, Place.LATE, Place.AGAIN


def walk(*marks: Mark) -> list[tuple[Place, int]]:
    seen, found = NOTHING, []
    for mark in marks:
        placed = place(seen, mark)
        seen = placed.seen
        found.append((placed.place, placed.missing))
    return found


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ((7, 9, 8, 10), [(NEW, 0), (NEW, 1), (LATE, -1), (NEW, 0)]),
        ((7, 8, 8, 12, 1), [(NEW, 0), (NEW, 0), (AGAIN, 0), (NEW, 3), (NEW, 0)]),
        ((5, 5 + FARTHEST + 2, 6), [(NEW, 0), (NEW, 0), (NEW, 0)]),
    ],
)
def test_numbers_tell_what_is_missing_and_what_came_late(
    numbers: tuple[int, ...], places: list[tuple[Place, int]]
) -> None:
    assert walk(*(Mark(number) for number in numbers)) == places


@given(st.integers(0, 2**40), st.permutations(range(25)), st.sets(st.integers(1, 23)))
def test_what_is_missing_in_the_end_is_what_never_came(start: int, order: list[int], dropped: set[int]) -> None:
    marks = [Mark(start + number, T + number) for number in order if number not in dropped]
    found = walk(Mark(start + 0, T), *marks, *marks, Mark(start + 25, T + 25))

    assert sum(missing for _, missing in found) == len(dropped)


def test_numbers_that_begin_anew_are_known_by_their_times() -> None:
    marks = [Mark(number, T + number) for number in (1, 2, 3)]

    assert walk(*marks, marks[1], Mark(1, T + 10), Mark(2, T + 11), marks[1]) == [
        (NEW, 0), (NEW, 0), (NEW, 0), (AGAIN, 0), (NEW, 0), (NEW, 0), (AGAIN, 0),
    ]  # fmt: skip


def test_times_order_messages_without_numbers() -> None:
    assert walk(*(Mark(time=T + offset) for offset in (0, 10, 5, 10, 5, -5, 20))) == [
        (NEW, 0), (NEW, 0), (LATE, 0), (AGAIN, 0), (AGAIN, 0), (AGAIN, 0), (NEW, 0),
    ]  # fmt: skip


def test_times_from_a_clock_that_was_set_back_do_not_stop_the_counting() -> None:
    year = 31_536_000_000
    seen = place(NOTHING, Mark(time=T + year, arrived=T + year)).seen

    assert place(seen, Mark(time=T, arrived=T)).place is NEW
    assert place(Seen(times=(T + AHEAD,)), Mark(time=T, arrived=T)).place is AGAIN


def test_only_the_latest_are_remembered() -> None:
    seen = NOTHING
    for number in range(1000):
        seen = place(seen, Mark(number)).seen

    assert seen.numbers == tuple(range(1000 - REMEMBERED, 1000))
    assert place(NOTHING, Mark()).place is NEW
