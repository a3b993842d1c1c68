"""What is committed is in InfluxDB in the end: readings, roll-ups, derived points, history."""

import msgspec
import pytest

from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.series import Point
from sukusuku_server.timeseries.influx.query import Query, Table
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.shipper import MARK_MS
from sukusuku_server.timeseries.influx.thinning import DELETED, RETRY_MS, ThinnedReadings
from sukusuku_server.timeseries.influx.writer import BusyError, Writer
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.server.timeseries.influx.shipping_rig import ASSETS, START, MakeRig, busy, fills, in_order, write
from tests.support.influx_v2 import Answer
from tests.support.ports import free_port
from tests.support.stores import commit


def test_all_types_and_qualities_arrive(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(
        Reading("unit-1", "Fill/Percent", START, 41.5),
        Reading("unit-1", "Fill/Percent", START + 1, 180.25, Quality.BAD),
        Reading("unit-1", "Fill/Percent", START + 2, float("inf"), Quality.BAD),
        Reading("unit-1", "Fill/Percent", START + 3, None, Quality.STALE),
        Reading("unit-1", "Cycles/Total", START, 2**63 - 1),
        Reading("unit-1", "Cycles/Total", START + 1, -(2**62) - 1, Quality.BAD),
        Reading("unit-1", "Lid/Open", START, value=True),
        Reading("unit-1", "Info/Serial", START, 'すく "1\\\n号', Quality.GOOD),
        Reading("unit-1", "Info/Serial", START + 1, "?", Quality.BAD),
        Reading("room", "Zones/食事 1,2=3\\/Count", START, 4),
    )
    rig.ship()
    found = rig.reader.scan(ASSETS[:2], 0, 1 << 62)
    expected = [it for it in rig.expected.values() if it.asset != "room"]
    assert sorted(found, key=in_order) == sorted(expected, key=in_order)
    assert rig.reader.raw("room", "Zones/食事 1,2=3\\/Count", START, START + 1, 9) == [Point(START, 4, Quality.GOOD)]
    tables = Query(rig.settings.store.influx).ask('SHOW TAG VALUES WITH KEY IN ("site", "kind", "zone")', "raw")
    assert {tuple(row) for table in tables for row in table.values} >= {
        ("site", "tobu"),
        ("kind", "unit"),
        ("kind", "room"),
        ("zone", "食事 1,2=3/"),
    }


def test_what_is_not_good_is_in_no_mean(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(
        Reading("unit-1", "Fill/Percent", START, 40.0), Reading("unit-1", "Fill/Percent", START + 1, 999.0, Quality.BAD)
    )
    rig.ship()
    assert Query(rig.settings.store.influx).ask('SELECT mean("value") FROM "reading"', "raw")[0].values[0][1] == 40.0


def test_history_of_a_file_without_influxdb_is_shipped(make_rig: MakeRig) -> None:
    rig = make_rig(batch=100)
    rig.close()
    plain = SqliteStore.open(rig.settings.store.path)
    readings = [it for asset in ASSETS[:2] for it in fills(range(START - 2 * DAY_MS, START, 600_000), asset)]
    commit(plain, readings, START)
    plain.put_derived(
        "unit-1", 0, START, [Reading("unit-1", "Fill/Estimate", START - 300_000 * n, 5.0) for n in range(400)]
    )
    plain.close()
    rig.expected = {(it.asset, it.metric, it.time): it for it in readings}
    rig.open()
    assert rig.shipper.step()  # history and derived points are under way: live readings do not wait for them
    rig.commit(*fills(range(START, START + 1_000, 100)))
    rig.ship()
    rig.check()
    assert rig.shipper.progress().done


def test_late_readings_change_what_was_rolled_up(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.commit(*fills(range(START, START + 2 * HOUR_MS, 600_000)))
    rig.now += DAY_MS + 9 * HOUR_MS
    rig.ship()
    rig.check()
    rig.commit(*fills(range(START + 1, START + 2 * HOUR_MS, 60_000)), *fills(range(START, START + 10, 5), "unit-2"))
    assert rig.shipper.progress().late == 122
    rig.ship()
    rig.check()
    assert rig.shipper.progress().late == 0


def test_derived_points_of_one_time_are_more_than_a_portion(make_rig: MakeRig) -> None:
    rig = make_rig(batch=5)
    rig.shipper.step()
    points = [
        Reading("unit-1", f"Fill/Quantile{n}", START - DAY_MS + hour, float(n)) for hour in (0, 1) for n in range(23)
    ]
    rig.store.put_derived("unit-1", 0, START, points)
    rig.store.put_derived("unit-2", 0, START, [Reading("unit-2", "Fill/Estimate", START - DAY_MS, 5.0)])
    rig.ship()
    rig.check()
    assert rig.shipper.progress().done


def test_what_is_not_shipped_is_not_pruned(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.now = START + 50 * DAY_MS
    rig.commit(*fills(range(START, START + 1_000, 100)))
    assert rig.store.prune(START + DAY_MS, 1_000) == 0
    rig.server.adapter.trouble = busy(1, Answer(503))
    with pytest.raises(BusyError):
        rig.drain()
    assert rig.store.prune(START + DAY_MS, 1_000) == 0
    rig.ship()
    rig.commit(*fills(range(START + 50, START + 1_000, 100)))
    assert rig.store.prune(START + DAY_MS, 1_000) == 1  # the one before the late ones
    rig.ship()
    assert rig.store.prune(START + DAY_MS, 1_000) == 19
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 99)) == 20


def test_readings_of_rooms_that_are_thinned_out_go_from_both_sides(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    rig.now = START + 50 * DAY_MS
    times = [START + n * DAY_MS + HOUR_MS for n in range(3)]
    rig.commit(*(Reading("room", "Occupancy/Count", time, 5) for time in times), *fills(range(times[0], times[0] + 1)))
    middle = START + 2 * DAY_MS
    assert not rig.store.drop_readings(["room"], START, middle), "they are not shipped yet"
    rig.ship()
    hours = rig.ask("daily", "hourly")

    assert rig.store.drop_readings(["room"], START, middle)
    rig.now += MARK_MS
    rig.ship()

    assert [it.time for it in rig.reader.raw("room", "Occupancy/Count", 0, 1 << 62, 99)] == times[2:]
    assert {(*key[:2], key[2] >= middle) for key in rig.ask("5m", "five_minutes")} == {
        ("room", "Occupancy/Count", True),
        ("unit-1", "Fill/Percent", False),
    }
    assert rig.ask("daily", "hourly") == hours
    assert len(rig.reader.raw("unit-1", "Fill/Percent", 0, 1 << 62, 99)) == 1
    assert "stay in InfluxDB" not in caplog.text

    rig.server.drop(rig.database)
    rig.server.create(rig.database)
    settings = rig.settings.store.influx
    backup = [f"reading,asset=room,kind=room,metric=Occupancy/Count,site=tobu value=5 {time}" for time in times]
    writer = Writer(settings)
    writer.write(settings.bucket("raw"), backup)
    writer.close()
    rig.now += MARK_MS
    rig.ship()
    assert [it.time for it in rig.reader.raw("room", "Occupancy/Count", 0, 1 << 62, 99)] == times[2:], "set back"


def test_what_influxdb_does_not_delete_is_never_noted_as_deleted(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    rig = make_rig()
    rig.now = START + 50 * DAY_MS
    rig.commit(Reading("room", "Occupancy/Count", START + HOUR_MS, 5))
    rig.ship()
    assert rig.store.drop_readings(["room"], START, START + 2 * DAY_MS)
    here = rig.settings.store.influx
    away = msgspec.structs.replace(here, url=f"http://127.0.0.1:{free_port()}")
    nowhere = msgspec.structs.replace(here, prefix="nowhere/")
    for settings in (away, nowhere, AllWords(here)):
        query = settings if isinstance(settings, Query) else Query(settings)
        thinned = ThinnedReadings(rig.store, query)
        for again in range(3):
            thinned.delete(rig.now + again * RETRY_MS)
            assert not rig.store.noted(DELETED)
    assert caplog.text.count("they stay in InfluxDB") == 3, "once by each"
    assert "the points are still there" in caplog.text

    ThinnedReadings(rig.store, Query(here)).delete(rig.now)
    assert rig.ask("raw", "reading") == {}
    assert rig.store.noted(DELETED)


class AllWords(Query):
    """A server that reports success for what it does not do."""

    def ask(self, text: str, end: str | None = None) -> list[Table]:
        """Answer everything but DELETE."""
        return [] if text.startswith("DELETE") else super().ask(text, end)


def test_what_comes_late_to_a_time_that_is_deleted_is_deleted_as_well(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.now = START + 50 * DAY_MS
    rig.commit(Reading("room", "Occupancy/Count", START + HOUR_MS, 5))
    rig.ship()
    query = Query(rig.settings.store.influx)
    for days in (2, 4):
        rig.store.drop_readings(["room"], START, START + days * DAY_MS)
        ThinnedReadings(rig.store, query).delete(rig.now)
        assert rig.ask("raw", "reading") == {}
        write(rig, f"reading,asset=room,kind=room,metric=Occupancy/Count value=5 {START}")


def test_pruned_readings_are_asked_of_influxdb(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.now = START + DAY_MS
    rig.commit(*fills(range(START, START + 2_000, 100)), *fills(range(START, START + 2_000, 500), "unit-2"))
    rig.ship()
    rig.store.archive = rig.reader
    plain = rig.store.scan(ASSETS, START, START + 2_000), rig.store.raw("unit-1", "Fill/Percent", START, 1 << 62, 15)
    assert rig.store.prune(START + 1_000, 1_000) == 12
    rig.commit(*fills(range(START + 300, START + 301)), Reading("unit-1", "Fill/Percent", START + 350, 3.0))
    rig.ship()
    scanned = rig.store.scan(ASSETS, START, START + 2_000)
    assert {(it.asset, it.time) for it in scanned} == {(it.asset, it.time) for it in plain[0]} | {
        ("unit-1", START + 350)
    }
    assert len(rig.store.raw("unit-1", "Fill/Percent", START, 1 << 62, 15)) == 15
    assert [it.time for it in rig.store.raw("unit-1", "Fill/Percent", START + 1_000, 1 << 62, 99)] == list(
        range(START + 1_000, START + 2_000, 100)
    )
    assert rig.store.first() == START


def test_while_influxdb_is_away_the_file_knows_when_everything_began(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.now = START + DAY_MS
    rig.commit(*fills(range(START, START + 2_000, 100)))
    rig.ship()
    away = msgspec.structs.replace(rig.settings.store.influx, url=f"http://127.0.0.1:{free_port()}")
    rig.store.archive = InfluxReader(Query(away), rig.store.datatype_of)
    assert rig.store.prune(START, 1_000) == 0
    assert rig.store.first() == START
    for before, gone in ((START + 500, 5), (START + 1_000, 5)):
        assert rig.store.prune(before, 1_000) == gone
        assert rig.store.first() == START
    rig.commit(*fills(range(START - 60_000, START - 59_000, 1_000)))
    assert rig.store.first() == START - 60_000
