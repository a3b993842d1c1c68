"""Eight simulated weeks of the demo's two centres in a real InfluxDB, brought there as the collector brings them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from sukusuku_collector.derivations import subjects
from sukusuku_collector.deriver import Deriver
from sukusuku_collector.operations import Operations
from sukusuku_collector.operations.derivation import DerivationRecords
from sukusuku_collector.settings import AlertLevels, Facility
from sukusuku_collector.settings import read as read_facility
from sukusuku_collector.settings.influx import Influx
from sukusuku_collector.settings.store import StoreSettings
from sukusuku_collector.store.influx.query import Query
from sukusuku_collector.store.influx.shipper import LAG_MS, Shipper
from sukusuku_collector.store.influx.store import InfluxStore
from sukusuku_core.model import Reading
from sukusuku_demo import files
from sukusuku_demo.settings import Ports
from sukusuku_sim import history, scenario
from tests.dashboards.asking import DAY, HOUR, MINUTE
from tests.support.influxd import Influxd

NOW = int(datetime.fromisoformat("2026-04-15T10:40:00+09:00").timestamp() * 1_000)
"""The moment at which the boards are looked at: a Wednesday morning, the centres are open."""
WEEKS = 8
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""The demo's centres never close on the day that it is run; here that is a day before the history."""
STEP_SECONDS = 300
BATCH = 20_000
CUT, OUTAGE = "seibu-pi", (NOW - 15 * HOUR, NOW - 14 * HOUR)
"""Yesterday evening one centre has no network, and its edge node keeps what it reads."""
KEPT_A_MINUTE = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded, and who can be asked: the collector's own file, and InfluxDB."""

    facility: Facility
    store: InfluxStore
    query: Query


@contextlib.contextmanager
def loaded(folder: Path, server: Influxd, database: str) -> Iterator[Loaded]:
    """The history as readings, stored, derived and shipped."""
    files.write(folder, Ports(), BEFORE)
    demo = read_facility(folder / "facility.toml")
    influx = Influx(url=server.url, prefix=f"{database}/")
    facility = replace(
        demo,
        store=StoreSettings(kind="influx", path=str(folder / "readings.db"), influx=influx),
        alerts=AlertLevels(),  # the demo calls a unit silent after a minute, a centre after three quarters of an hour
    )
    plan = scenario.load(folder / "scenario.toml")
    readings = [*history.generate(plan, NOW - WEEKS * 7 * DAY, NOW, STEP_SECONDS), *_nodes(facility)]
    store = InfluxStore.open(facility.store.path)
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    query = Query(influx)
    try:
        for start in range(0, len(readings), BATCH):
            store.commit(readings[start : start + BATCH], [], NOW)
        _derive(facility, store, operations)
        _ship(facility, store)
        yield Loaded(facility, store, query)
    finally:
        query.close()
        operations.close()
        store.close()


def _derive(facility: Facility, store: InfluxStore, operations: Operations) -> None:
    deriver = Deriver(store, DerivationRecords(operations), subjects(facility), lambda: NOW)
    more = deriver.begin()
    while more:
        more = deriver.stretch()


def _ship(facility: Facility, store: InfluxStore) -> None:
    shipper = Shipper(facility, store, lambda: NOW + LAG_MS + 1)
    shipper.drain()
    assert shipper.refused == 0
    shipper.close()


def _nodes(facility: Facility) -> Iterator[Reading]:
    """What the edge nodes tell of themselves in the last two days."""
    nodes = {asset.edge for asset in facility.assets()}
    for time in range(NOW - 2 * DAY, NOW, 5 * MINUTE):
        for node in nodes:
            cut = node == CUT and OUTAGE[0] <= time < OUTAGE[1]
            age = (time - OUTAGE[0]) / MINUTE if cut else 0.0
            yield Reading(node, "Buffer/Rows", time, round(age * KEPT_A_MINUTE))
            yield Reading(node, "Buffer/OldestAge", time, 60 * age)
            yield Reading(node, "Buffer/Dropped", time, 0)
            yield Reading(node, "Devices/Down", time, 0)
            yield Reading(node, "Devices/Unstable", time, 0)
            yield Reading(node, "Disk/Free", time, 21_000.0 - (time - NOW + 2 * DAY) / DAY)
