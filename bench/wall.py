"""How long the queries of the boards take on one year of fifty units in a real influxd, and how large a wall is.

    python -m bench.wall [--days 365]

The points are written as the collector would have written them, at its rates, for every series that a board asks for.
Then each query is asked as Grafana asks it, several times in turn; medians are shown beside the plainest question there
is, for the newest value of one series. Exits with 1 when a query of a wall takes more than 200 ms, or a wall is larger
than 60 kB. Takes about three minutes and 400 MB in a temporary folder.
"""

import argparse
import http.client
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice

import msgspec
from tests.dashboards import grafana_query
from tests.dashboards.grafana_query import DAY, HOUR, MINUTE
from tests.support.influxd import Influxd, influxd

from bench.results import at_most, conclude, holds
from sukusuku_core.model import AssetKind
from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.grafana import classic
from sukusuku_server.kpi import series as figures
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Facility
from sukusuku_server.settings.influx import MINUTES, RAW
from sukusuku_server.timeseries.influx.line_protocol import DERIVED, FIVE_MINUTES, READING, Layout
from sukusuku_server.timeseries.influx.query import Query, quoted

GOAL_MS = 200.0
GOAL_BYTES = 60_000
SITES, UNITS_OF_SITE = 10, 5
ZONES = ("eating", "play")
NOW = 1_790_000_000_000
WEEK = 7 * DAY
BATCH = 10_000
ROUNDS = 5

TEN_MINUTES, FIVE, QUARTER = 10 * MINUTE, 5 * MINUTE, 15 * MINUTE
UNIT_READINGS = {"Fill/Percent": TEN_MINUTES, "State": TEN_MINUTES}
UNIT_DERIVED = {
    "Fill/Estimate": FIVE,
    "Bag/Age": FIVE,
    "Bag/HoursLeft": FIVE,
    "Film/DaysLeft": HOUR,
    "Forecast/Hours10": HOUR,
    "Forecast/Hours50": HOUR,
    "Forecast/Hours90": HOUR,
}
ROOM_READINGS = {"Occupancy/Children": FIVE} | {f"Zones/{zone}/Count": FIVE for zone in ZONES}
ROOM_DERIVED = {
    "Occupancy/ChildrenCorrected": QUARTER,
    "Occupancy/Corrected": QUARTER,
    "Occupancy/Limit": QUARTER,
    "Occupancy/Utilisation": QUARTER,
} | {f"Zones/{zone}/Corrected": QUARTER for zone in ZONES}
NODE_READINGS = dict.fromkeys(
    ("Buffer/Rows", "Buffer/OldestAge", "Devices/Down", "Buffer/Dropped", "Devices/Unstable", "Disk/Free"), FIVE
)
"""What is asked for, and how often it has a point: readings by change or told again, what is derived on its grid."""
IN_FIVE_MINUTES = ("Fill/Percent", "Buffer/Rows")
"""Readings of which the five-minute values are asked for."""
PERIOD = 10 * HOUR
"""Every series is a saw tooth of this length, from 0 to 100."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series: where it is, how its lines begin, and how often it has a point, from a ms on."""

    policy: str
    head: str
    every: int
    phase: int = 0
    rollup: bool = False

    def lines(self, start: int, end: int) -> list[str]:
        """Return the lines of start <= time < end."""
        values = [f"{100 * time / PERIOD:.2f}" for time in range(0, PERIOD, self.every)]
        if self.rollup:
            bodies = [f"{self.head} count=2i,mean={it},low={it},high={it},last={it} " for it in values]
        else:
            bodies = [f"{self.head} value={it} " for it in values]
        times = range(start + self.phase, end, self.every)
        return [f"{body}{time}" for body, time in zip(cycle(bodies), times, strict=False)]


def facility(server: Influxd) -> Facility:
    """Ten centres with five units and a room each; each is an edge node."""
    name = {"ja": "東部子ども家庭支援センター", "en": "Tobu Child and Family Centre"}
    zone = [{"id": it, "name": name} for it in ZONES]
    built = [
        {
            "id": f"site-{site}",
            "name": name,
            "unit": [{"id": f"unit-{site}-{n}", "name": name, "edge": f"pi-{site}"} for n in range(UNITS_OF_SITE)],
            "room": [{"id": f"room-{site}", "name": name, "edge": f"pi-{site}", "capacity": 10, "zone": zone}],
        }
        for site in range(SITES)
    ]
    influx = {"url": server.url, "prefix": "bench/", "timeout": 60.0}
    store = {"kind": "influx", "influx": influx}
    return msgspec.convert({"operator": {"id": "x", "name": name}, "store": store, "site": built}, Facility)


