"""Gateways that send aliases in place of names."""

import logging
from typing import Any

import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.ingest.unreadable import PATIENCE
from sukusuku_core import sparkplug
from sukusuku_core.model import Quality
from sukusuku_mqtt import Message
from sukusuku_server.model.unreadable import unreadable_key
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.foreign_gateway import ForeignGateway
from tests.collector.ingest.scripted_edge import NOW, Time, acknowledges, asks_rebirth, reasons, values

FILL: dict[str, Any] = {"name": "Fill/Percent", "alias": 1, "datatype": 9}
STATE: dict[str, Any] = {"name": "State", "alias": 2, "datatype": 3}
LATER = NOW + 1000


def births(gateway: ForeignGateway) -> list[Message]:
    return [
        gateway.nbirth({"name": "Comm/Errors", "alias": 10, "datatype": 7, "value": 0}),
        gateway.birth("unit-1", FILL | {"value": 41.5}, STATE | {"value": 3}),
        gateway.birth("room", {"name": "Occupancy/Count", "alias": 3, "datatype": 6, "value": 4}),
    ]


def test_data_by_alias_by_name_and_by_both_is_stored(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    ingest.process(births(gateway))
    outcome = ingest.process(
        [
            gateway.data("unit-1", {"alias": 1, "datatype": 9, "value": 44.25}),
            gateway.data("unit-1", {"name": "State", "datatype": 3, "value": 2}),
            gateway.data("room", {"name": "Occupancy/Count", "alias": 3, "datatype": 6, "value": 5}),
            gateway.data(None, {"alias": 10, "datatype": 7, "value": 7}),
        ]
    )
    assert values(store, "Fill/Percent") == [(NOW, 41.5, Quality.GOOD), (LATER, 44.25, Quality.GOOD)]
    assert values(store, "State") == [(NOW, 3, Quality.GOOD), (LATER, 2, Quality.GOOD)]
    assert values(store, "Occupancy/Count", "room") == [(NOW, 4, Quality.GOOD), (LATER, 5, Quality.GOOD)]
    assert values(store, "Comm/Errors", "tobu-pi") == [(NOW, 0, Quality.GOOD), (LATER, 7, Quality.GOOD)]
    assert reasons(store) == []
    assert not outcome.commands


def test_a_rebirth_may_give_the_aliases_out_anew(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    ingest.process(births(gateway))
    again = [gateway.nbirth(), gateway.birth("unit-1", FILL | {"alias": 2, "value": 1.0})]
    ingest.process([*again, gateway.data("unit-1", {"alias": 2, "datatype": 9, "value": 50.0})])
    assert values(store, "Fill/Percent")[-1] == (LATER, 50.0, Quality.GOOD)
    assert [value for _, value, _ in values(store, "State")] == [3]
    assert asks_rebirth(ingest.process([gateway.data("unit-1", {"alias": 1, "datatype": 9, "value": 9.0})]))


def test_an_unknown_alias_costs_itself_only_and_can_be_recovered(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    ingest.process(births(gateway))
    stray = {"alias": 17, "datatype": 9, "value": 5.5}
    outcome = ingest.process([gateway.data("unit-1", {"alias": 1, "datatype": 9, "value": 44.25}, stray)])
    assert values(store, "Fill/Percent")[-1] == (LATER, 44.25, Quality.GOOD)
    assert ingest.counts["alias"] == 1
    assert asks_rebirth(outcome)
    (item,) = store.quarantine(5)
    assert (item.reason, item.detail) == ("alias", "no birth declares alias 17 for a metric of this sender")
    kept = sparkplug.parse(item.payload).metrics
    assert [(metric.name, metric.alias, metric.float_value, metric.timestamp) for metric in kept] == [
        ("Fill/Percent", 1, 44.25, LATER),
        ("", 17, 5.5, LATER),
    ]


@pytest.mark.parametrize(
    "second",
    [
        {"name": "State", "alias": 1, "datatype": 3, "value": 3},
        {"name": "State", "alias": 10, "datatype": 3, "value": 3},
    ],
    ids=["of the same device", "of the node"],
)
def test_a_birth_that_repeats_an_alias_is_refused_loudly(
    store: SqliteStore, ingest: Ingest, time: Time, caplog: pytest.LogCaptureFixture, second: dict[str, Any]
) -> None:
    gateway = ForeignGateway()
    node = gateway.nbirth({"name": "Comm/Errors", "alias": 10, "datatype": 7, "value": 0})
    birth = gateway.birth("unit-1", FILL | {"value": 41.5}, second)
    with caplog.at_level(logging.ERROR):
        outcome = ingest.process([node, birth])
    assert asks_rebirth(outcome)
    assert not acknowledges(outcome)
    assert reasons(store) == ["alias"]
    assert f"alias {second['alias']} stands for" in caplog.text
    assert "unit-1" not in store.latest()
    ingest.process([gateway.data("unit-1", {"alias": 1, "datatype": 9, "value": 44.25})])
    assert "unit-1" not in store.latest(), "what is refused at the birth is not stored later"
    time.now += PATIENCE
    ingest.process([])
    assert store.noted(unreadable_key("tobu-pi", "alias")) == NOW


def test_a_refused_birth_ends_what_was_believed_before(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    ingest.process(births(gateway))
    wrong = gateway.birth("unit-1", FILL | {"alias": 2, "value": 1.0}, STATE | {"value": 1})
    ingest.process([wrong, gateway.data("unit-1", {"alias": 2, "datatype": 9, "value": 3.0})])
    assert [value for _, value, _ in values(store, "State")] == [3], "alias 2 may mean the level now"
    assert [value for _, value, _ in values(store, "Fill/Percent")] == [41.5]


def test_data_by_alias_of_an_asset_that_has_no_place_yet_is_kept_by_name(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    ingest.process([gateway.nbirth(), gateway.birth("unit-9", FILL | {"value": 41.5})])
    ingest.process([gateway.data("unit-9", {"alias": 1, "datatype": 9, "value": 44.25})])
    topic = "spBv1.0/toshima/DDATA/tobu-pi/unit-9"
    ((_, kept),) = store.waiting(topic, 0, 10)
    (metric,) = sparkplug.parse(kept.payload).metrics
    assert (metric.name, metric.float_value, metric.datatype) == ("Fill/Percent", 44.25, 9)
