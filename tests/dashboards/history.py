"""Six simulated weeks of the demo's two centres in a real InfluxDB, brought there as the collector brings them."""

import asyncio
import contextlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from sukusuku_collector.derivation.registry import subjects
from sukusuku_collector.derivation.runner import DerivationRunner
from sukusuku_collector.maintenance.kpi_writer import KpiWriter
from sukusuku_collector.maintenance.limit_writer import LimitWriter
from sukusuku_collector.maintenance.self_metrics import Flow, SelfMetrics
from sukusuku_core.model import Reading
from sukusuku_core.time import day_start, local_day
from sukusuku_demo import files
from sukusuku_demo.settings import Ports
from sukusuku_server.db import Operations
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.model.rounds import Plan, Reason, Stop
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import AlertLevels, Facility
from sukusuku_server.settings import read as read_facility
from sukusuku_server.settings.influx import Influx
from sukusuku_server.settings.store import StoreSettings
from sukusuku_server.timeseries import SETTLED_MS
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.shipper import LAG_MS, Shipper
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_sim import history, scenario
from sukusuku_sim.scenario import Scenario
from tests.dashboards.grafana_query import DAY, HOUR, MINUTE
from tests.support.influxd import Influxd
from tests.support.shipping import drain
from tests.support.stores import commit

NOW = int(datetime.fromisoformat("2026-04-15T10:40:00+09:00").timestamp() * 1_000)
"""The moment at which the boards are looked at: a Wednesday morning, the centres are open."""
WEEKS = 6
WRITTEN = datetime(2026, 1, 1, 3, tzinfo=UTC)
"""The demo's centres are open from nine to six, as it is run at noon of a Thursday."""
STEP_SECONDS = 300
BATCH = 20_000
CUT, OUTAGE = "seibu-pi", (NOW - 15 * HOUR, NOW - 14 * HOUR)
"""Yesterday evening one centre has no network, and its edge node keeps what it reads."""
STATELESS = "seibu-unit-2"
"""This unit has no sensor of a state."""
COUNTED_AT_DOOR = "seibu-room"
"""This room has nothing but counters of entries and exits."""
OVER_LIMIT, TOO_MANY = "tobu-room", 14
"""In this room are at the end more children than may be there."""
KEPT_A_MINUTE = 4
DEPOSITS_PER_HOUR = {"tobu-unit-1": 6.0, "tobu-unit-2": 5.0, "seibu-unit-1": 6.0, "seibu-unit-2": 7.0}
"""Busier than in the demo, so that there is something of everything within a month."""
EMPTIED_DAILY = {"seibu-unit-1": datetime(2026, 1, 1, 17, 30, tzinfo=UTC).time()}
CROWD = ("Occupancy/Children", "Occupancy/Count")
WORTH_IT, SUNDAY = 10.0, 6


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded, and who can be asked: the collector's own files, and InfluxDB."""

    facility: Facility
    store: InfluxStore
    operations: Operations
    query: Query


@contextlib.contextmanager
def loaded(folder: Path, server: Influxd, database: str) -> Iterator[Loaded]:
    """The history as readings, stored, derived and shipped."""
    files.write(folder, Ports(), WRITTEN)
    demo = read_facility(folder / "facility.toml")
    influx = Influx(url=server.url, prefix=f"{database}/")
    facility = replace(
        demo,
        store=StoreSettings(kind="influx", path=str(folder / "readings.db"), influx=influx),
        alerts=AlertLevels(),  # the demo calls a unit silent after a minute, a centre after three quarters of an hour
    )
    plan = scenario.load(folder / "scenario.toml")
    lived = history.generate(_busy(plan), NOW - WEEKS * 7 * DAY, NOW, STEP_SECONDS)
    past = (reading for reading in lived if _is_sensed(reading))
    crowd = [Reading(OVER_LIMIT, metric, NOW - 2 * MINUTE, TOO_MANY) for metric in CROWD]
    readings = [*past, *crowd, *_nodes(facility)]
    store = InfluxStore.open(facility.store.path)
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    query = Query(influx)
    try:
        for start in range(0, len(readings), BATCH):
            commit(store, readings[start : start + BATCH], NOW)
        _derive(facility, store, operations)
        for round_plan in _plans(facility, store):
            Rounds(operations).put(round_plan)
        asyncio.run(KpiWriter(FacilitySchedules(facility), store, operations, Settled(), lambda: NOW).look())
        _watch(facility, store, operations, sorted(reading.time for reading in readings))
        LimitWriter(FacilitySchedules(facility), store, lambda: NOW - MINUTE).look()
        _ship(facility, store)
        yield Loaded(facility, store, operations, query)
    finally:
        query.close()
        operations.close()
        store.close()


