"""The deriver: whatever order readings come in, and wherever it is interrupted, the same is derived in the end."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_collector.derivation.runner import COMMIT_MS, DerivationRunner, Subject
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence, Finding, FindingName
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.model.series import Late
from sukusuku_server.timeseries import SETTLED_MS
from tests.support.databases import store
from tests.support.stores import commit

DAY = 86_400_000
START = 20_000 * DAY
UNTIL = START + 4 * DAY


@dataclass(frozen=True)
class Sum:
    """Everything that was read so far; an emptying that people entered takes it to zero."""

    total: int = 0
    seen: int = 0


class Summing:
    """A derivation that is easy to foretell: the sum of all values, after every reading."""

    version = 1
    kind = Sum

    def start(self, time: int) -> Sum:
        return Sum()

    def wakes(self, state: Sum) -> int:
        return 2 * UNTIL  # it never looks by itself

    def advance(self, state: Sum, readings: Sequence[Reading], said: Sequence[Emptying], until: int) -> Advanced[Sum]:
        points = []
        events: list[Reading | Emptying] = [*readings, *said]
        for event in sorted(events, key=lambda item: item.time):
            if isinstance(event, Emptying):
                state = replace(state, total=0)
                continue
            assert isinstance(event.value, int)
            state = Sum(state.total + event.value, state.seen + 1)
            points.append(Reading(event.asset, "Fill/Nappies", event.time, float(state.total)))
        assert all(point.time <= until for point in points)
        return Advanced(state, tuple(points))


class Memory:
    """Records without a database."""

    def __init__(self) -> None:
        self.words: list[Emptying] = []
        self.new: list[Late] = []
        self.kept: list[tuple[str, tuple[str, ...]]] = []
        self.kept_states: dict[str, dict[int, tuple[int, bytes]]] = {}

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def speakers(self, after: int, until: int) -> set[str]:
        return {word.asset for word in self.words if after < word.time <= until}

    def said(self, asset: str, after: int, until: int) -> Sequence[Emptying]:
        return [word for word in self.words if word.asset == asset and after < word.time <= until]

    def keep(self, asset: str, after: int, until: int, advanced: Advanced[Any]) -> None:
        assert after < until
        self.kept.append((asset, tuple(item.name for item in advanced.findings)))

    def spoken(self) -> Sequence[Late]:
        return tuple(self.new)

    def heard(self, spoken: Late) -> None:
        self.new.remove(spoken)

    def checkpoint(self, asset: str, before: int, version: int) -> tuple[int, bytes] | None:
        times = [time for time, kept in self.kept_states.get(asset, {}).items() if time < before and kept[0] == version]
        return (max(times), self.kept_states[asset][max(times)][1]) if times else None

    def checkpoints(self, before: int, version: int) -> dict[str, tuple[int, bytes]]:
        found = {asset: self.checkpoint(asset, before, version) for asset in self.kept_states}
        return {asset: kept for asset, kept in found.items() if kept is not None}

    def put_checkpoint(self, asset: str, time: int, version: int, state: bytes) -> None:
        kept = {at: it for at, it in self.kept_states.get(asset, {}).items() if at < time}
        self.kept_states[asset] = kept | {time: (version, state)}

    def enter(self, asset: str, time: int) -> None:
        self.words.append(
            Emptying(asset, time, 0, 0, (Evidence.PERSON,), 1.0, EmptyingState.ENTERED, "staff", id=len(self.words) + 1)
        )
        self.words.sort(key=lambda word: word.time)
        self.new.append(Late(asset, time, 1))


class World:
    """A store, records and a deriver that may be restarted."""

    def __init__(self, folder: Path) -> None:
        self.store = store(folder)
        self.records = Memory()
        self.now = UNTIL + SETTLED_MS + COMMIT_MS
        self.restart()

    def restart(self) -> None:
        self.deriver = DerivationRunner(
            self.store, self.records, {"a": Subject(Summing()), "b": Subject(Summing())}, lambda: self.now
        )

    def work(self) -> None:
        more = self.deriver.begin()
        while more:
            more = self.deriver.stretch()

    def read(self, *readings: tuple[str, int, int]) -> None:
        rows = [Reading(asset, "Cycles/Total", START + minute * 60_000, value) for asset, minute, value in readings]
        commit(self.store, rows, UNTIL + 2 * SETTLED_MS)

    def derived(self, asset: str) -> list[tuple[int, Any]]:
        points = self.store.derived(asset, "Fill/Nappies", 0, 2 * UNTIL)
        return [((point.time - START) // 60_000, point.value) for point in points]


def expected(asset: str, read: Sequence[tuple[str, int, int]], entered: Sequence[int] = ()) -> list[tuple[int, int]]:
    events = sorted([(minute, 1, value) for owner, minute, value in read if owner == asset])
    total, found = 0, []
    for minute, _, value in sorted(events + [(at, 0, 0) for at in entered]):
        if (minute, 0, 0) in [(at, 0, 0) for at in entered] and value == 0:
            total = 0
            continue
        total += value
        found.append((minute, total))
    return found


class Nines(Summing):
    """Finds something while the last value is 9."""

    def wakes(self, state: Sum) -> int:
        return 0  # every step tells

    def advance(self, state: Sum, readings: Sequence[Reading], said: Sequence[Emptying], until: int) -> Advanced[Sum]:
        advanced = super().advance(state, readings, said, until)
        nine = any(reading.value == 9 for reading in readings)
        found = Finding("a", FindingName.LEVEL_STUCK, until, None, "") if nine else None
        return replace(advanced, findings=() if found is None else (found,))


def test_what_is_being_committed_while_the_past_is_read_is_derived_too(tmp_path: Path) -> None:
    """It is not late: so the deriver must not have gone over its time."""
    world = World(tmp_path)
    world.read(("a", 0, 1))
    received = world.now = UNTIL
    world.now += 1_000  # decoded, and not yet committed
    world.work()
    commit(world.store, [Reading("a", "Cycles/Total", received - SETTLED_MS, 2)], received)
    world.now += 10 * SETTLED_MS
    world.work()
    assert [value for _, value in world.derived("a")] == [1, 3]
    world.store.close()


def test_only_what_comes_of_a_step_is_kept_and_that_a_finding_has_ended(tmp_path: Path) -> None:
    world = World(tmp_path)
    subjects = {"a": Subject(Nines()), "b": Subject(Summing())}
    world.deriver = DerivationRunner(world.store, world.records, subjects, lambda: world.now)
    world.read(("a", 0, 1))
    world.work()
    world.records.kept.clear()
    for value in (1, 9, 1, 1):
        world.now += 10 * SETTLED_MS
        reading = Reading("a", "Cycles/Total", world.now - 2 * SETTLED_MS, value)
        commit(world.store, [reading], world.now)
        world.work()

    assert world.records.kept == [("a", (FindingName.LEVEL_STUCK,)), ("a", ())]
    world.store.close()


EVENTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 4 * 1440 - 1), st.integers(1, 9)),
    unique_by=lambda event: event[:2],
    min_size=1,
    max_size=30,
)


@settings(max_examples=40)
@given(batches=st.lists(EVENTS, min_size=1, max_size=4), restarts=st.sets(st.integers(0, 3)))
def test_late_readings_and_restarts_make_no_difference(
    tmp_path_factory: Any, batches: list[list[tuple[str, int, int]]], restarts: set[int]
) -> None:
    world = World(tmp_path_factory.mktemp("derive"))
    seen: dict[tuple[str, int], int] = {}
    for number, batch in enumerate(batches):
        for asset, minute, value in batch:
            seen.setdefault((asset, minute), value)
        world.read(*batch)
        world.work()
        if number in restarts:
            world.restart()
    world.work()

    read = [(asset, minute, value) for (asset, minute), value in seen.items()]
    assert world.derived("a") == expected("a", read)
    assert world.derived("b") == expected("b", read)
    assert world.store.late() == []
    world.store.close()


def test_what_people_say_is_derived_anew_from_that_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.read(("a", 10, 5), ("a", 1500, 4), ("a", 3000, 3))
    world.work()
    before = world.derived("a")

    world.records.enter("a", START + 1000 * 60_000)
    world.work()

    assert before == [(10, 5), (1500, 9), (3000, 12)]
    assert world.derived("a") == [(10, 5), (1500, 4), (3000, 7)]
    assert world.records.new == []
    world.store.close()


def test_a_restart_goes_on_from_the_last_midnight(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.read(("a", 10, 5), ("a", 5000, 4))
    world.work()
    world.restart()
    world.read(("a", 5100, 1))
    world.work()

    assert world.derived("a") == [(10, 5), (5000, 9), (5100, 10)]
    assert len(world.records.kept_states["a"]) == 4
    world.store.close()


def test_what_is_thinned_out_is_not_derived_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.read(("a", 10, 5), ("a", 1500, 4), ("a", 3000, 3))
    world.work()
    midnight = START + 900 * 60_000  # in Japan
    thinned = [Reading("a", "Fill/Nappies", START, 2.0)]
    world.store.thin("a", START, midnight, thinned, [])
    world.store.drop_readings(["a"], START, midnight)

    world.read(("a", 20, 7), ("a", 1600, 1))
    world.work()
    assert world.derived("a") == [(0, 2), (1500, 9), (1600, 10), (3000, 13)], "from the midnight after it"

    world.records.kept_states.clear()
    world.restart()
    world.records.enter("a", START + 5 * 60_000)
    world.work()
    assert world.derived("a") == [(0, 2), (1500, 4), (1600, 5), (3000, 8)], "from nothing, as there is no checkpoint"
    world.store.close()


def test_a_checkpoint_of_another_version_is_not_used(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.read(("a", 10, 5))
    world.work()
    world.records.kept_states["a"] = dict.fromkeys(world.records.kept_states["a"], (0, b"\xc1"))
    world.restart()
    world.work()

    assert world.derived("a") == [(10, 5)]
    world.store.close()


def test_it_tells_from_when_on_the_past_was_derived_anew_once_that_is_done(tmp_path: Path) -> None:
    world = World(tmp_path)
    begun = world.deriver.until
    assert begun is None
    world.read(("a", 60, 1), ("b", 3000, 1))
    world.work()
    world.deriver.revised()
    assert world.deriver.until == UNTIL

    world.read(("a", 2000, 1))
    world.records.enter("b", START + 50 * 60_000)
    assert world.deriver.begin()
    assert world.deriver.revised() == {}, "not yet"
    assert (world.deriver.until or 0) < UNTIL
    world.work()

    assert world.deriver.until == UNTIL
    told = {"a": START + 2000 * 60_000, "b": START + 50 * 60_000}
    assert [world.deriver.revised(), world.deriver.revised()] == [told, {}]
    world.store.close()


def test_what_was_derived_anew_is_told_even_when_the_database_fails_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    world.read(("a", 60, 1), ("b", 3000, 1))
    world.work()
    world.deriver.revised()
    world.read(("a", 2000, 1))
    world.records.enter("b", START + 2500 * 60_000)

    def fails(_: Late) -> None:
        raise TransientError("no")

    monkeypatch.setattr(world.records, "heard", fails)
    with pytest.raises(TransientError):
        world.work()

    assert world.store.late() == [], "it will not be derived anew a second time"
    assert world.deriver.revised() == {"a": START + 2000 * 60_000, "b": START + 2500 * 60_000}
    world.store.close()
