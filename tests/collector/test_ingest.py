"""From messages to rows, acknowledgements and quarantine."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_collector.ingest import Ingest
from sukusuku_collector.store import Committed, LatestByAsset, Moved, Quarantined, Row, Unassigned
from sukusuku_collector.store.sqlite import SqliteStore
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message
from tests.collector.centre import facility
from tests.collector.wire import (
    NOW,
    UNIT,
    Edge,
    FailingStore,
    Time,
    acknowledges,
    asks_rebirth,
    ddata,
    messages,
    reasons,
    values,
)

# ---------------------------------------------------------------- the good way


def test_readings_are_stored_then_acknowledged(store: SqliteStore, ingest: Ingest, edge: Edge) -> None:
    readings = [
        Reading("unit-1", "Fill/Percent", NOW, 42.5),
        Reading("unit-1", "State", NOW, 0),
        Reading("unit-1", "Lid/Open", NOW, value=False),
        Reading("unit-1", "Info/Serial", NOW, "A-1"),
        Reading("unit-1", "Temperature", NOW, None, Quality.BAD),
        Reading("room", "Zones/eating/Count", NOW, 3),
    ]
    outcome = ingest.process(edge.data(*readings))
    assert outcome.committed == Committed(6, 0, 0)
    assert outcome.changed == {"unit-1", "room"}
    assert [action.rows for action in edge.answers(outcome)] == [(0, 1, 2, 3, 4, 5)]
    latest = store.latest()
    for reading in readings:
        found = latest[reading.asset][reading.metric]
        assert (found.time, found.value, found.quality) == (reading.time, reading.value, reading.quality)
        assert type(found.value) is type(reading.value)
    assert not ingest.counts


def test_a_nodes_own_metrics_are_stored_under_its_id(store: SqliteStore, ingest: Ingest) -> None:
    session = EdgeSession(NodeIdentity("toshima", "tobu-pi"), 0, {"tobu-pi": {"Buffer/Rows": DataType.INT64}})
    ingest.process(messages(session.connected(NOW)))
    ingest.process(messages(session.send([(1, Reading("tobu-pi", "Buffer/Rows", NOW, 7))], NOW, historical=False)))
    assert values(store, "Buffer/Rows", "tobu-pi") == [(NOW, 7, Quality.GOOD)]


def test_values_of_births_are_readings_too_and_dedupe(store: SqliteStore, ingest: Ingest) -> None:
    edge = Edge(ingest)
    edge.session.committed([Reading("unit-1", "Fill/Percent", NOW - 5, 12.0)])
    assert edge.born().committed == Committed(1, 0, 0)
    again = edge.session.received(
        "spBv1.0/toshima/NCMD/tobu-pi", sparkplug.command([(sparkplug.REBIRTH, True)], NOW), NOW
    )
    assert ingest.process(messages(again)).committed == Committed(0, 1, 0)
    outcome = ingest.process(edge.data(Reading("unit-1", "Fill/Percent", NOW - 5, 12.0), historical=True))
    assert outcome.committed == Committed(0, 1, 0)
    assert acknowledges(outcome)
    assert values(store, "Fill/Percent") == [(NOW - 5, 12.0, Quality.GOOD)]
    assert "State" not in store.latest()["unit-1"]  # declared, never measured


def test_a_birth_alone_is_acknowledged_without_a_commit(store: FailingStore, ingest: Ingest) -> None:
    store.full = True
    assert acknowledges(Edge(ingest).born())


# ---------------------------------------------------------------- acknowledgement only after the commit


def test_no_acknowledgement_when_the_commit_fails(store: FailingStore, ingest: Ingest, edge: Edge) -> None:
    store.full = True
    with pytest.raises(TransientError, match="full"):
        ingest.process(edge.data(Reading("unit-1", "Fill/Percent", NOW, 1.0)))
    store.full = False
    outcome = ingest.process(edge.data(Reading("unit-1", "Fill/Percent", NOW + 1, 2.0)))
    assert asks_rebirth(outcome)
    assert not acknowledges(outcome)
    again = edge.answers(outcome)
    assert acknowledges(ingest.process(messages(again)))


def test_no_acknowledgement_after_a_gap_but_the_data_is_stored(
    store: SqliteStore, ingest: Ingest, edge: Edge, time: Time
) -> None:
    edge.data(Reading("unit-1", "Fill/Percent", NOW, 1.0))  # lost
    waits = ingest.process(edge.data(Reading("unit-1", "Fill/Percent", NOW + 1, 2.0)))
    assert waits.commands == ()
    time.now += 1_999
    assert ingest.process([]).commands == ()
    time.now += 1
    outcome = ingest.process([])
    assert asks_rebirth(outcome)
    assert not acknowledges(outcome)
    assert [value for _, value, _ in values(store, "Fill/Percent")] == [2.0]


def test_data_before_a_birth_asks_for_one(store: SqliteStore, ingest: Ingest) -> None:
    outcome = ingest.process([ddata(5, Metric("Fill/Percent", 1.0, NOW))])
    assert asks_rebirth(outcome)
    assert ingest.counts == Counter({"no-birth": 1})
    assert store.latest() == {}


def test_a_new_mqtt_session_knows_nothing(ingest: Ingest, edge: Edge) -> None:
    ingest.begin_session()
    assert asks_rebirth(ingest.process(edge.data(Reading("unit-1", "Fill/Percent", NOW, 1.0))))


def test_deaths_change_no_data(store: SqliteStore, ingest: Ingest, edge: Edge) -> None:
    will = edge.session.will()
    dead = ingest.process([*messages(edge.session.asset_down("unit-1", NOW)), Message(will.topic, will.payload)])
    assert dead.committed == Committed(0, 0, 0)
    assert store.quarantine(10) == []
    assert asks_rebirth(ingest.process([ddata(4, Metric("Fill/Percent", 1.0, NOW))]))


# ---------------------------------------------------------------- bad input


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
        (Metric("State", 1.0, NOW, DataType.DOUBLE), "wrong-type"),
    ],
)
def test_a_bad_metric_goes_to_the_quarantine_and_its_neighbours_are_stored(
    store: SqliteStore, ingest: Ingest, edge: Edge, metric: Metric, reason: str
) -> None:
    message = ddata(3, Metric("Temperature", 20.0, NOW), metric, Metric("Film/Remaining", 50.0, NOW))
    outcome = ingest.process([message])
    assert outcome.committed == Committed(2, 0, 1)
    assert acknowledges(outcome)
    (item,) = store.quarantine(10)
    assert (item.reason, item.topic) == (reason, message.topic)
    numbers = bool(metric.name) and not isinstance(metric.value, str)
    assert (item.payload == message.payload) == numbers, "texts are not kept, see quarantine.py"
    assert item.detail
    assert ingest.counts == Counter({reason: 1})


def test_a_birth_that_declares_another_type_than_the_catalogue_is_refused(
    store: SqliteStore, ingest: Ingest, edge: Edge
) -> None:
    birth = sparkplug.encode(Payload(NOW, (Metric("State", 1.0, NOW, DataType.DOUBLE),), 3))
    ingest.process([Message("spBv1.0/toshima/DBIRTH/tobu-pi/unit-1", birth)])
    ingest.process([ddata(4, Metric("State", 2.0, NOW))])
    assert reasons(store) == ["datatype", "datatype"]
    assert store.latest() == {}


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
        (b"\x12\x00" * 1001, "too-many-metrics"),
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


# ---------------------------------------------------------------- anything at all


class MemoryStore:
    """The writing half of the Store Protocol, for comparing rows."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []
        self.rows: list[tuple[str, str, int, Value | None, int]] = []
        self.reasons: list[str] = []

    def series(self, asset: str, metric: str, _: DataType) -> int:
        self.names.append((asset, metric))
        return len(self.names) - 1

    def latest(self) -> LatestByAsset:
        return {}

    def note(self, key: str, value: int) -> None:
        """Nothing here is kept."""

    def mark_offline(self, changes: Mapping[str, int | None]) -> None:
        """Nor here."""

    def commit_rows(
        self,
        rows: Sequence[Row],
        quarantined: Sequence[Quarantined],
        _: int,
        moved: Sequence[Moved] = (),
        unassigned: Sequence[Unassigned] = (),
    ) -> Committed:
        self.reasons += [item.reason for item in unassigned]
        rows = [*rows, *(item.row for item in moved)]
        self.rows += [(*self.names[series], time, value, quality) for time, series, value, quality in rows]
        self.reasons += [item.reason for item in quarantined]
        return Committed(len(rows), 0, len(quarantined))


