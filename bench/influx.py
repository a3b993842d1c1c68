"""Points per second into a real influxd, and what they cost us, beside the `Point` API of influxdb-client.

`python -m bench.influx` prints a table and exits with 1 when a point costs us more than a tenth of what it costs
there. CPU is that of the calling thread, so that neither influxd nor the adapter in front of it counts.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from tests.support.influxd import Influxd, influxd
from tests.support.shipping import drain

from bench.results import at_least, conclude
from sukusuku_core.catalogue import DataType
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.series import Row
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.influx.line_protocol import READING, Layout, Lines
from sukusuku_server.timeseries.influx.shipper import Shipper
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.influx.writer import Writer
from sukusuku_server.timeseries.shipping_queue import Outgoing

GOAL = 10.0
NOW = 1_790_000_000_000
UNITS = 50
METRICS = ("Fill/Percent", "Fill/Distance", "Film/Remaining", "Motor/Power", "Temperature")
BATCH = 5_000
POLL_MS = MINUTE_MS

Cost = tuple[float, float]
"""Seconds of wall and of CPU."""

Way = Callable[[Facility, Sequence[Row]], Cost]

_databases = count(1)


def facility(path: Path, server: Influxd) -> Facility:
    """One centre with many units, and a database of its own."""
    name = {"ja": "計測", "en": "bench"}
    units = [{"id": f"unit-{n}", "name": name, "edge": "pi"} for n in range(UNITS)]
    database = f"bench{next(_databases)}"
    server.create(database)
    return msgspec.convert(
        {
            "operator": {"id": "bench", "name": name},
            "store": {"kind": "influx", "path": str(path), "influx": {"url": server.url, "prefix": f"{database}/"}},
            "site": [{"id": "centre", "name": name, "unit": units}],
        },
        Facility,
    )


def spool(settings: Facility, readings: int) -> InfluxStore:
    """Return a store with that many readings of all series in turn."""
    store = InfluxStore.open(settings.store.path)
    chance = random.Random(7)
    series = [store.series(f"unit-{n}", metric, DataType.DOUBLE) for n in range(UNITS) for metric in METRICS]
    rows: list[Row] = [
        (NOW + index // len(series) * POLL_MS, series[index % len(series)], round(chance.random() * 100, 2), 192)
        for index in range(readings)
    ]
    for start in range(0, readings, 10_000):
        store.commit_rows(rows[start : start + 10_000], [], NOW)
    return store


def timed(work: Callable[[], None]) -> Cost:
    """Return what some work takes in this thread."""
    wall, cpu = time.perf_counter(), time.thread_time()
    work()
    return time.perf_counter() - wall, time.thread_time() - cpu


def ours(settings: Facility, rows: Sequence[Row], *, gzip: bool) -> Cost:
    """From rows to lines to InfluxDB."""
    outgoing = Outgoing.open(settings.store.path)
    lines = Lines(Layout(settings))
    lines.know(outgoing.series())
    outgoing.close()
    influx = msgspec.structs.replace(settings.store.influx, gzip=gzip)
    writer = Writer(influx)

    def work() -> None:
        for start in range(0, len(rows), BATCH):
            refused = writer.write(influx.bucket("raw"), lines.readings(rows[start : start + BATCH]))
            assert not refused

    cost = timed(work)
    writer.close()
    return cost


def points(settings: Facility, rows: Sequence[Row]) -> Cost:
    """Return the same through `Point`."""
    outgoing = Outgoing.open(settings.store.path)
    names = {item.number: (item.asset, item.metric) for item in outgoing.series()}
    outgoing.close()
    influx = settings.store.influx
    client = InfluxDBClient(influx.url, "", org="", timeout=30_000)
    api = client.write_api(write_options=SYNCHRONOUS)

    def point(row: Row) -> Any:
        asset, metric = names[row[1]]
        made: Any = Point(READING)  # type: ignore[no-untyped-call]  # the library's
        made = made.tag("asset", asset).tag("kind", "unit").tag("metric", metric).tag("site", "centre")
        return made.field("value", row[2]).time(row[0], WritePrecision.MS)

    def work() -> None:
        for start in range(0, len(rows), BATCH):
            batch = [point(row) for row in rows[start : start + BATCH]]
            api.write(influx.bucket("raw"), record=batch, write_precision="ms")  # type: ignore[arg-type]  # a str

    cost = timed(work)
    client.close()  # type: ignore[no-untyped-call]  # the library's
    return cost


def whole(settings: Facility, readings: int) -> tuple[Cost, int]:
    """From the file to InfluxDB as the collector does it, with every roll-up; tells how many points that were."""
    store = spool(settings, readings)
    now = NOW + readings * POLL_MS
    shipper = Shipper(settings, store, lambda: now)
    cost = timed(lambda: drain(shipper, now))
    shipped = shipper.shipped
    assert shipper.refused == 0
    shipper.close()
    store.close()
    return cost, shipped


def _counted(
    way: Callable[[Facility, Sequence[Row]], Cost], settings: Facility, rows: Sequence[Row]
) -> tuple[Cost, int]:
    return way(settings, rows), len(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.influx", description=__doc__)
    parser.add_argument("--readings", type=int, default=100_000, help="readings per round and way")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; medians are shown")
    arguments = parser.parse_args(argv)
    found: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, influxd() as server:
        for number in range(arguments.rounds):
            settings = facility(Path(folder) / f"{number}.db", server)
            spool(settings, arguments.readings).close()
            outgoing = Outgoing.open(settings.store.path)
            rows = outgoing.rows(0, 1 << 62)
            outgoing.close()
            other = facility(Path(folder) / f"{number}-whole.db", server)
            ways: dict[str, Callable[[], tuple[Cost, int]]] = {
                "influxdb-client, Point": partial(_counted, points, settings, rows),
                "lines": partial(_counted, partial(ours, gzip=False), settings, rows),
                "lines, gzip": partial(_counted, partial(ours, gzip=True), settings, rows),
                "collector: file to InfluxDB with roll-ups, gzip": partial(whole, other, arguments.readings),
            }
            for way, run in ways.items():
                (wall, cpu), shipped = run()
                found.setdefault(way, []).append((shipped / wall, cpu / shipped * 1e6))
    return report(found)


def report(found: dict[str, list[tuple[float, float]]]) -> int:
    """Print medians; 1 when the goal is missed."""
    print(f"{'':<50} {'points/s':>10} {'CPU us/point':>13}")
    cost = {way: statistics.median(cpu for _, cpu in rounds) for way, rounds in found.items()}
    for way, rounds in found.items():
        print(f"{way:<50} {statistics.median(rate for rate, _ in rounds):>10,.0f} {cost[way]:>13.2f}")
    ratio = cost["influxdb-client, Point"] / cost["lines"]
    beside = f"lines {cost['lines']:.2f} us, Point {cost['influxdb-client, Point']:.2f} us of processor time a point"
    return conclude([at_least("the Point API of influxdb-client against our lines", ratio, GOAL, "x", beside)])


if __name__ == "__main__":
    sys.exit(main())
