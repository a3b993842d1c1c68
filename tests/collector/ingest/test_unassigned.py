"""Readings that facility.toml has no place for: acknowledged, so they must be kept, and found again."""

import logging
from pathlib import Path

import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.maintenance.retention import assign
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality, Reading
from sukusuku_core.settings import parse
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Unassigned
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.sqlite import SqliteStore
from sukusuku_server.timeseries.unassigned import cuts
from tests.collector.ingest.scripted_edge import (
    NOW,
    Edge,
    FailingStore,
    Time,
    acknowledges,
    asks_rebirth,
    ddata,
    reasons,
    values,
)
from tests.collector.small_facility import FACILITY, facility


def changed(old: str, new: str) -> Facility:
    """The facility after somebody has put a line of it right."""
    text = FACILITY.format(port=1883)
    assert old in text
    return parse(text.replace(old, new), Facility, "facility.toml")


def stored(facility_then: Facility, store: SqliteStore) -> int:
    return sum(assign(facility_then, store))


@pytest.mark.parametrize(
    ("asset", "reason", "old", "new"),
    [
        ("unit-9", "unknown-asset", 'id = "unit-1"', 'id = "unit-9"'),
        ("unit-2", "wrong-edge", 'edge = "seibu-pi"', 'edge = "tobu-pi"'),
    ],
)
def test_readings_without_a_place_are_acknowledged_and_stored_once_there_is_one(
    store: FailingStore, ingest: Ingest, asset: str, reason: str, old: str, new: str
) -> None:
    edge = Edge(ingest, assets=(asset,))
    edge.session.committed([Reading(asset, "Cycles/Total", NOW - 9, 12)])
    edge.born()
    readings = [
        Reading(asset, "Fill/Percent", NOW, 42.5),
        Reading(asset, "Lid/Open", NOW, value=True),
        Reading(asset, "Temperature", NOW, None, Quality.STALE),
        Reading(asset, "Info/Serial", NOW, "x" * 900),
    ]
    outcome = ingest.process(edge.data(*readings))
    assert [action.rows for action in edge.answers(outcome)] == [(0, 1, 2, 3)]
    assert not asks_rebirth(outcome)
    assert store.latest() == {}
    assert {(tally.reason, tally.topic.split("/")[2], tally.count) for tally in store.unassigned()} == {
        (reason, "DBIRTH", 1),
        (reason, "DDATA", 1),
    }

    assert stored(facility(), store) == 0  # nobody has put it right yet
    assert stored(changed(old, new), store) == 2
    found = store.latest()[asset]
    assert {name: (item.time, item.value, item.quality) for name, item in found.items()} == {
        "Cycles/Total": (NOW - 9, 12, Quality.GOOD),
        **{reading.metric: (reading.time, reading.value, reading.quality) for reading in readings},
    }
    assert store.unassigned() == []
    assert stored(changed(old, new), store) == 0


def test_an_unknown_asset_does_not_hold_up_the_others(store: FailingStore, ingest: Ingest) -> None:
    edge = Edge(ingest, assets=("unit-9", "unit-1"))
    edge.born()
    stranger, known = Reading("unit-9", "Fill/Percent", NOW, 1.0), Reading("unit-1", "Fill/Percent", NOW, 2.0)
    outcome = ingest.process(edge.data(stranger, known))
    assert {row for action in edge.answers(outcome) for row in action.rows} == {0, 1}
    assert values(store, "Fill/Percent") == [(NOW, 2.0, Quality.GOOD)]


def test_it_is_acknowledged_only_when_it_is_put_by(store: FailingStore, ingest: Ingest) -> None:
    edge = Edge(ingest, assets=("unit-9",))
    edge.born()
    store.full = True
    with pytest.raises(TransientError):
        ingest.process(edge.data(Reading("unit-9", "Fill/Percent", NOW, 1.0)))
    store.full = False
    assert not acknowledges(ingest.process([]))
    assert store.unassigned() == []


def test_what_comes_before_a_birth_is_not_put_by_but_asked_for_again(store: FailingStore, ingest: Ingest) -> None:
    outcome = ingest.process([ddata(5, Metric("Fill/Percent", 1.0, NOW), asset="unit-9")])
    assert asks_rebirth(outcome)
    assert store.unassigned() == []


def test_a_birth_without_values_leaves_nothing_to_put_by(store: FailingStore, ingest: Ingest) -> None:
    assert acknowledges(Edge(ingest, assets=("unit-9",)).born())
    assert store.unassigned() == []


def test_readings_of_a_zone_that_is_not_in_the_settings_wait_for_it(store: FailingStore, ingest: Ingest) -> None:
    Edge(ingest).born()
    metrics = (Metric("Zones/eating/Count", 1, NOW), Metric("Zones/sleep/Count", 2, NOW))
    outcome = ingest.process([ddata(3, *metrics, asset="room")])
    assert acknowledges(outcome)
    assert values(store, "Zones/eating/Count", "room") == [(NOW, 1, Quality.GOOD)]
    assert [tally.reason for tally in store.unassigned()] == ["unknown-zone"]
    assert reasons(store) == []

    assert stored(facility(), store) == 0
    assert [tally.count for tally in store.unassigned()] == [1]
    assert stored(changed('id = "eating"', 'id = "sleep"'), store) == 1
    assert values(store, "Zones/sleep/Count", "room") == [(NOW, 2, Quality.GOOD)]


