"""The data path without a broker: a store, a clock, an ingest, an edge node that is born."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_collector.ingest import Ingest
from tests.collector.centre import facility
from tests.collector.wire import Edge, FailingStore, Time, acknowledges


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    opened = FailingStore.open(tmp_path / "readings.db")
    yield opened
    opened.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ingest(store: FailingStore, time: Time) -> Ingest:
    return Ingest(facility(), store, time)


@pytest.fixture
def edge(ingest: Ingest) -> Edge:
    """Born: its next message has seq 3."""
    node = Edge(ingest)
    assert acknowledges(node.born())
    return node
