"""Every figure that is told of simulated weeks, so that two states of the same data can be compared whole."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

from bench.figures.world import World

from sukusuku_api.queries.room_history import Gatherer
from sukusuku_api.reports import period
from sukusuku_api.reports.csv_zip import csv_zip
from sukusuku_api.reports.generate import asked, make
from sukusuku_collector.derivation.registry import subjects
from sukusuku_collector.derivation.runner import DerivationRunner
from sukusuku_collector.maintenance.kpi_writer import KpiWriter
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.db import Operations
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.figures.conftest import ONLY


@dataclass
class Copy:
    """Copied databases of a world, which a test may change; `now` is when figures are asked for."""

    folder: Path
    index: FacilitySchedules
    store: SqliteStore
    operations: Operations
    start: int
    end: int
    now: int

    def derive(self) -> None:
        """Derive what is new, in a runner that has just been started."""
        mine = {asset: subject for asset, subject in subjects(self.index).items() if asset in ONLY}
        runner = DerivationRunner(self.store, DerivationRecords(self.operations), mine, lambda: self.end + HOUR_MS)
        more = runner.begin()
        while more:
            more = runner.stretch()

    def close(self) -> None:
        self.store.close()
        self.operations.close()

    def kpis(self, start: int, end: int) -> dict[str, dict[str, float]]:
        """What adds up of each unit, and of all."""
        everybody, units = KpiQueries(self.index, self.store, self.operations, self.now).kpis(start, end)
        return {
            kpi.asset or "all": {
                "open": kpi.open_hours,
                "known": kpi.known_hours,
                "over": kpi.overflow_hours,
                "good": kpi.good_hours,
                "emptyings": kpi.emptyings,
                "kg": kpi.kg,
                "levels": 0.0 if kpi.level is None else kpi.level.mean * kpi.level.count,
                "waits": 0.0 if kpi.wait_hours is None else kpi.wait_hours.mean * kpi.wait_hours.count,
                **{kind.value: number for kind, number in kpi.visits.items()},
            }
            for kpi in (everybody, *units)
        }

    def room(self, room: str, start: int, end: int) -> dict[str, float]:
        """What adds up of a room."""
        gatherer = Gatherer(self.index, self.store, self.operations, self.now)
        site, settings = self.index.rooms[room]
        tally = gatherer.room(site, settings, start, end).tally
        names: tuple[str, ...] = ("open_ms", "known_ms", "complete_ms", "person_ms", "used_ms", "rated_ms", "ratio_ms")
        names += ("under_ms", "over_ms", "uses", "visits", "arrivals", "hours_open", "hours_known", "hours_used")
        return {name: getattr(tally, name) for name in names}

    def series(self) -> dict[str, list[tuple[int, object]]]:
        """The accounts as series, written again."""
        writer = KpiWriter(self.index, self.store, self.operations, _Current(), lambda: self.now)
        writer.write(self.start, self.end, self.now)
        return {
            f"{site} {metric}": [(point.time, point.value) for point in self.store.derived(site, metric, 0, self.now)]
            for site in ("site/tobu", "site/nanbu", "round/nappies")
            for metric in self.store.derived_metrics(site)
        }

    def report(self, *, outward: bool = False) -> bytes:
        """The tables of the report of the month."""
        wanted = asked(ReportKind.ROOMS, period.month("2026-07"), None, "en", outward=outward)
        with ZipFile(BytesIO(csv_zip(make(self.index, self.store, self.operations, wanted, self.now)))) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())

    def everything(self) -> Mapping[str, object]:
        """Every figure, of the whole time and of its weeks."""
        weeks = [*range(self.start, self.end, 7 * DAY_MS), self.end]
        cuts = [(self.start, self.end), *pairwise(weeks)]
        books = KpiQueries(self.index, self.store, self.operations, self.now)
        found: dict[str, object] = {f"units {cut}": str(books.kpis(*cut)) for cut in cuts}
        found |= {f"weights {cut}": str(books.weights(*cut)) for cut in cuts}
        found |= {f"visits {cut}": str(books.visits(*cut)) for cut in cuts}
        found |= {f"{room} {cut}": self.room(room, *cut) for room in self.index.rooms for cut in cuts}
        found |= {f"report {outward}": self.report(outward=outward) for outward in (False, True)}
        return found | {"fixed": str(books.compare(3, self.start, self.end))} | self.series()


class _Current:
    """A derivation that is up to date and has derived nothing again."""

    current = True

    def revised(self) -> Mapping[str, int]:
        return {}


def copied(world: World, folder: Path, original: Copy | None = None) -> Copy:
    """Copy the databases of a world, or of a copy of it that has been changed."""
    for name in ("readings.db", "operations.db"):
        with sqlite3.connect((original or world).folder / name) as source, sqlite3.connect(folder / name) as target:
            source.backup(target)
        source.close()
        target.close()
    return opened(world, folder)


def opened(world: World, folder: Path) -> Copy:
    """Open databases of a folder, new ones where there are none, as those of a world."""
    store = SqliteStore.open(folder / "readings.db")
    operations = Operations(f"sqlite:///{folder / 'operations.db'}")
    return Copy(folder, world.index, store, operations, world.start, world.end, world.end + 10 * DAY_MS)


def summed(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Add parts up."""
    return {name: sum(part[name] for part in parts) for name in parts[0]}
