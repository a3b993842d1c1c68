"""From messages to rows, acknowledgements and quarantine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Committed, DerivedByAsset, LatestByAsset, Moved, Quarantined, Row, Unassigned
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.scripted_edge import (
    NOW,
    UNIT,
    Edge,
    FailingStore,
    Time,
    acknowledges,
    asks_rebirth,
    ddata,
    messages,
    values,
)
from tests.collector.small_facility import facility

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


# ---------------------------------------------------------------- anything at all


class MemoryStore:
    """Keeps what ingest stores, for comparing rows."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []
        self.rows: list[tuple[str, str, int, Value | None, int]] = []
        self.reasons: list[str] = []

    def series(self, asset: str, metric: str, _: DataType) -> int:
        self.names.append((asset, metric))
        return len(self.names) - 1

    def latest(self) -> LatestByAsset:
        return {}

    def derived_latest(self) -> DerivedByAsset:
        return {}

    def noted(self, key: str) -> int | None:
        """Nothing here is kept."""

    def noted_under(self, prefix: str) -> Mapping[str, int]:
        return {}

    def note(self, key: str, value: int) -> None:
        """Nor here."""

    def note_all(self, values: Mapping[str, int]) -> None:
        for key, value in values.items():
            self.note(key, value)

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
    ingest = Ingest(facility(), store, lambda: NOW)
    Edge(ingest).born()
    ingest.process([ddata(3, Metric(extra, 1, NOW), *metrics)])
    return sorted(store.rows, key=repr), sorted(store.reasons), ingest.counts


@given(st.lists(_ANY_METRIC, max_size=12))
@settings(max_examples=200)
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
@settings(max_examples=200)
def test_nothing_that_a_peer_sends_raises(received: list[tuple[str, str, bytes]]) -> None:
    ingest = Ingest(facility(), MemoryStore(), lambda: NOW)
    Edge(ingest).born()
    for kind, who, payload in received:
        ingest.process([Message(f"spBv1.0/toshima/{kind}/{who}", payload)])