def series(settings: Facility) -> Iterator[Series]:
    """Every series that a board asks for."""
    layout = Layout(settings)
    readings: dict[str, dict[str, int]] = {}
    derived: dict[str, dict[str, int]] = {}
    for asset in settings.assets():
        unit = asset.kind is AssetKind.UNIT
        readings[asset.id] = UNIT_READINGS if unit else ROOM_READINGS
        derived[asset.id] = UNIT_DERIVED if unit else ROOM_DERIVED
        readings[asset.edge] = NODE_READINGS
    derived[SeriesOwner.ROUND.named("nappies")] = {it.name: DAY for it in figures.of(SeriesOwner.ROUND)}
    derived[SeriesOwner.HOST.named(settings.host_id)] = {it.name: FIVE for it in figures.of(SeriesOwner.HOST)}
    for site in settings.site:
        for room in site.room:
            derived[SeriesOwner.ROOM.named(room.id)] = {it.name: QUARTER for it in figures.of(SeriesOwner.ROOM)}
        names = [it.name for it in figures.of(SeriesOwner.SITE)]
        each = {name.replace("*", unit.id) for name in names for unit in site.unit}
        derived[SeriesOwner.SITE.named(site.id)] = dict.fromkeys(sorted(each), DAY)
    for asset_id, metrics in readings.items():
        for metric, every in metrics.items():
            tags = layout.tags(asset_id, metric)
            yield Series(RAW, READING + tags, every, _phase(asset_id, metric, every))
            if metric in IN_FIVE_MINUTES:
                yield Series(MINUTES, FIVE_MINUTES + tags, every, rollup=True)
    for asset_id, metrics in derived.items():
        for metric, every in metrics.items():
            yield Series(MINUTES, DERIVED + layout.tags(asset_id, metric), every)


def _phase(asset: str, metric: str, every: int) -> int:
    """Return an offset, so that readings of different series come at different times."""
    return sum(map(ord, asset + metric)) * 7_919 % every


def fill(settings: Facility, server: Influxd, days: int) -> int:
    """Write everything, a week at a time; returns how many points."""
    server.create("bench")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    written = 0
    found = tuple(series(settings))
    for start in range(NOW - days * DAY, NOW, WEEK):
        end = min(start + WEEK, NOW)
        for policy in (RAW, MINUTES):
            lines = chain.from_iterable(it.lines(start, end) for it in found if it.policy == policy)
            while batch := list(islice(lines, BATCH)):
                connection.request("POST", f"/write?db=bench&rp={policy}&precision=ms", "\n".join(batch).encode())
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != http.client.NO_CONTENT:
                    raise RuntimeError(f"influxd refused points ({answer.status}): {body[:200]!r}")
                written += len(batch)
    connection.close()
    return written


@dataclass(frozen=True, slots=True)
class Line:
    """A panel and how long its query took: the median, in ms."""

    uid: str
    title: str
    ms: float
    rows: int


def measure(settings: Facility, rounds: int) -> tuple[float, list[Line]]:
    """Return the yardstick in ms, and every panel of every Japanese board; all are asked in turn."""
    query = Query(settings.store.influx)
    panels = [(board, panel) for board in map(classic, boards(settings, "ja")) for panel in board["panels"]]
    since = NOW - 45 * MINUTE
    plain = (
        f'SELECT last("value") FROM "{RAW}"."{READING}" WHERE "asset" = {quoted("unit-3-1")} '
        f"AND \"metric\" = 'Fill/Percent' AND time >= {since}ms"
    )
    texts = [grafana_query.asked(board, panel, NOW) for board, panel in panels]
    yard: list[float] = []
    took: list[list[float]] = [[] for _ in panels]
    rows = [0] * len(panels)
    for _ in range(rounds):
        yard.append(_timed(query, plain)[0])
        for number, text in enumerate(texts):
            ms, rows[number] = _timed(query, text)
            took[number].append(ms)
    query.close()
    lines = [
        Line(board["uid"], panel["title"], statistics.median(times), count)
        for (board, panel), times, count in zip(panels, took, rows, strict=True)
    ]
    return statistics.median(yard), lines


def _timed(query: Query, text: str) -> tuple[float, int]:
    """Return the ms that a question took, and the rows of its answer."""
    begun = time.perf_counter()
    tables = query.ask(text, RAW)
    return (time.perf_counter() - begun) * 1_000, sum(len(table.values) for table in tables)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.wall", description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="of points")
    arguments = parser.parse_args(argv)
    begun = time.monotonic()
    with influxd() as server:
        settings = facility(server)
        count = fill(settings, server, arguments.days)
        loaded = time.monotonic() - begun
        size = sum(file.stat().st_size for file in server.folder.rglob("*") if file.is_file()) / 1e6
        print(
            f"{count:,} points of {SITES * UNITS_OF_SITE} units, {arguments.days} days: {loaded:.0f} s, {size:.0f} MB"
        )
        yard, lines = measure(settings, ROUNDS)
    return report(settings, yard, lines)


def report(settings: Facility, yard: float, lines: Sequence[Line]) -> int:
    """Print the slowest panels of each board; 1 when a goal is missed."""
    print(f"\n{'the newest value of one series':<58} {yard:>7.1f} ms")
    for uid in sorted({line.uid for line in lines}):
        slow = max((line for line in lines if line.uid == uid), key=lambda line: line.ms)
        print(f"{uid:<28} {slow.title[:28]:<29} {slow.ms:>7.1f} ms {slow.rows:>8,} rows")
    silent = [f"{line.uid} {line.title}" for line in lines if not line.rows]
    if silent:
        print(f"\nnothing was written for: {', '.join(silent)}")
    slowest = max(line.ms for line in lines if "-wall-" in line.uid)
    largest = max(
        len(json.dumps(classic(board), ensure_ascii=False).encode())
        for board in boards(settings, "ja")
        if "-wall-" in board.uid
    )
    return conclude(
        (
            at_most("slowest query of a Grafana wall", slowest, GOAL_MS, "ms", f"the plainest: {yard:.1f} ms"),
            at_most("largest wall", largest / 1_000, GOAL_BYTES / 1_000, "kB"),
            holds("panels without data", str(len(silent)), reached=not silent),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
