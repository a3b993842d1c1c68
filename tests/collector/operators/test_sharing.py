"""Which collector works for which operators: fair, and nobody is left alone."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.operators.sharing import share, to_give, to_take
from sukusuku_server.db.shards import View


class Collectors:
    """What processes would do that look at the same database, one after the other."""

    def __init__(self, offered: dict[str, frozenset[str]]) -> None:
        self.offered = offered
        self.holders: dict[str, str] = {}

    def view(self) -> View:
        return View(dict(self.holders), {name: frozenset(self.waits(name)) for name in self.offered})

    def waits(self, name: str) -> set[str]:
        return {shard for shard in self.offered[name] if self.holders.get(shard) != name}

    def turn(self, *, neglected: bool = False) -> int:
        """Have each one give and take. Tell how many shards were given up."""
        given = 0
        for name in self.offered:
            waits = self.waits(name)
            for shard in to_take(self.view(), name, waits, waits if neglected else ()):
                assert shard not in self.holders
                self.holders[shard] = name
            shard_to_give = to_give(self.view(), name)
            if shard_to_give is not None:
                assert self.holders.pop(shard_to_give) == name
                given += 1
        return given

    def settle(self) -> None:
        for _ in range(200):
            given = self.turn()
            if not given and not self.turn(neglected=True):
                return
        raise AssertionError("they never come to rest")

    def counts(self) -> Counter[str]:
        counts = Counter(self.holders.values())
        counts.update(dict.fromkeys(self.offered, 0))
        return counts


def everybody(processes: Iterable[int], shards: int) -> dict[str, frozenset[str]]:
    return {f"p{number}": frozenset(f"town-{shard}" for shard in range(shards)) for number in processes}


@given(st.integers(1, 5), st.integers(0, 30), st.integers(0, 3), st.integers(0, 4))
def test_whoever_comes_and_goes_all_is_served_and_fair(before: int, shards: int, more: int, gone: int) -> None:
    collectors = Collectors(everybody(range(before), shards))
    collectors.settle()
    collectors.offered |= everybody(range(before, before + more), shards)
    collectors.settle()
    for dead in sorted(collectors.offered)[: min(gone, len(collectors.offered) - 1)]:
        del collectors.offered[dead]
        collectors.holders = {shard: name for shard, name in collectors.holders.items() if name != dead}
    collectors.settle()

    assert len(collectors.holders) == shards
    counts = collectors.counts().values()
    assert max(counts) - min(counts) <= 1


@given(st.lists(st.frozensets(st.sampled_from([f"town-{n}" for n in range(8)])), min_size=1, max_size=4))
def test_also_where_not_each_can_work_for_all(offers: list[frozenset[str]]) -> None:
    collectors = Collectors({f"p{number}": offer for number, offer in enumerate(offers)})
    collectors.settle()
    assert collectors.holders.keys() == frozenset().union(*offers)


def test_nobody_takes_more_than_its_share_at_once() -> None:
    view = View({}, {"one": frozenset("abcde"), "other": frozenset("abcde")})
    assert share(view, "one", "abcde") == 3
    assert len(to_take(view, "one", "abcde", ())) == 3


def test_of_two_that_come_at_once_each_begins_with_others() -> None:
    shards = [f"town-{number}" for number in range(40)]
    view = View({}, {"one": frozenset(shards), "other": frozenset(shards)})
    one, other = (set(to_take(view, name, shards, ())) for name in ("one", "other"))
    assert len(one & other) < 15


def test_what_was_given_up_is_left_to_others_until_it_is_neglected() -> None:
    view = View({"a": "other"}, {})
    assert to_take(view, "one", ["b"], neglected=(), left=["b"]) == []
    assert to_take(view, "one", ["b"], neglected=["b"], left=["b"]) == ["b"]


def test_nothing_is_given_to_who_could_not_work_for_it() -> None:
    view = View({"a": "one", "b": "one"}, {"other": frozenset({"c"})})
    assert to_give(view, "one") is None
