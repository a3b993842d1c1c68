"""Several stores read as one: what is told of assets that are in different ones, and of all together."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_server.live import clock, derivation_progress, watching
from sukusuku_server.model import foreign
from sukusuku_server.model.series import Quarantined
from sukusuku_server.timeseries.gathered import Gathered
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support import databases
from tests.support.stores import commit

HOUR = 3_600_000


@dataclass
class Stores:
    """Two stores with a unit each, and both as one."""

    parts: tuple[SqliteStore, SqliteStore]
    whole: Gathered


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with contextlib.ExitStack() as stack:
        north, south = (stack.enter_context(opened(tmp_path / name)) for name in ("north", "south"))
        measure(north, "north-unit", HOUR)
        measure(south, "south-unit", HOUR)
        yield Stores((north, south), Gathered([lambda: north, lambda: south]))


def opened(folder: Path) -> contextlib.closing[SqliteStore]:
    folder.mkdir()
    return contextlib.closing(SqliteStore.open(databases.readings(folder)))


def measure(store: SqliteStore, asset: str, time: int) -> None:
    commit(store, [Reading(asset, "Fill/Percent", time, 50.0)], time)


def test_each_asset_is_told_from_the_store_that_has_it(stores: Stores) -> None:
    whole = stores.whole
    assert {asset: found["Fill/Percent"].value for asset, found in whole.latest().items()} == {
        "north-unit": 50.0,
        "south-unit": 50.0,
    }
    for asset in ("north-unit", "south-unit"):
        assert [it.time for it in whole.raw(asset, "Fill/Percent", 0, 1 << 62, 10)] == [HOUR]
        assert [it.count for it in whole.hourly(asset, "Fill/Percent", 0, 1 << 62)] == [1]
        assert [it.count for it in whole.five_minutes(asset, "Fill/Percent", 0, 2 * HOUR)] == [1]
        assert [it.count for it in whole.daily(asset, "Fill/Percent", -24 * HOUR, 48 * HOUR)] == [1]
    assert whole.raw("west-unit", "Fill/Percent", 0, 1 << 62, 10) == []


def test_it_tells_that_something_is_new_wherever_it_is(stores: Stores) -> None:
    whole = stores.whole
    before, told = whole.version(), whole.latest()
    assert whole.latest() is told
    stores.parts[1].put_derived("south-unit", 0, HOUR, [Reading("south-unit", "Fill/Estimate", HOUR, 51.0)])
    measure(stores.parts[1], "south-unit", 2 * HOUR)
    assert whole.version() == before  # of its own connections
    assert whole.latest() is not told
    assert whole.latest()["north-unit"] is told["north-unit"]
    assert whole.derived_latest()["south-unit"]["Fill/Estimate"].value == 51.0


def test_the_store_that_is_furthest_behind_counts_and_counts_add_up(stores: Stores) -> None:
    north, south = stores.parts
    whole = stores.whole
    now = 1_000 * HOUR
    assert watching.is_away(whole, now)
    watching.keep(north, now)
    watching.keep(south, now - HOUR)
    assert watching.is_away(whole, now)
    watching.keep(south, now)
    assert not watching.is_away(whole, now)
    derivation_progress.keep(north, now, now)
    assert derivation_progress.read(whole) is None
    derivation_progress.keep(south, now - 5 * HOUR, now)
    assert derivation_progress.read(whole) == now - 5 * HOUR
    for store in stores.parts:
        store.note(foreign.CLAIMS, 2)
    assert whole.noted(foreign.CLAIMS) == 4
    assert whole.noted_under("foreign/") == {foreign.CLAIMS: 4}


def test_what_was_refused_is_counted_together(stores: Stores) -> None:
    for time, store in enumerate(stores.parts, 1):
        store.commit_rows([], [Quarantined(time, "topic", "unknown-metric", "", b"")], time)
    [tally] = stores.whole.tallies()
    assert (tally.reason, tally.count, tally.first, tally.last) == ("unknown-metric", 2, 1, 2)
    assert [it.received for it in stores.whole.quarantine(1)] == [2]


def test_until_all_stores_are_there_it_does_not_answer(stores: Stores) -> None:
    there = False

    def late() -> SqliteStore:
        if not there:
            raise TransientError("no tables yet")
        return stores.parts[1]

    whole = Gathered([lambda: stores.parts[0], late])
    assert not whole.available()
    with pytest.raises(TransientError):
        whole.latest()
    there = True
    assert whole.available()
    assert len(whole.latest()) == 2


def test_the_clock_of_one_shard_is_not_told_with_what_was_wrong_with_another(stores: Stores) -> None:
    north, south = stores.parts
    edges = ("north-pi", "south-pi")
    before = clock.ClockDoubt(clock.Cause.OUTVOTED, HOUR, -7_000, (("north-pi", 7_000),))
    clock.keep(north, before, edges[:1])
    assert clock.read(stores.whole, edges) == before
    clock.keep(north, None, edges[:1])
    assert clock.read(stores.whole, edges) is None
    now = clock.ClockDoubt(clock.Cause.LONG_AWAY, 2 * HOUR, 9_000)
    clock.keep(south, now, edges[1:])
    assert clock.read(stores.whole, edges) == now


@pytest.mark.parametrize(("places", "time"), [({}, HOUR), ({"unit": 0}, HOUR), ({"unit": 1}, 2 * HOUR)])
def test_the_store_of_an_asset_is_asked_first_and_others_if_it_knows_nothing(
    stores: Stores, places: dict[str, int], time: int
) -> None:
    north, south = stores.parts
    measure(north, "unit", HOUR)
    measure(south, "unit", 2 * HOUR)
    whole = Gathered([lambda: north, lambda: south], {**places, "south-unit": 0})
    assert [it.time for it in whole.raw("unit", "Fill/Percent", 0, 1 << 62, 10)] == [time]
    assert [it.time for it in whole.raw("south-unit", "Fill/Percent", 0, 1 << 62, 10)] == [HOUR]
