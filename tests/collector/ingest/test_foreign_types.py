"""What gateways of other makes send beside plain numbers: other types, properties, templates, compressed payloads."""

import gzip
import logging
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.model import Quality, Value
from sukusuku_mqtt import Message
from sukusuku_server.model.passed_over import passed_over_key
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.foreign_gateway import ForeignGateway, metric
from tests.collector.ingest.scripted_edge import NOW, reasons, values

LATER = NOW + 1000


@pytest.mark.parametrize(
    ("name", "datatype", "sent", "stored"),
    [
        ("State", 1, 3, 3), ("State", 2, 3, 3), ("State", 3, 3, 3), ("State", 4, 3, 3),
        ("State", 5, 3, 3), ("State", 6, 3, 3), ("State", 7, 3, 3), ("State", 8, 3, 3),
        ("State", 9, 3.0, 3), ("State", 10, 3.0, 3), ("State", 12, "3", 3),
        ("Fill/Percent", 1, -5, -5.0), ("Fill/Percent", 4, 41, 41.0), ("Fill/Percent", 9, 41.5, 41.5),
        ("Fill/Percent", 12, "41.5", 41.5), ("Cycles/Total", 13, 1234, 1234), ("Cycles/Total", 8, 2**40, 2**40),
        ("Lid/Open", 11, True, True), ("Lid/Open", 5, 1, True), ("Lid/Open", 14, "true", True),
        ("Info/Serial", 12, "A1", "A1"), ("Info/Serial", 14, "A1", "A1"), ("Info/Serial", 15, "A1", "A1"),
        ("Info/Serial", 8, 20_230_017, "20230017"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("declared", [False, True], ids=["data without datatype", "data with datatype"])
def test_every_type_that_holds_the_value_is_stored_in_the_type_of_the_catalogue(
    store: SqliteStore, ingest: Ingest, name: str, datatype: int, sent: Value, stored: Value, *, declared: bool
) -> None:
    gateway = ForeignGateway()
    one: dict[str, Any] = {"name": name, "datatype": datatype, "value": sent}
    ingest.process([gateway.nbirth(), gateway.birth("unit-1", one), gateway.data("unit-1", one, declared=declared)])
    found = values(store, name)
    assert found == [(NOW, stored, Quality.GOOD), (LATER, stored, Quality.GOOD)]
    assert {type(value) for _, value, _ in found} == {type(stored)}
    assert reasons(store) == []


def test_data_of_another_type_than_its_birth_is_read_when_it_tells_its_type(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    births = [gateway.nbirth(), gateway.birth("unit-1", {"name": "Fill/Percent", "datatype": 4, "value": 0})]
    double = {"name": "Fill/Percent", "datatype": 10, "value": 41.5}
    ingest.process([*births, gateway.data("unit-1", double, declared=True)])
    assert values(store, "Fill/Percent")[-1] == (LATER, 41.5, Quality.GOOD)
    ingest.process([gateway.data("unit-1", double | {"time": LATER + 1})])
    assert values(store, "Fill/Percent")[-1] == (LATER + 1, None, Quality.BAD)
    assert reasons(store) == ["wrong-type"]


def test_properties_are_passed_over_but_the_quality_is_read(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    body = gateway.body()
    metric(body, "Fill/Percent", 41.5, 9)
    properties = body.metrics[0].properties
    for key, datatype in (("engUnit", 12), ("Quality", 3), ("readOnly", 11)):
        properties.keys.append(key)
        properties.values.add(type=datatype)
    properties.values[1].int_value = 0
    ingest.process([gateway.nbirth(), gateway.message("DBIRTH", body, "unit-1")])
    assert values(store, "Fill/Percent") == [(NOW, 41.5, Quality.BAD)]


@pytest.mark.parametrize("datatype", [16, 17, 18, 19, 22, 32, 34])
def test_what_is_no_single_value_is_passed_over_once_and_counted(
    store: SqliteStore, ingest: Ingest, datatype: int, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = ForeignGateway()
    odd: dict[str, Any] = {"name": "Recipe", "datatype": datatype, "value": b"\x0a\x01x"}
    good: dict[str, Any] = {"name": "Fill/Percent", "datatype": 9, "value": 41.5}
    with caplog.at_level(logging.WARNING):
        ingest.process([gateway.nbirth(odd), gateway.birth("unit-1", odd, good)])
        for n in range(20):
            ingest.process([gateway.data("unit-1", odd, good | {"time": LATER + n})])
        ingest.process([gateway.nbirth(odd), gateway.birth("unit-1", odd, good)])
    assert len(values(store, "Fill/Percent")) == 21
    assert reasons(store) == []
    assert store.noted(passed_over_key("tobu-pi", "type")) == 2
    assert caplog.text.count("passed over") == 1
    assert "Recipe, unit-1/Recipe" in caplog.text


@pytest.mark.parametrize("form", [zlib.compress, gzip.compress])
def test_compressed_messages_are_stored(store: SqliteStore, ingest: Ingest, form: Callable[[bytes], bytes]) -> None:
    gateway = ForeignGateway()
    one: dict[str, Any] = {"name": "Fill/Percent", "alias": 4, "datatype": 9, "value": 41.5}
    sent = [
        gateway.nbirth(),
        gateway.birth("unit-1", one),
        gateway.data("unit-1", {"alias": 4, "datatype": 9, "value": 44.25}),
    ]
    for message in sent:
        outer = sparkplug.PayloadMessage(uuid=sparkplug.COMPRESSED, body=form(message.payload))
        outer.metrics.add(name="algorithm", datatype=12, string_value="GZIP" if form is gzip.compress else "DEFLATE")
        ingest.process([Message(message.topic, outer.SerializeToString())])
    assert values(store, "Fill/Percent") == [(NOW, 41.5, Quality.GOOD), (LATER, 44.25, Quality.GOOD)]


def test_the_quality_of_a_compressed_metric_is_read(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    body = gateway.body()
    metric(body, "Fill/Percent", 41.5, 10)
    body.metrics[0].properties.keys.append("Quality")
    body.metrics[0].properties.values.add(type=3, int_value=500)
    ingest.process([gateway.nbirth()])
    message = gateway.message("DBIRTH", body, "unit-1")
    outer = sparkplug.PayloadMessage(uuid=sparkplug.COMPRESSED, body=zlib.compress(message.payload))
    ingest.process([Message(message.topic, outer.SerializeToString())])
    assert values(store, "Fill/Percent") == [(NOW, 41.5, Quality.STALE)]


def test_a_bomb_is_refused_with_its_reason(store: SqliteStore, ingest: Ingest) -> None:
    gateway = ForeignGateway()
    ingest.process([gateway.nbirth()])
    outer = sparkplug.PayloadMessage(uuid=sparkplug.COMPRESSED, body=zlib.compress(bytes(30_000_000)))
    ingest.process([Message("spBv1.0/toshima/NDATA/tobu-pi", outer.SerializeToString())])
    assert reasons(store) == ["oversized"]
