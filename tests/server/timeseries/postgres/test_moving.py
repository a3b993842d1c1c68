"""What is stored of an asset goes to another schema as a whole, and is told there as it was told before."""

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError
from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.imports import NewImport
from sukusuku_server.model.series import Moved, RoomHour, Row
from sukusuku_server.timeseries import PRUNED
from sukusuku_server.timeseries.postgres.moving import assets_in, move
from sukusuku_server.timeseries.postgres.store import PostgresStore
from tests.server.timeseries.packing import pack
from tests.support.postgres import PostgresServer
from tests.support.stores import commit

DAY = 20_000 * DAY_MS
ASSETS = ("room", "unit")


@pytest.fixture
def stores(postgres: PostgresServer) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Two, the second of which has series of its own already."""
    settings = postgres.settings()
    with contextlib.ExitStack() as stack:
        found = [
            stack.enter_context(
                contextlib.closing(
                    PostgresStore.open(msgspec.structs.replace(settings, schema=f"{settings.schema}_{it}"))
                )
            )
            for it in ("source", "target")
        ]
        commit(found[1], [Reading("other", metric, DAY, 1.0) for metric in ("Fill/Percent", "Fill/Weight")], DAY)
        yield found[0], found[1]


def measured(asset: str, day: int) -> list[Reading]:
    times = range(day, day + 6 * HOUR_MS, HOUR_MS // 2)
    return [
        reading
        for time in times
        for reading in (
            Reading(asset, "Fill/Percent", time, (time // HOUR_MS) % 50 + 0.5),
            Reading(asset, "Lid/Open", time, time % DAY_MS == 0),
            Reading(asset, "Info/Version", time, "1.0", Quality.GOOD),
        )
    ]


def fill(store: PostgresStore, asset: str) -> None:
    """Store something of every kind; the first day is packed."""
    commit(store, measured(asset, DAY), DAY + DAY_MS)
    series = store.series(asset, "Cycles/Total", DataType.INT64)
    rows: list[Row] = [(DAY + minute * 60_000, series, minute, int(Quality.GOOD)) for minute in range(5)]
    store.keep_import(NewImport(asset, "Cycles/Total", "old.csv", "digest"), rows, DAY + DAY_MS)
    pack(store)
    commit(store, measured(asset, DAY + DAY_MS), DAY + 2 * DAY_MS)
    moved = Moved((DAY + DAY_MS + 7, series, 9, int(Quality.BAD)), 5)
    store.commit_rows([], [], DAY + 2 * DAY_MS, [moved])
    points = [Reading(asset, "Fill/Estimate", DAY + hour * HOUR_MS, float(hour)) for hour in range(4)]
    store.put_derived(asset, DAY - 1, DAY + DAY_MS, points)
    store.thin(asset, DAY, DAY + HOUR_MS, points[:1], [RoomHour("count", DAY, b"sums")])
    store.mark_offline({asset: DAY + 2 * DAY_MS})
    store.note_all({PRUNED: DAY - DAY_MS, f"proofs/{asset}": 2, f"passed-over/{asset}/type": 3})


def told(store: PostgresStore, asset: str) -> dict[str, Any]:
    """All that a store tells of an asset."""
    everything = 0, 1 << 62
    metrics = sorted(store.latest().get(asset, {}))
    return {
        "latest": store.latest().get(asset),
        "raw": {metric: store.raw(asset, metric, *everything, 10_000) for metric in metrics},
        "hourly": {metric: store.hourly(asset, metric, *everything) for metric in metrics},
        "scan": store.scan([asset], *everything),
        "derived": store.derived(asset, "Fill/Estimate", *everything),
        "hours": store.room_hours(asset, *everything),
        "late": [(it.since, it.changed) for it in store.late() if it.asset == asset],
        "imports": [(it.what, it.time, it.first, it.readings) for it in store.imports() if it.what.asset == asset],
        "noted": [
            store.noted(key) for key in (f"thinned/{asset}", f"proofs/{asset}", f"passed-over/{asset}/type", PRUNED)
        ],
    }


def test_everything_of_an_asset_goes_and_the_others_stay(stores: tuple[PostgresStore, PostgresStore]) -> None:
    source, target = stores
    for asset in ASSETS:
        fill(source, asset)
    before = {asset: told(source, asset) for asset in ASSETS}
    assert all(before["unit"].values())
    assert len(before["unit"]["scan"]) == 2 * 12 * 3 + 5 + 1
    own = told(target, "other")

    assert list(move(source, target, {"unit", "never-there"})) == ["unit"]

    source.load()
    target.load()
    assert told(target, "unit") == before["unit"]
    assert told(source, "room") == before["room"]
    assert {**told(target, "other"), "noted": own["noted"]} == own
    assert assets_in(source.database, source.database.schema) == {"room"}
    assert source.scan(["unit"], 0, 1 << 62) == []
    assert source.noted("proofs/unit") is None  # the smallest note of all shards would go on being told
    assert list(move(source, target, {"unit"})) == []


def test_what_comes_again_after_a_move_is_recognised(stores: tuple[PostgresStore, PostgresStore]) -> None:
    source, target = stores
    fill(source, "unit")
    before = told(source, "unit")
    assert list(move(source, target, ASSETS)) == ["unit"]
    again = [*measured("unit", DAY), *measured("unit", DAY + DAY_MS)]
    target.load()
    assert commit(target, again, DAY + 3 * DAY_MS).stored == 0
    assert target.scan(["unit"], 0, 1 << 62) == before["scan"]
    pack(target)
    assert target.scan(["unit"], 0, 1 << 62) == before["scan"]
    [taken] = target.imports()
    assert target.undo_import(taken.number, DAY + 3 * DAY_MS).readings == 5


def test_readings_of_an_asset_in_both_are_not_mixed(stores: tuple[PostgresStore, PostgresStore]) -> None:
    source, target = stores
    for store in stores:
        commit(store, measured("unit", DAY), DAY)
    with pytest.raises(PermanentError, match="both have readings of unit"):
        list(move(source, target, {"unit"}))
    assert len(source.scan(["unit"], 0, 1 << 62)) == len(target.scan(["unit"], 0, 1 << 62)) == 36


def test_accounts_of_a_centre_that_are_in_both_do_not_hold_up_the_others(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    source, target = stores
    for store, value in ((source, 1.0), (target, 2.0)):
        points = [Reading("site/tobu", "Visits/Count", DAY + place, value) for place in range(2)]
        store.put_derived("site/tobu", DAY - 1, DAY + DAY_MS, points[: int(3 - value)])
    commit(source, measured("unit", DAY), DAY)
    assert list(move(source, target, {"site/tobu", "unit"})) == ["site/tobu", "unit"]
    assert [it.value for it in target.derived("site/tobu", "Visits/Count", DAY, DAY + DAY_MS)] == [2.0, 1.0]
