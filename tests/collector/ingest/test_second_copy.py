"""With `[store] acknowledge = "replicated"` nothing is acknowledged that a second copy lacks, and that is told."""

import logging
from dataclasses import dataclass

import pytest

from sukusuku_collector.ingest.outcome import Outcome
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.ingest.second_copy import SecondCopy, awaited
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_server.model import second_copy
from tests.collector.ingest.scripted_edge import NOW, Edge, FailingStore, Time, acknowledges
from tests.collector.small_facility import facility


@dataclass
class Copy:
    """A second copy that has everything before a time; None: it does not answer."""

    before: int | None = 0

    def __call__(self) -> int:
        if self.before is None:
            raise TransientError("away")
        return self.before


@pytest.fixture
def copy() -> Copy:
    return Copy()


@pytest.fixture
def ingest(store: FailingStore, time: Time, copy: Copy) -> Ingest:
    return Ingest(facility(), store, time, second=SecondCopy(copy, store))


@pytest.fixture
def edge(ingest: Ingest, copy: Copy) -> Edge:
    copy.before = NOW
    node = Edge(ingest)
    assert acknowledges(node.born())
    return node


def reading(time: int) -> Reading:
    return Reading("unit-1", "Fill/Percent", time, 42.5)


def deleted(edge: Edge, outcome: Outcome) -> list[int]:
    """The rows that the node deletes."""
    return [row for action in edge.answers(outcome) for row in action.rows]


def test_a_reading_is_acknowledged_when_the_second_copy_has_it_too(ingest: Ingest, edge: Edge, copy: Copy) -> None:
    outcome = ingest.process(edge.data(reading(NOW + 10)))
    assert outcome.committed.stored == 1
    assert deleted(edge, outcome) == []
    for before in (None, NOW + 10):
        copy.before = before
        assert deleted(edge, ingest.process([])) == []
    copy.before = NOW + 11
    assert deleted(edge, ingest.process([])) == [0]
    assert ingest.process([]).commands == ()


def test_an_older_reading_does_not_let_a_newer_one_pass(ingest: Ingest, edge: Edge, copy: Copy) -> None:
    ingest.process(edge.data(reading(NOW + 20)))
    copy.before = NOW + 10
    assert deleted(edge, ingest.process(edge.data(reading(NOW + 5)))) == []
    copy.before = NOW + 21
    assert deleted(edge, ingest.process([])) == [0, 0]  # both


def test_a_node_whose_clock_is_ahead_holds_up_nobody_else(ingest: Ingest, edge: Edge, copy: Copy) -> None:
    other = Edge(ingest, "seibu-pi", ("unit-2",))
    assert acknowledges(other.born())
    ahead, fine = edge.data(reading(NOW + 60_000)), other.data(Reading("unit-2", "Fill/Percent", NOW + 1, 1.0))
    ingest.process([*ahead, *fine])
    copy.before = NOW + 2
    outcome = ingest.process([])
    assert deleted(edge, outcome) == []
    assert deleted(other, outcome) == [0]


def test_that_the_second_copy_is_away_is_told_once_and_that_it_is_back(
    ingest: Ingest, edge: Edge, copy: Copy, time: Time, store: FailingStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ingest.process(edge.data(reading(NOW + 10)))
    time.now = NOW + second_copy.LATE_MS
    ingest.process([])
    assert not store.noted(second_copy.WAITING)
    time.now += 1
    ingest.process([])
    ingest.process([])
    assert store.noted(second_copy.WAITING) == NOW
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    copy.before = NOW + 11
    ingest.process([])
    assert store.noted(second_copy.WAITING) == 0
    assert "readings are acknowledged" in caplog.text


def test_that_nothing_is_acknowledged_is_told_though_the_node_begins_sessions_meanwhile(
    ingest: Ingest, edge: Edge, copy: Copy, time: Time, store: FailingStore
) -> None:
    ingest.process(edge.data(reading(NOW + 10)))
    for seconds in (5, 10, 20, 40):  # as an edge node does that gets no answer
        time.now += seconds * 1000
        edge.born()
        ingest.process(edge.data(reading(NOW + 10)))
    assert store.noted(second_copy.WAITING) == NOW
    ingest.begin_session()
    ingest.process([])
    assert store.noted(second_copy.WAITING) == NOW
    copy.before = time.now + 1
    ingest.process([])
    assert store.noted(second_copy.WAITING) == 0


def test_a_restart_while_the_second_copy_is_away_does_not_say_that_it_is_back(
    edge: Edge, copy: Copy, time: Time, store: FailingStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.note(second_copy.WAITING, NOW - 1)
    time.now = NOW + second_copy.LATE_MS
    again = Ingest(facility(), store, time, second=SecondCopy(copy, store))
    again.process([])
    assert store.noted(second_copy.WAITING) == NOW - 1
    copy.before = time.now + 1
    again.process([])
    assert store.noted(second_copy.WAITING) == 0
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_who_waits_for_no_second_copy_any_more_is_not_told_of_it_for_ever(store: FailingStore, copy: Copy) -> None:
    store.note(second_copy.WAITING, NOW)
    assert awaited(copy, store) is not None
    assert store.noted(second_copy.WAITING) == NOW
    assert awaited(None, store) is None
    assert store.noted(second_copy.WAITING) == 0
