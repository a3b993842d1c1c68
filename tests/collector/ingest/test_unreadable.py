"""What arrives and cannot be read must not let old values look fresh."""

import logging

import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.ingest.unreadable import PATIENCE
from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_mqtt import Message
from sukusuku_server.model.unreadable import unreadable_key
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.scripted_edge import NOW, Edge, FailingStore, Time
from tests.collector.small_facility import FACILITY, facility

SINCE = NOW + 1000
GARBAGE = Message("spBv1.0/toshima/DDATA/tobu-pi/unit-1", b"\xff")


def stale(store: SqliteStore, asset: str = "unit-1") -> int | None:
    (since,) = {item.stale_since for item in store.latest()[asset].values()}
    return since


def noted(store: SqliteStore, reason: str) -> int | None:
    return store.noted(unreadable_key("tobu-pi", reason))


def filled(edge: Edge, at: int) -> list[Message]:
    return edge.data(Reading("unit-1", "Fill/Percent", at, 42.0), Reading("room", "Occupancy/Count", at, 3))


def test_data_that_no_birth_came_before_makes_its_assets_stale_until_the_birth(
    store: SqliteStore, ingest: Ingest, edge: Edge, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    ingest.process(filled(edge, NOW))
    restarted = Ingest(facility(), store, time)
    time.now = SINCE
    restarted.process(filled(edge, SINCE))
    assert stale(store) is None, "a rebirth mends this within a second"

    with caplog.at_level(logging.INFO):
        time.now = SINCE + PATIENCE
        restarted.process([])
        assert (stale(store), stale(store, "room")) == (SINCE, SINCE)
        assert noted(store, "no-birth") == SINCE
        time.now += 1
        restarted.process(edge.births())
    assert (stale(store), stale(store, "room")) == (None, None)
    assert noted(store, "no-birth") == 0
    assert caplog.text.count("cannot be read") == 1
    assert "can be read again" in caplog.text


def test_messages_that_are_no_sparkplug_make_their_device_stale_until_one_can_be_read(
    store: SqliteStore, ingest: Ingest, edge: Edge, time: Time
) -> None:
    ingest.process(filled(edge, NOW))
    time.now = SINCE
    ingest.process([GARBAGE])
    time.now += PATIENCE
    ingest.process([GARBAGE])
    assert (stale(store), stale(store, "room")) == (SINCE, None)
    assert noted(store, "message") == SINCE
    ingest.process(filled(edge, time.now))
    assert stale(store) is None
    assert noted(store, "message") == 0


def test_one_bad_message_among_good_ones_is_no_trouble(
    store: SqliteStore, ingest: Ingest, edge: Edge, time: Time
) -> None:
    ingest.process([GARBAGE, *filled(edge, NOW)])
    time.now += PATIENCE
    ingest.process([])
    assert stale(store) is None
    assert not noted(store, "message")


def test_a_node_that_has_died_is_no_longer_waited_for(
    store: SqliteStore, ingest: Ingest, edge: Edge, time: Time
) -> None:
    ingest.process([GARBAGE])
    will = edge.session.will()
    ingest.process([Message(will.topic, will.payload)])
    time.now += PATIENCE
    ingest.process([])
    assert not noted(store, "message")


def test_settings_can_change_while_the_store_does_not_answer(
    store: FailingStore, ingest: Ingest, edge: Edge, time: Time
) -> None:
    ingest.process([GARBAGE])
    time.now += PATIENCE
    ingest.process([])
    assert noted(store, "message") == NOW

    store.takes_notes = False
    text = FACILITY.format(port=1883).replace('edge = "tobu-pi"', 'edge = "seibu-pi"', 1)
    ingest.take(parse(text, Facility, "facility.toml"))
    store.takes_notes = True
    ingest.process([])
    assert noted(store, "message") == 0


def test_what_an_earlier_run_has_noted_is_forgotten(store: SqliteStore, time: Time) -> None:
    store.note(unreadable_key("tobu-pi", "alias"), NOW)
    Ingest(facility(), store, time)
    assert noted(store, "alias") == 0
