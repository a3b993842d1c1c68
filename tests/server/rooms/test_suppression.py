from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.rooms.suppression import is_small, withheld

Counts = dict[str, float | None]


def test_small_counts_are_withheld_and_zero_and_gaps_are_not() -> None:
    assert [count for count in (None, 0, 1, 4, 5, 40) if is_small(count)] == [1, 4]


def test_one_small_count_takes_the_next_smallest_with_it() -> None:
    counts: Counts = {"all": 38, "a": 3, "b": 20, "c": 15, "closed": 0}

    assert withheld(counts, [("all", ["a", "b", "c", "closed"])]) == {"a", "c"}


def test_when_nothing_else_could_hide_it_the_total_is_withheld() -> None:
    assert withheld({"all": 3, "a": 3, "b": 0}, [("all", ["a", "b"])]) == {"all", "a"}
    assert withheld({"all": 30, "a": 30}, [("all", ["a"])]) == frozenset()


def test_a_room_that_hides_another_does_not_tell_itself_by_its_days() -> None:
    counts: Counts = {"all": 54, "small": 4, "big": 50, "mon": 20, "tue": 30, "s-mon": 2, "s-tue": 2}
    sums = [("all", ["small", "big"]), ("big", ["mon", "tue"]), ("small", ["s-mon", "s-tue"])]

    assert withheld(counts, sums) == {"small", "big", "mon", "s-mon", "s-tue"}


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=6), min_size=1, max_size=5))
def test_no_sum_has_exactly_one_part_that_is_not_told(rooms: list[list[int]]) -> None:
    counts: dict[str, float | None] = {"all": sum(map(sum, rooms))}
    sums = [("all", [f"r{n}" for n in range(len(rooms))])]
    for n, days in enumerate(rooms):
        counts[f"r{n}"] = sum(days)
        counts |= {f"r{n}d{d}": day for d, day in enumerate(days)}
        sums.append((f"r{n}", [f"r{n}d{d}" for d in range(len(days))]))

    hidden = withheld(counts, sums)

    assert all(key in hidden for key, count in counts.items() if is_small(count))
    assert all(sum(key in hidden for key in (whole, *parts)) != 1 for whole, parts in sums)