def _busy(plan: Scenario) -> Scenario:
    units = tuple(
        replace(unit, deposits_per_hour=DEPOSITS_PER_HOUR[unit.id], empty_at=EMPTIED_DAILY.get(unit.id))
        for unit in plan.unit
    )
    return replace(plan, unit=units)


def _is_sensed(reading: Reading) -> bool:
    """Whether the asset has a sensor for it."""
    if reading.asset == COUNTED_AT_DOOR:
        return reading.metric.startswith(("Entries/", "Exits/", "Zones/"))
    return (reading.asset, reading.metric) != (STATELESS, "State")


def _derive(facility: Facility, store: InfluxStore, operations: Operations) -> None:
    deriver = DerivationRunner(store, DerivationRecords(operations), subjects(FacilitySchedules(facility)), lambda: NOW)
    more = deriver.begin()
    while more:
        more = deriver.stretch()


class Settled:
    """Everything is derived."""

    current = True

    def revised(self) -> Mapping[str, int]:
        """Nothing was derived anew."""
        return {}


def _plans(facility: Facility, store: InfluxStore) -> Iterator[Plan]:
    """Every day but Sunday a round visits in the afternoon what was not all but empty at noon."""
    (round_,) = facility.round
    first = local_day(NOW - WEEKS * 7 * DAY)
    for day in (first + timedelta(days=n) for n in range(1, WEEKS * 7)):
        noon, departs, returns = (day_start(day) + hour * HOUR for hour in (12, 13, 16))
        stops = []
        for asset in facility.assets():
            levels = store.derived(asset.id, "Fill/Estimate", noon - HOUR, noon) if asset.kind == "unit" else []
            if levels and float(levels[-1].value or 0.0) > WORTH_IT:
                stops.append((asset, float(levels[-1].value or 0.0)))
        if day.weekday() != SUNDAY:
            visited = [
                Stop(
                    asset=asset.id,
                    site=asset.site.id,
                    joined=True,
                    reason=Reason.DUE,
                    position=number,
                    arrives=departs + number * 30 * MINUTE,
                    deadline=None,
                    percent=level,
                    percent_then=level,
                    confidence=90.0,
                    bags=1,
                    kg=7.0,
                )
                for number, (asset, level) in enumerate(stops, 1)
            ]
            km, minutes = 3.0 * len(visited), 40.0 * len(visited)
            yield Plan(round_.id, day, noon, departs, returns, "van-1", tuple(visited), km, minutes, "by the level")


def _watch(facility: Facility, store: InfluxStore, operations: Operations, received: list[int]) -> None:
    """What the collector told of itself in the last day; derivation was behind as if in the middle of a pass."""
    now = 0
    vitals = SelfMetrics(
        facility.host_id,
        store,
        operations,
        lambda: Flow(bisect_left(received, now), 0),
        lambda: now - SETTLED_MS - now // MINUTE % 7 * 1_000,
        lambda: now - LAG_MS - now // MINUTE % 9 * 1_000,
        lambda: now,
    )
    for now in range(NOW - DAY, NOW, 5 * MINUTE):  # noqa: B007 - the clock of the vitals
        vitals.look()


def _ship(facility: Facility, store: InfluxStore) -> None:
    now = NOW + LAG_MS + 1
    shipper = Shipper(facility, store, lambda: now)
    drain(shipper, now)
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