_ANY_VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 7, 8, 2**63 - 1, -(2**63)]),
    st.sampled_from([0.0, -0.0, 1.0, 99.9, 151.0, 1e308, float("nan"), float("inf")]),
    st.text(max_size=3),
)
_ANY_METRIC = st.builds(
    Metric,
    st.sampled_from([*UNIT, "Odd", ""]),
    _ANY_VALUE,
    st.sampled_from([None, 0, NOW, NOW - 1, NOW + 10**9, 2**63]),
    st.sampled_from([None, None, None, *DataType]),
    quality=st.just(Quality.GOOD),
)


def _rows(metrics: Sequence[Metric], extra: str) -> tuple[list[Any], list[str], Counter[str]]:
    store = MemoryStore()
    ingest = Ingest(facility(), store, lambda: NOW)  # type: ignore[arg-type]  # the half of the Protocol that it uses
    Edge(ingest).born()
    ingest.process([ddata(3, Metric(extra, 1, NOW), *metrics)])
    return sorted(store.rows, key=repr), sorted(store.reasons), ingest.counts


@given(st.lists(_ANY_METRIC, max_size=12))
@settings(max_examples=200, deadline=None)
def test_the_short_way_gives_what_the_careful_way_gives(metrics: list[Metric]) -> None:
    """The word Quality anywhere in a payload sends every metric of it the careful way."""
    assert repr(_rows(metrics, "Quantity")) == repr(_rows(metrics, "Quality"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH", "NCMD", "DCMD"]),
            st.sampled_from(["tobu-pi", "tobu-pi/unit-1", "tobu-pi/unit-2", "other", ""]),
            st.one_of(
                st.binary(max_size=60),
                st.builds(
                    lambda metrics, seq: sparkplug.encode(Payload(NOW, tuple(metrics), seq)),
                    st.lists(_ANY_METRIC, max_size=4),
                    st.sampled_from([None, 0, 1, 255, 256, 2**40]),
                ),
            ),
        ),
        max_size=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_nothing_that_a_peer_sends_raises(received: list[tuple[str, str, bytes]]) -> None:
    ingest = Ingest(facility(), MemoryStore(), lambda: NOW)  # type: ignore[arg-type]  # as above
    Edge(ingest).born()
    for kind, who, payload in received:
        ingest.process([Message(f"spBv1.0/toshima/{kind}/{who}", payload)])
