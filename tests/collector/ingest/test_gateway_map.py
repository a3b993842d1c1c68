"""Gateways of other makes with `[[gateway]]`: their names and values become ours."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.ingest import validation
from sukusuku_collector.ingest.gateway_map import GatewayMap, Target, converted
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.ingest.unreadable import PATIENCE
from sukusuku_collector.maintenance.retention import assign
from sukusuku_core import catalogue
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import AssetKind, Quality, Reading, Value
from sukusuku_core.settings import parse
from sukusuku_mqtt import Message
from sukusuku_server.model.passed_over import passed_over_key
from sukusuku_server.model.unreadable import unreadable_key
from sukusuku_server.settings import Facility, GatewayMetric
from sukusuku_server.settings.gateways import NamePattern
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.foreign_gateway import ForeignGateway
from tests.collector.ingest.scripted_edge import NOW, Edge, Time, asks_rebirth, reasons, values
from tests.collector.small_facility import FACILITY

LATER = NOW + 1000
RULES = """
[[gateway]]
id = "bms"
node = "Edge Node 1"

[[gateway.metric]]
device = "press *"
name = "Level/Raw"
asset = "unit-*"
metric = "Fill/Percent"
scale = 0.1
offset = -5

[[gateway.metric]]
device = "press *"
name = "Mode"
asset = "unit-*"
metric = "State"
values = { IDLE = 0, RUN = 3, "7" = 6 }

[[gateway.metric]]
device = "press *"
name = "Lid"
asset = "unit-*"
metric = "Lid/Open"
true_values = ["open", 1]

[[gateway.metric]]
name = "Childcare/Zone */People"
asset = "room"
metric = "Zones/*/Count"

