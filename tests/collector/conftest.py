"""The data path without a broker: a store, a clock, an ingest, an edge node that is born; the way to InfluxDB."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_collector.ingest import Ingest
from tests.collector import influx_store
from tests.collector.alert_cases import close_operations
from tests.collector.centre import facility
from tests.collector.influx_rig import MakeRig, Rig
from tests.collector.wire import Edge, FailingStore, Time, acknowledges
from tests.support.influxd import Influxd


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    opened = FailingStore.open(tmp_path / "readings.db")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _operations_are_closed() -> Iterator[None]:
    yield
    close_operations()


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


@pytest.fixture
def make_rig(influx: Influxd, tmp_path: Path) -> Iterator[MakeRig]:
    rigs: list[Rig] = []

    def make(server: Influxd = influx, **keys: object) -> Rig:
        database = influx_store.new_database(server)
        rigs.append(
            Rig(influx_store.facility(tmp_path / f"spool-{database}.db", server, database, **keys), server, database)
        )
        return rigs[-1]

    yield make
    influx.adapter.trouble = None
    for rig in rigs:
        rig.close()
