"""The data path without a broker: a store, a clock, an ingest, an edge node that is born; the way to InfluxDB."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from tests.collector.ingest.scripted_edge import Edge, FailingStore, Time, acknowledges
from tests.collector.small_facility import facility
from tests.support import databases


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    opened = FailingStore.open(databases.readings(tmp_path))
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