[[gateway.metric]]
name = "Childcare/People"
asset = "room"
metric = "Occupancy/Count"
"""
LEVEL: dict[str, Any] = {"name": "Level/Raw", "alias": 1, "datatype": 7, "value": 465}
MODE: dict[str, Any] = {"name": "Mode", "alias": 2, "datatype": 12, "value": "RUN"}
LID: dict[str, Any] = {"name": "Lid", "alias": 3, "datatype": 12, "value": "open"}
UPTIME: dict[str, Any] = {"name": "Uptime", "datatype": 8, "value": 5}
NOISE = (UPTIME, {"name": "Properties/OS", "datatype": 12, "value": "Linux"})


@pytest.fixture
def settings() -> Facility:
    return parse(FACILITY.format(port=1883) + RULES, Facility, "facility.toml")


@pytest.fixture
def mapped(store: SqliteStore, time: Time, settings: Facility) -> Ingest:
    return Ingest(settings, store, time)


def gateway() -> ForeignGateway:
    return ForeignGateway("Edge Node 1")


def births(says: ForeignGateway) -> list[Message]:
    people: dict[str, Any] = {"name": "Childcare/People", "datatype": 6, "value": 4}
    return [says.nbirth(people, *NOISE), says.birth("press 1", LEVEL, MODE, LID, UPTIME)]


def test_names_and_values_become_ours(store: SqliteStore, mapped: Ingest) -> None:
    says = gateway()
    mapped.process(births(says))
    assert {asset: set(metrics) for asset, metrics in store.latest().items()} == {
        "unit-1": {"Fill/Percent", "State", "Lid/Open"},
        "room": {"Occupancy/Count"},
    }
    shut = {"alias": 3, "datatype": 12, "value": "shut"}
    outcome = mapped.process(
        [
            says.data("press 1", {"alias": 1, "datatype": 7, "value": 500}, shut),
            says.data("press 1", {"alias": 2, "datatype": 12, "value": "IDLE"}),
            says.data(None, {"name": "Childcare/People", "datatype": 6, "value": 5}),
            says.data(None, {"name": "Childcare/Zone eating/People", "datatype": 6, "value": 2}),
        ]
    )  # fmt: skip
    assert values(store, "Fill/Percent") == [(NOW, 41.5, Quality.GOOD), (LATER, 45.0, Quality.GOOD)]
    assert values(store, "State") == [(NOW, 3, Quality.GOOD), (LATER, 0, Quality.GOOD)]
    assert values(store, "Lid/Open") == [(NOW, True, Quality.GOOD), (LATER, False, Quality.GOOD)]
    assert values(store, "Occupancy/Count", "room") == [(NOW, 4, Quality.GOOD), (LATER, 5, Quality.GOOD)]
    assert reasons(store) == []
    assert {"unit-1", "room"} <= outcome.changed
    assert not outcome.commands


def test_what_is_not_mapped_is_counted_and_told_once(
    store: SqliteStore, mapped: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    says = gateway()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            mapped.process(births(says))
            for n in range(5):
                mapped.process([says.data(None, UPTIME | {"value": n}), says.data("press 1", UPTIME | {"value": n})])
    assert store.noted(passed_over_key("bms", "unmapped")) == 3
    assert reasons(store) == []
    assert caplog.text.count("passed over") == 1
    assert "bms: metrics are passed over" in caplog.text
    assert "Uptime, Properties/OS, press 1/Uptime" in caplog.text
    assert store.unassigned() == []


def test_a_value_that_the_table_does_not_list_is_unknown_and_told_once(store: SqliteStore, mapped: Ingest) -> None:
    says = gateway()
    mapped.process(births(says))
    for n in range(3):
        mapped.process([says.data("press 1", {"alias": 2, "datatype": 12, "value": "CLEANING", "time": LATER + n})])
    assert values(store, "State")[1:] == [(LATER + n, None, Quality.BAD) for n in range(3)]
    (item,) = store.quarantine(5)
    assert (item.reason, "CLEANING" in item.detail) == ("unlisted", False)


def test_an_edge_node_of_ours_may_feed_the_same_asset(store: SqliteStore, mapped: Ingest, time: Time) -> None:
    says, edge = gateway(), Edge(mapped)
    edge.born()
    mapped.process(births(says))
    mapped.process(edge.data(Reading("unit-1", "Temperature", NOW, 21.0)))
    assert set(store.latest()["unit-1"]) == {"Fill/Percent", "State", "Lid/Open", "Temperature"}

    time.now = LATER
    mapped.process([says.ndeath()])
    assert stale(store) == LATER, "its level is not known any more"
    mapped.process([Message(item.topic, item.payload) for item in edge.births()])
    assert stale(store) == LATER, "the other one is still dead"
    mapped.process(births(says))
    assert stale(store) is None


def stale(store: SqliteStore, asset: str = "unit-1") -> int | None:
    (since,) = {item.stale_since for item in store.latest()[asset].values()}
    return since


def test_a_gateway_that_cannot_be_read_makes_its_assets_stale_and_is_named(
    store: SqliteStore, mapped: Ingest, settings: Facility, time: Time
) -> None:
    says = gateway()
    mapped.process(births(says))
    restarted = Ingest(settings, store, time)
    time.now = LATER
    assert asks_rebirth(restarted.process([says.data("press 1", LEVEL)]), "Edge Node 1")
    time.now += PATIENCE
    restarted.process([])
    assert stale(store, "room") == LATER
    assert store.noted(unreadable_key("bms", "no-birth")) == LATER
    restarted.process(births(says))
    assert (stale(store), stale(store, "room")) == (None, None)
    assert store.noted(unreadable_key("bms", "no-birth")) == 0


def test_the_death_of_a_device_makes_the_assets_that_it_feeds_stale(store: SqliteStore, mapped: Ingest) -> None:
    says = gateway()
    mapped.process([*births(says), says.message("DDEATH", says.body(), "press 1")])
    assert (stale(store), stale(store, "room")) == (NOW, None)


def test_what_waited_for_the_settings_is_stored_once_there_is_a_rule(store: SqliteStore, time: Time) -> None:
    """A gateway that was taken for one of ours: its asset was not known, and its metrics sound like ours."""
    text = FACILITY.format(port=1883)
    says = ForeignGateway("tobu-pi")
    fill: dict[str, Any] = {"name": "Fill/Percent", "datatype": 9, "value": 41.5}
    Ingest(parse(text, Facility, "f"), store, time).process([says.nbirth(), says.birth("press", fill, UPTIME)])
    assert [tally.reason for tally in store.unassigned()] == ["unknown-asset"]
    rule = '[[gateway]]\nid = "tobu-pi"\n[[gateway.metric]]\ndevice = "press"\nname = "Fill/**"\nasset = "unit-1"\n'
    found = parse(text + rule + 'metric = "Fill/Percent"\n', Facility, "f")
    assert sum(assign(found, store)) == 1
    assert values(store, "Fill/Percent") == [(NOW, 41.5, Quality.GOOD)]
    assert store.unassigned() == []


def test_a_device_that_has_nothing_of_ours_is_passed_over_without_a_gateway_table(
    store: SqliteStore, ingest: Ingest
) -> None:
    says = ForeignGateway("tobu-pi")
    pump: dict[str, Any] = {"name": "Speed", "datatype": 9, "value": 1.5}
    ingest.process([says.nbirth(UPTIME), says.birth("pump", pump)])
    for _ in range(5):
        ingest.process([says.data("pump", pump), says.data(None, UPTIME)])
    assert (reasons(store), store.unassigned(), store.latest()) == ([], [], {})
    assert store.noted(passed_over_key("tobu-pi", "unmapped")) == 2


# ---------------------------------------------------------------- values


def target(metric: str, **rule: Any) -> Target:
    row = catalogue.find(AssetKind.UNIT, metric)
    assert row is not None
    subject = validation.Subject("unit-1", AssetKind.UNIT, "bms")
    return Target(subject, row, metric, GatewayMetric(name=NamePattern("x"), asset="unit-1", metric=metric, **rule))


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ({"scale": 0.1}, 30, 3),
        ({"scale": 0.1}, 415, 41.5),
        ({"scale": 0.1}, "415", 41.5),
        ({"scale": 10}, 4.099999904632568, 41),  # 4.1 as a Float of 32 bits
        ({"scale": 10}, 0.1, 1),
        ({"offset": -273.15}, 294.15, 21),
        ({"scale": 1e-3}, 2**53 + 1, 9007199254740.993),
        ({"scale": -1, "offset": 100}, 58.5, 41.5),
        ({}, "x", "x"),
    ],
)
def test_numbers_are_scaled_as_people_would(rule: Mapping[str, float], value: Value, expected: Value) -> None:
    found = converted(target("Fill/Percent", **rule), value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("value", [True, "full", "1,5"])
def test_what_is_no_number_cannot_be_scaled(value: Value) -> None:
    with pytest.raises(DecodeError, match="cannot be scaled"):
        converted(target("Fill/Percent", scale=0.1), value)


@given(st.integers(-(10**9), 10**9), st.integers(-5, 5).filter(bool))
def test_a_scale_that_is_a_power_of_ten_only_moves_the_point(raw: int, power: int) -> None:
    found = converted(target("Fill/Percent", scale=float(f"1e{power}")), raw)
    assert found == float(f"{raw}e{power}")


def test_a_gateway_may_not_speak_for_other_assets_by_their_names(settings: Facility) -> None:
    subjects = {subject.id: subject for subject in validation.subjects(settings)}
    found = GatewayMap(settings.gateway[0], subjects)
    for device, name in (
        ("unit-1", "Fill/Percent"),
        (None, "Comm/Errors"),
        ("bms", "Comm/Errors"),
        ("press 9", "Mode"),
    ):
        with pytest.raises(DecodeError, match="unmapped"):
            found.find(device, name)
