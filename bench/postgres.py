"""Readings per second into a real PostgreSQL that waits for its disk: the store's commit beside a plain COPY.

`python -m bench.postgres` prints a table and exits with 1 when a goal is missed. Both ways write batches in turn into
the same table of readings, by binary COPY and one transaction a batch. What the store does besides is in its figure:
finding out what is new, roll-ups, latest values, the counter of commits.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import psycopg
from tests.support.postgres import postgres

from bench.results import Line, at_least, conclude
from sukusuku_core.catalogue import DataType
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries.postgres.store import PostgresStore

if TYPE_CHECKING:
    from sukusuku_core.model import Value

RATE_GOAL, RATIO_GOAL = 50_000.0, 0.8
NOW = 1_790_000_000_000
METRICS: dict[str, DataType] = {
    "Fill/Percent": DataType.DOUBLE,
    "Fill/Distance": DataType.DOUBLE,
    "Cycles/Total": DataType.INT64,
    "State": DataType.INT64,
    "Lid/Open": DataType.BOOLEAN,
    "Film/Remaining": DataType.DOUBLE,
    "Motor/Power": DataType.DOUBLE,
    "Temperature": DataType.DOUBLE,
    "Fault/Code": DataType.INT64,
    "Info/Firmware": DataType.STRING,
}
POLL_MS = 10_000
SHAPES = {"backlog": (100, 100), "live": (1_000, 1)}
"""Units and polls in a batch: an edge node that catches up, and everybody's newest values at once."""
_COPY = "COPY reading (time, series, quality, number, whole, words) FROM STDIN (FORMAT BINARY)"
_TYPES = ("int8", "int4", "int2", "float8", "int8", "bytea")

Way = Callable[[Sequence[Row]], None]


def batches(series: Sequence[tuple[int, DataType]], polls: int) -> Iterator[list[Row]]:
    """Yield batches without end, each of so many polls of all series."""
    chance = random.Random(1)
    values: dict[DataType, Callable[[], Value]] = {
        DataType.DOUBLE: lambda: round(chance.uniform(0, 100), 1),
        DataType.INT64: lambda: chance.randrange(100_000),
        DataType.BOOLEAN: lambda: chance.random() < 0.1,
        DataType.STRING: lambda: "2.4.1",
    }
    at = NOW
    while True:
        yield [
            (at + poll * POLL_MS, number, values[datatype](), 192)
            for poll in range(polls)
            for number, datatype in series
        ]
        at += polls * POLL_MS


def plain(connection: "psycopg.Connection[tuple[object, ...]]") -> Way:
    """Return what copies rows and commits them."""

    def write(rows: Sequence[Row]) -> None:
        with connection.transaction(), connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for time, series, value, quality in rows:
                if isinstance(value, float):
                    copy.write_row((time, series, quality, value, None, None))
                elif isinstance(value, str):
                    copy.write_row((time, series, quality, None, None, value.encode()))
                else:
                    copy.write_row((time, series, quality, None, value and int(value), None))

    return write


def measure(ways: dict[str, Way], source: Iterator[list[Row]], seconds: float) -> dict[str, list[float]]:
    """Return the readings a second of each batch, by way; the first batch of each warms up."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(rates["plain"]) < 2:
        for name, write in ways.items():
            rows = next(source)
            begun = time.perf_counter()
            write(rows)
            rates[name].append(len(rows) / (time.perf_counter() - begun))
    return {name: found[1:] for name, found in rates.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.postgres", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each shape of a batch")
    arguments = parser.parse_args(argv)
    lines = []
    print("batch        rows   series   store/s (range)                plain COPY/s (range)           ratio")
    with postgres(unsafe=False) as server:
        for shape, (units, polls) in SHAPES.items():
            settings = server.settings()
            store = PostgresStore.open(settings)
            series = [
                (store.series(f"unit-{n}", metric, datatype), datatype)
                for n in range(units)
                for metric, datatype in METRICS.items()
            ]
            with psycopg.connect(
                settings.url, autocommit=True, options=f"-csearch_path={settings.schema}"
            ) as connection:
                ways: dict[str, Way] = {
                    "store": lambda rows, store=store: store.commit_rows(rows, [], rows[-1][0]),  # type: ignore[misc]
                    "plain": plain(connection),
                }
                rates = measure(ways, batches(series, polls), arguments.seconds)
            store.close()
            ours, theirs = (statistics.median(rates[name]) for name in ("store", "plain"))
            shown = [
                f"{statistics.median(found):9,.0f} ({min(found):,.0f} to {max(found):,.0f})" for found in rates.values()
            ]
            size = f"{shape:8} {len(series) * polls:8,} {len(series):8,}"
            print(f"{size}   {shown[0]:<30} {shown[1]:<30} {ours / theirs:.2f}x")
            told = f"{ours:,.0f}/s; plain COPY {theirs:,.0f}/s"
            if shape == "backlog":
                lines.append(at_least(f"store, {shape}", ours, RATE_GOAL, "readings/s"))
                lines.append(at_least(f"store against plain COPY, {shape}", ours / theirs, RATIO_GOAL, "x", told))
            else:
                lines.append(Line(f"store against plain COPY, {shape}", f"{ours / theirs:.2f} x", beside=told))
    return conclude(lines)


if __name__ == "__main__":
    sys.exit(main())