def test_what_was_declared_in_another_datatype_is_read_as_declared(store: FailingStore, ingest: Ingest) -> None:
    Edge(ingest, assets=()).born()
    declared = sparkplug.PayloadMessage()
    declared.timestamp, declared.seq = NOW, 1
    declared.metrics.add(name="Fault/Code", datatype=1, is_null=True)  # Int8
    ingest.process([Message("spBv1.0/toshima/DBIRTH/tobu-pi/unit-9", declared.SerializeToString())])
    value = sparkplug.PayloadMessage()
    value.timestamp, value.seq = NOW, 2
    value.metrics.add(name="Fault/Code", timestamp=NOW, int_value=7)
    ingest.process([Message("spBv1.0/toshima/DDATA/tobu-pi/unit-9", value.SerializeToString())])
    assert stored(changed('id = "unit-1"', 'id = "unit-9"'), store) == 1
    assert values(store, "Fault/Code", "unit-9") == [(NOW, 7, Quality.GOOD)]


def test_times_are_judged_as_when_it_came(store: FailingStore, ingest: Ingest, time: Time) -> None:
    """By the receipt where the clock was said not to be set."""
    Edge(ingest, assets=()).born()
    unset = Payload(5_000_000, (Metric("Clock/Synced", value=False, timestamp=5_000_000),), 1)
    ingest.process([Message("spBv1.0/toshima/NDATA/tobu-pi", sparkplug.encode(unset))])
    data = Payload(5_010_000, (Metric("Fill/Percent", 3.0, 5_004_000, DataType.DOUBLE),), 2)
    ingest.process([Message("spBv1.0/toshima/DDATA/tobu-pi/unit-9", sparkplug.encode(data))])
    time.now += 86_400_000
    assert stored(changed('id = "unit-1"', 'id = "unit-9"'), store) == 1
    assert values(store, "Fill/Percent", "unit-9") == [(NOW - 6_000, 3.0, Quality.GOOD)]


def test_the_oldest_make_room_and_the_log_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = SqliteStore.open(tmp_path / "readings.db", unassigned_bytes=1_000)
    ingest = Ingest(facility(), store, Time())
    edge = Edge(ingest, assets=("unit-9",))
    edge.born()
    with caplog.at_level(logging.ERROR):
        for n in range(6):
            assert acknowledges(ingest.process(edge.data(Reading("unit-9", "Fill/Percent", NOW + n, float(n)))))
    assert stored(changed('id = "unit-1"', 'id = "unit-9"'), store) == 4
    assert [value for _, value, _ in values(store, "Fill/Percent", "unit-9")] == [2.0, 3.0, 4.0, 5.0]
    assert store.noted("unassigned/dropped") == 2
    store.close()
    told = [record.getMessage() for record in caplog.records]
    assert sum("no unit or room 'unit-9'" in text for text in told) == 1
    assert sum("dropped to make room" in text for text in told) == 2


def test_a_flood_of_one_edge_node_pushes_out_only_its_own(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "readings.db", unassigned_bytes=20_000)

    def waiting(node: str, number: int) -> Unassigned:
        topic = f"spBv1.0/toshima/DDATA/{node}/unit-9"
        return Unassigned(NOW + number, topic, "unknown-asset", "", b"x" * 800, clock_set=True)

    store.commit_rows([], [], NOW, [], [waiting("tobu-pi", n) for n in range(5)])
    for n in range(300):
        store.commit_rows([], [], NOW, [], [waiting("seibu-pi", n)])

    there = {tally.topic.split("/")[3]: tally.count for tally in store.unassigned()}
    assert there["tobu-pi"] == 5
    assert 14 <= there["seibu-pi"] <= 15
    newest = store.newest_unassigned("spBv1.0/toshima/DDATA/seibu-pi/unit-9", 1)
    assert newest[0].received == NOW + 299
    assert store.noted("unassigned/dropped") == 300 - there["seibu-pi"]
    store.close()


@pytest.mark.parametrize(
    ("taken", "excess", "gone"),
    [
        ({"a": 100, "b": 10}, 30, {"a": 30}),
        ({"a": 100, "b": 90, "c": 10}, 30, {"a": 20, "b": 10}),
        ({"a": 50, "b": 50}, 20, {"a": 10, "b": 10}),
        ({"a": 30, "b": 20}, 60, {"a": 30, "b": 20}),
        ({}, 5, {}),
    ],
)
def test_who_takes_most_gives_way(taken: dict[str, int], excess: int, gone: dict[str, int]) -> None:
    assert cuts(taken, excess) == gone


def test_it_survives_a_restart(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "readings.db")
    ingest = Ingest(facility(), store, Time())
    edge = Edge(ingest, assets=("unit-9",))
    edge.born()
    ingest.process(edge.data(Reading("unit-9", "Fill/Percent", NOW, 1.0)))
    store.close()
    store = SqliteStore.open(tmp_path / "readings.db")
    assert stored(changed('id = "unit-1"', 'id = "unit-9"'), store) == 1
    assert values(store, "Fill/Percent", "unit-9") == [(NOW, 1.0, Quality.GOOD)]
    store.close()
