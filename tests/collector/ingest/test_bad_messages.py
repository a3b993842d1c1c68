"""What is wrong with a message costs that message or metric, and nothing beside it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Committed
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.scripted_edge import NOW, Edge, acknowledges, asks_rebirth, ddata, messages, reasons, values


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (Metric("Fill/Percent", float("nan"), NOW), "not-finite"),
        (Metric("Fill/Percent", float("inf"), NOW), "not-finite"),
        (Metric("Fill/Percent", "full", NOW), "wrong-type"),
        (Metric("Fill/Percent", 5, NOW), "wrong-type"),
        (Metric("State", 1.5, NOW), "wrong-type"),
        (Metric("Info/Serial", "x" * 2000, NOW), "text"),
        (Metric("Fill/Volume", 1.0, NOW), "unknown-metric"),
        (Metric("Occupancy/Count", 1, NOW), "unknown-metric"),
        (Metric("", 1.0, NOW), "name"),
        (Metric("State", 1.0, NOW, DataType.BOOLEAN), "wrong-type"),
    ],
)
def test_a_bad_metric_goes_to_the_quarantine_and_its_neighbours_are_stored(
    store: SqliteStore, ingest: Ingest, edge: Edge, metric: Metric, reason: str
) -> None:
    message = ddata(3, Metric("Temperature", 20.0, NOW), metric, Metric("Film/Remaining", 50.0, NOW))
    outcome = ingest.process([message])
    known = reason in {"not-finite", "wrong-type", "text"}
    assert outcome.committed == Committed(3 if known else 2, 0, 1)
    if known:  # it has a value, only not one that is known: the one before must not look like the present
        assert values(store, metric.name) == [(NOW, None, Quality.BAD)]
    assert acknowledges(outcome)
    (item,) = store.quarantine(10)
    assert (item.reason, item.topic) == (reason, message.topic)
    numbers = bool(metric.name) and not isinstance(metric.value, str)
    assert (item.payload == message.payload) == numbers, "texts are not kept, see quarantine.py"
    assert item.detail
    assert ingest.counts == Counter({reason: 1})


def test_what_does_not_fit_the_type_of_the_catalogue_is_unknown_and_quarantined_once(
    store: SqliteStore, ingest: Ingest, edge: Edge
) -> None:
    birth = sparkplug.encode(Payload(NOW, (Metric("State", 1.0, NOW, DataType.DOUBLE),), 3))
    ingest.process([Message("spBv1.0/toshima/DBIRTH/tobu-pi/unit-1", birth)])
    for n in range(1, 4):
        ingest.process([ddata(3 + n, Metric("State", 2.5, NOW + n))])
    assert values(store, "State") == [
        (NOW, 1, Quality.GOOD),
        *((NOW + n, None, Quality.BAD) for n in range(1, 4)),
    ]
    assert reasons(store) == ["datatype"]
    assert ingest.counts["datatype"] == 3


def test_values_out_of_bounds_are_stored_as_bad(store: SqliteStore, ingest: Ingest, edge: Edge) -> None:
    ingest.process(edge.data(Reading("unit-1", "Fill/Percent", NOW, 900.0), Reading("unit-1", "State", NOW, -1)))
    assert values(store, "Fill/Percent") == [(NOW, 900.0, Quality.BAD)]
    assert values(store, "State") == [(NOW, -1, Quality.BAD)]
    assert store.hourly("unit-1", "Fill/Percent", 0, 2**62) == []


def test_many_refusals_of_a_message_are_one_row_and_counted_each(
    store: SqliteStore, ingest: Ingest, edge: Edge
) -> None:
    ingest.process([ddata(3, *(Metric(f"Odd/{n}", 1.0, NOW) for n in range(200)))])
    assert reasons(store) == ["unknown-metric"]
    assert "197 more" in store.quarantine(1)[0].detail
    assert ingest.counts["unknown-metric"] == 200


def test_a_metric_without_a_timestamp_has_that_of_its_message(store: SqliteStore, ingest: Ingest, edge: Edge) -> None:
    ingest.process([ddata(3, Metric("Temperature", 20.0))])
    assert values(store, "Temperature") == [(NOW, 20.0, Quality.GOOD)]


def test_a_metric_that_the_birth_left_out_is_read_by_the_catalogue(store: SqliteStore, ingest: Ingest) -> None:
    session = EdgeSession(NodeIdentity("toshima", "tobu-pi"), 0, {"unit-1": {"State": DataType.INT64}})
    ingest.process(messages([*session.connected(NOW), *session.asset_up("unit-1", NOW)]))
    assert acknowledges(ingest.process([ddata(2, Metric("Temperature", 20.0, NOW))]))
    assert values(store, "Temperature") == [(NOW, 20.0, Quality.GOOD)]


def _small_types(item: Any) -> None:
    item.datatype, item.int_value = 2, 0xFFFF  # Int16 -1, as two's complement of its width


def _unsigned(item: Any) -> None:
    item.datatype, item.int_value = 7, 3  # UInt32 in the field of the standard


def _float(item: Any) -> None:
    item.datatype, item.float_value = 9, 2.5


@pytest.mark.parametrize(
    ("metric", "fill", "expected"),
    [
        ("Fault/Code", _small_types, (-1, Quality.BAD)),
        ("State", _unsigned, (3, Quality.GOOD)),
        ("Fill/Percent", _unsigned, (3.0, Quality.GOOD)),
        ("Fill/Percent", _float, (2.5, Quality.GOOD)),
    ],
)
def test_other_gateways_may_use_other_number_types(
    store: SqliteStore,
    ingest: Ingest,
    edge: Edge,
    metric: str,
    fill: Callable[[Any], None],
    expected: tuple[Value, Quality],
) -> None:
    """A foreign gateway declares its own type at birth and leaves it out afterwards."""
    birth = sparkplug.PayloadMessage(timestamp=NOW, seq=3)
    item = birth.metrics.add(name=metric, timestamp=NOW - 10)
    fill(item)
    data = sparkplug.PayloadMessage(timestamp=NOW, seq=4)
    later = data.metrics.add()
    later.CopyFrom(item)
    later.timestamp = NOW
    later.ClearField("datatype")
    ingest.process(
        [
            Message("spBv1.0/toshima/DBIRTH/tobu-pi/unit-1", birth.SerializeToString()),
            Message("spBv1.0/toshima/DDATA/tobu-pi/unit-1", data.SerializeToString()),
        ]
    )
    assert values(store, metric) == [(NOW - 10, *expected), (NOW, *expected)]


def test_names_that_are_not_utf8_are_refused(store: SqliteStore, ingest: Ingest, edge: Edge) -> None:
    broken = ddata(3, Metric("Temperaturo", 20.0, NOW))
    ingest.process([Message(broken.topic, broken.payload.replace(b"Temperaturo", b"Temp\xff\xfeature"))])
    assert reasons(store) == ["name"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff" * 40, "protobuf"),
        (b'{"json": true}', "protobuf"),
        (b"\x12\x00" * 200_000, "oversized"),
        (b"\x12\x00" * (sparkplug.MAX_METRICS + 1), "too-many-metrics"),
    ],
)
@pytest.mark.parametrize("kind", ["NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"])
def test_unreadable_payloads_are_kept_and_a_birth_is_asked_for(
    store: SqliteStore, ingest: Ingest, edge: Edge, kind: str, payload: bytes, reason: str
) -> None:
    tail = "/unit-1" if kind[0] == "D" else ""
    outcome = ingest.process([Message(f"spBv1.0/toshima/{kind}/tobu-pi{tail}", payload)])
    assert reasons(store) == [reason]
    assert asks_rebirth(outcome)
    assert not acknowledges(outcome)


def test_a_birth_without_bdseq_or_with_a_nameless_metric_is_refused(store: SqliteStore, ingest: Ingest) -> None:
    bare = sparkplug.encode(Payload(NOW, (Metric("Buffer/Rows", 1, NOW, DataType.INT64),), 0))
    nameless = sparkplug.encode(Payload(NOW, (Metric("", 1, NOW, DataType.INT64),), 0))
    outcome = ingest.process([Message("spBv1.0/toshima/NBIRTH/tobu-pi", body) for body in (bare, nameless)])
    assert reasons(store) == ["name", "bdseq"]
    assert asks_rebirth(outcome)
    assert store.latest() == {}


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("spBv1.0/toshima/DDATA/other-pi/unit-1", "unknown-node"),
        ("spBv1.0/toshima/NBIRTH/unit-1", "unknown-node"),
        ("spBv1.0/elsewhere/DDATA/tobu-pi/unit-1", "unknown-group"),
        ("spBv1.0/toshima/NOISE/tobu-pi", "topic"),
        ("some/other/topic", "topic"),
    ],
)
def test_who_may_not_speak_is_quarantined(
    store: SqliteStore, ingest: Ingest, edge: Edge, topic: str, reason: str
) -> None:
    payload = sparkplug.encode(Payload(NOW, (Metric("Fill/Percent", 1.0, NOW, DataType.DOUBLE),), 3))
    outcome = ingest.process([Message(topic, payload)])
    assert reasons(store) == [reason]
    assert store.latest() == {}
    assert not asks_rebirth(outcome)


def test_an_unknown_asset_does_not_hold_up_the_others_of_its_node(
    store: SqliteStore, ingest: Ingest, edge: Edge
) -> None:
    outcome = ingest.process(
        [ddata(3, Metric("Fill/Percent", 1.0, NOW), asset="unit-9"), ddata(4, Metric("Fill/Percent", 1.0, NOW))]
    )
    assert acknowledges(outcome)
    assert values(store, "Fill/Percent") == [(NOW, 1.0, Quality.GOOD)]


def test_an_unknown_node_fills_the_quarantine_slowly_and_is_never_acknowledged(
    store: SqliteStore, ingest: Ingest
) -> None:
    stranger = Edge(ingest, "other-pi", ["unit-1"])
    births = stranger.births()
    for _ in range(50):
        assert not ingest.process(births).commands
    assert reasons(store) == ["unknown-node", "unknown-node"]  # one NBIRTH, one DBIRTH within a minute
    assert ingest.counts["unknown-node"] == 100


def test_retained_messages_are_of_older_sessions(store: SqliteStore, ingest: Ingest) -> None:
    births = [Message(item.topic, item.payload, retain=True) for item in Edge(ingest).births()]
    assert not ingest.process(births).commands
    assert ingest.counts["retained"] == len(births)


def test_zones_are_bounded(store: SqliteStore, ingest: Ingest) -> None:
    session = EdgeSession(NodeIdentity("toshima", "tobu-pi"), 0, {"plain-room": {}})
    ingest.process(messages([*session.connected(NOW), *session.asset_up("plain-room", NOW)]))
    ingest.process([ddata(2, *(Metric(f"Zones/z{n}/Count", 1, NOW) for n in range(400)), asset="plain-room")])
    assert len(store.latest()["plain-room"]) == 300
    assert reasons(store) == ["too-many-metrics"]


def test_a_flood_of_rubbish_asks_for_few_births(ingest: Ingest, edge: Edge) -> None:
    asked = sum(
        asks_rebirth(ingest.process([Message("spBv1.0/toshima/DDATA/tobu-pi/unit-1", b"\xff")])) for _ in range(200)
    )
    assert asked == 1
