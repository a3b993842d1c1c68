"""What one edge node can do to itself, and not to the others: floods, twins, messages that overtake each other."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message
from sukusuku_server.settings import Limits
from sukusuku_server.timeseries import duplicates_key
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.scripted_edge import NOW, Edge, Time, acknowledges, asks_rebirth, ddata, reasons, values
from tests.collector.small_facility import facility

if TYPE_CHECKING:
    from sukusuku_collector.ingest.outcome import Outcome

LIMITS = Limits(messages_per_second=10, births_per_second=2, quarantined_per_minute=5)


def limited(store: SqliteStore, time: Time, limits: Limits = LIMITS) -> Ingest:
    return Ingest(msgspec.structs.replace(facility(), limits=limits), store, time)


def nbirth(bdseq: int, timestamp: int = NOW) -> Message:
    control = [
        Metric(sparkplug.BDSEQ, bdseq, timestamp, DataType.INT64),
        Metric(sparkplug.ACK_BIRTH, 0, timestamp, DataType.INT64),
        Metric(sparkplug.ACK_COUNT, 0, timestamp, DataType.INT64),
    ]
    return Message("spBv1.0/toshima/NBIRTH/tobu-pi", sparkplug.encode(Payload(timestamp, tuple(control), 0)))


def dbirth(seq: int = 1) -> Message:
    body = Payload(NOW, (Metric("Fill/Percent", None, NOW, DataType.DOUBLE),), seq)
    return Message("spBv1.0/toshima/DBIRTH/tobu-pi/unit-1", sparkplug.encode(body))


def ndeath(bdseq: int) -> Message:
    body = Payload(None, (Metric(sparkplug.BDSEQ, bdseq, None, DataType.INT64),))
    return Message("spBv1.0/toshima/NDEATH/tobu-pi", sparkplug.encode(body))


def session(bdseq: int, value: float, at: int) -> list[Message]:
    """A node that comes and sends one reading."""
    return [nbirth(bdseq, at), dbirth(), ddata(2, Metric("Fill/Percent", value, at))]


# ---------------------------------------------------------------- floods


def test_a_flooding_node_is_cut_off_whole_messages_at_a_time_and_the_others_notice_nothing(
    store: SqliteStore, time: Time
) -> None:
    ingest = limited(store, time)
    flooder, other = Edge(ingest), Edge(ingest, "seibu-pi", ["unit-2"])
    flooder.born()
    other.born()
    flood = [ddata(3 + n, *(Metric("Fill/Percent", n / 10, NOW - 1000 * n - m) for m in range(5))) for n in range(200)]
    outcome = ingest.process([*flood, *other.data(Reading("unit-2", "Fill/Percent", NOW, 7.0))])
    stored = values(store, "Fill/Percent")
    assert len(stored) == (100 - 3) * 5  # ten seconds' worth, births included, and no message by halves
    assert values(store, "Fill/Percent", "unit-2") == [(NOW, 7.0, stored[0][2])]
    assert other.answers(outcome)
    assert not flooder.answers(outcome)
    assert ingest.counts["rate-limit"] == 103
    assert reasons(store) == ["rate-limit"]


def test_after_a_flood_a_rebirth_is_asked_for_and_everything_comes_again(store: SqliteStore, time: Time) -> None:
    ingest = limited(store, time)
    edge = Edge(ingest)
    edge.born()
    readings = [Reading("unit-1", "Fill/Percent", NOW - n, n / 10) for n in range(150)]
    sent = [message for reading in readings for message in edge.data(reading)[:1]]
    edge.answers(ingest.process(sent))
    time.now += 20_000
    outcome = ingest.process([ddata(200, Metric("Temperature", 20.0, NOW))])
    assert asks_rebirth(outcome)
    again = edge.answers(outcome)
    resent = edge.data(*readings, historical=True)
    outcome = ingest.process([Message(item.topic, item.payload) for item in again if hasattr(item, "topic")] + resent)
    assert acknowledges(outcome)
    assert len(values(store, "Fill/Percent")) == 150


def test_a_flood_of_births_is_limited_by_itself(store: SqliteStore, time: Time) -> None:
    ingest = limited(store, time)
    for n in range(60):
        ingest.process([nbirth(0, NOW + n), ddata(1, Metric("Fill/Percent", 1.0, NOW))])
    assert ingest.counts["rate-limit"] == 30 + 20  # births; then, when ten seconds' worth of messages is used up, all


def test_the_quarantine_rows_of_one_node_are_limited_and_the_rest_is_counted(store: SqliteStore, time: Time) -> None:
    ingest = limited(store, time, Limits(quarantined_per_minute=5))
    Edge(ingest).born()
    ingest.process([ddata(3 + n, Metric("Odd", 1.0, NOW)) for n in range(50)])
    assert reasons(store) == ["unknown-metric"] * 5
    assert ingest.counts["unknown-metric"] == 50
    Edge(ingest, "seibu-pi", ["unit-2"]).born()
    ingest.process([ddata(2, Metric("Odd", 1.0, NOW), asset="unit-2", node="seibu-pi")])
    assert len(reasons(store)) == 6


def test_a_restart_does_not_make_room_for_more_metrics(tmp_path: Path, time: Time) -> None:
    for start in range(2):
        store = SqliteStore.open(tmp_path / "bounded.db")
        ingest = limited(store, time, Limits(metrics_per_asset=10))
        Edge(ingest, assets=["plain-room"]).born()
        names = [f"Zones/z{start}-{n}/Count" for n in range(10)]
        ingest.process([ddata(2, *(Metric(name, 1, NOW) for name in names), asset="plain-room")])
        assert len(store.latest()["plain-room"]) == 10
        store.close()


# ---------------------------------------------------------------- two edge nodes with one identity


def test_two_nodes_with_one_identity_are_told_within_seconds_and_neither_is_stored_or_acknowledged(
    store: SqliteStore, ingest: Ingest, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Outcome] = []
    for turn, bdseq in enumerate((6, 6, 7, 7, 8, 8)):  # copies of one SD card push each other off, once a second
        time.now = NOW + turn * 1_000
        outcomes.append(ingest.process(session(bdseq, float(turn), time.now)))
        ingest.process([ndeath(bdseq)])
    assert [acknowledges(outcome) for outcome in outcomes] == [True, True, True, False, False, False]
    assert [value for _, value, _ in values(store, "Fill/Percent")] == [0.0, 1.0, 2.0]
    assert not any(asks_rebirth(outcome) for outcome in outcomes[3:])
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "two edge nodes use the identity toshima/tobu-pi" in told[0].getMessage()
    assert set(reasons(store)) == {"two-nodes"}
    assert store.noted(duplicates_key("tobu-pi")) == NOW + 5_000


def test_when_one_of_the_two_is_gone_everything_that_waited_comes(
    store: SqliteStore, ingest: Ingest, time: Time
) -> None:
    for turn, bdseq in enumerate((6, 200, 7, 201)):
        time.now = NOW + turn * 1_000
        ingest.process([*session(bdseq, float(turn), time.now), ndeath(bdseq)])
    time.now += 21_000
    outcome = ingest.process([])
    assert asks_rebirth(outcome)
    assert acknowledges(ingest.process(session(8, 51.0, time.now)))
    assert (time.now, 51.0) in [(at, value) for at, value, _ in values(store, "Fill/Percent")]


def test_two_that_are_connected_at_once_are_found_too(
    store: SqliteStore, ingest: Ingest, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    for turn in range(3):  # each answers the rebirth request that the other caused
        time.now = NOW + turn * 4_000
        ingest.process([nbirth(5, time.now), dbirth(), nbirth(90, time.now + 1), dbirth()])
        ingest.process([ddata(2, Metric("Fill/Percent", 1.0, NOW)), ddata(2, Metric("Fill/Percent", 2.0, NOW + 1))])
    assert "two edge nodes use the identity" in caplog.text
    assert values(store, "Fill/Percent") == []


def test_the_others_are_not_disturbed_by_twins(store: SqliteStore, ingest: Ingest) -> None:
    other = Edge(ingest, "seibu-pi", ["unit-2"])
    other.born()
    for turn, bdseq in enumerate((6, 200, 7, 201)):
        ingest.process([*session(bdseq, float(turn), NOW), ndeath(bdseq)])
    assert other.answers(ingest.process(other.data(Reading("unit-2", "Fill/Percent", NOW, 7.0))))


# ---------------------------------------------------------------- order


def test_messages_that_overtook_others_are_stored_in_order_and_acknowledged(
    store: SqliteStore, ingest: Ingest, edge: Edge
) -> None:
    first, second, third = (edge.data(Reading("unit-1", "Fill/Percent", NOW + n, float(n)))[0] for n in range(3))
    assert ingest.process([third]).commands == ()
    assert ingest.process([second]).commands == ()
    outcome = ingest.process([first])
    assert acknowledges(outcome)
    assert not asks_rebirth(outcome)
    assert [value for _, value, _ in values(store, "Fill/Percent")] == [0.0, 1.0, 2.0]


def test_a_held_message_of_an_unknown_asset_is_put_by_in_its_turn(
    store: SqliteStore, ingest: Ingest, edge: Edge
) -> None:
    stranger = ddata(4, Metric("Fill/Percent", 1.0, NOW), asset="unit-9")
    ingest.process([stranger])
    assert store.unassigned() == []
    outcome = ingest.process([ddata(3, Metric("Fill/Percent", 2.0, NOW))])
    assert [tally.reason for tally in store.unassigned()] == ["unknown-asset"]
    assert acknowledges(outcome)
