"""What it costs to derive a reading of a unit: from the store, through the rules, back into the store.

`python -m bench.derivation` fills a store with readings of many units, ten metrics in a message, and derives them as
the collector does: once in catching up, once with a look every ten seconds as at work. It prints processor time for a
reading, beside what it costs SQLite in the same run to hand out the same rows and nothing else. Exits with 1 when a
reading costs more than the goal. Units that speak seldom cost more for a reading: a unit is looked at every five
minutes whatever it says.
"""

import argparse
import contextlib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.results import Line, at_most, conclude
from sukusuku_collector.derivation.booking_book import Book
from sukusuku_collector.derivation.registry import subjects
from sukusuku_collector.derivation.runner import DerivationRunner
from sukusuku_core.settings import parse
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import Operations
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import SETTLED_MS
from sukusuku_server.timeseries.sqlite import SqliteStore
from sukusuku_sim.load import facility, unit

GOAL = 10.0
"""Microseconds of processor time for a reading."""
BEGIN = 1_790_000_000_000
LOOK = 10_000
BATCH = 250
PLAIN = "SELECT time, series, value, quality FROM reading WHERE time >= ? AND time < ? ORDER BY time"


class World:
    """A store with readings of units, and their derivation. `now` is the clock."""

    def __init__(self, folder: Path, units: int, minutes: int, every: int) -> None:
        settings = parse(facility.text(units, "127.0.0.1", 1883), Facility, "facility.toml")
        index = FacilitySchedules(settings)
        self.store = SqliteStore.open(folder / "readings.db")
        self.operations = Operations(f"sqlite:///{folder / 'operations.db'}")
        self.now = BEGIN
        self.readings = 0
        book = Book(BookingRecords(self.operations))
        records = DerivationRecords(self.operations)
        self.runner = DerivationRunner(self.store, records, subjects(index, book), lambda: self.now)
        self._fill(list(index.assets), minutes * MINUTE_MS, every)

    def _fill(self, assets: Sequence[str], length: int, every: int) -> None:
        rows = []
        for time_ in range(BEGIN, BEGIN + length, every):
            for number, asset in enumerate(assets):
                for it in unit.readings(asset, number, time_):
                    series = self.store.series(asset, it.metric, unit.METRICS[it.metric])
                    rows.append((time_, series, it.value, int(it.quality)))
            if len(rows) >= BATCH * len(unit.METRICS):
                self.store.commit_rows(rows, (), time_)
                self.readings, rows = self.readings + len(rows), []
        self.store.commit_rows(rows, (), BEGIN + length)
        self.readings += len(rows)

    def derive(self, until: int) -> float:
        """Return the seconds of processor time that it takes to derive everything up to a moment."""
        self.now = until + SETTLED_MS
        begun = time.process_time()
        more = self.runner.begin()
        while more:
            more = self.runner.stretch()
        return time.process_time() - begun

    def close(self) -> None:
        """Give back the files."""
        self.operations.close()
        self.store.close()


def catching_up(folder: Path, units: int, minutes: int, every: int) -> tuple[float, float]:
    """Return microseconds for a reading: derived all at once, and only handed out by SQLite."""
    world = World(folder, units, minutes, every)
    took = world.derive(BEGIN + minutes * MINUTE_MS)
    world.close()
    with contextlib.closing(sqlite3.connect(folder / "readings.db")) as file:
        begun = time.process_time()
        file.execute(PLAIN, (BEGIN, world.now)).fetchall()
        plain = time.process_time() - begun
    return took / world.readings * 1e6, plain / world.readings * 1e6


def at_work(folder: Path, units: int, minutes: int, every: int) -> float:
    """Return microseconds for a reading with a look every ten seconds."""
    world = World(folder, units, minutes, every)
    took = sum(world.derive(BEGIN + end) for end in range(LOOK, minutes * MINUTE_MS + 1, LOOK))
    world.close()
    return took / world.readings * 1e6


def measure(units: int, minutes: int, rounds: int) -> list[Line]:
    """Return the figures, interleaved, as medians."""
    lines = []
    for seconds in (10, 60):
        found: list[tuple[float, float, float]] = []
        for _ in range(rounds):
            with (
                tempfile.TemporaryDirectory(prefix="bench-") as one,
                tempfile.TemporaryDirectory(prefix="bench-") as two,
            ):
                whole = catching_up(Path(one), units, minutes, seconds * 1000)
                found.append((*whole, at_work(Path(two), units, minutes, seconds * 1000)))
        caught, plain, working = (statistics.median(column) for column in zip(*found, strict=True))
        about, beside = f"a message of ten readings every {seconds} s", f"SQLite hands them out: {plain:.1f} us"
        lines.append(at_most(f"derivation of a reading, catching up, {about}", caught, GOAL, "us", beside))
        lines.append(at_most(f"derivation of a reading, a look every 10 s, {about}", working, GOAL, "us", beside))
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.derivation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, default=400)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1, help="interleaved; medians are shown")
    asked = parser.parse_args(argv)
    return conclude(measure(asked.units, asked.minutes, asked.rounds))


if __name__ == "__main__":
    sys.exit(main())
