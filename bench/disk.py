"""How much room readings take, and how long questions about long ranges take, beside influxd and plain SQLite.

`python -m bench.disk` makes two histories. In one, units of ten metrics are measured every minute, with noise and
jitter, for a month, and one metric for a year. The other is what edge nodes send by exception: the centres of the
simulator for some months. Each goes into our store, which packs it while somebody commits, and into influxd, which is
let to compact all of it; the first one also into a plain table of SQLite, keyed by series and time. Then hourly means
are asked of all three in turns, of one series for a year and of 50 series for a month: told is the processor time of
this program and influxd together, which depends less than the time on whatever else runs. Exits with 1 when a goal is
missed. influxd counts without its write-ahead log.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from tests.support.influxd import Influxd, influxd
from tests.support.stores import commit

from bench.results import Line, at_least, at_most, conclude
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.influx.line_protocol import Layout, Lines
from sukusuku_server.timeseries.shipping_queue import Outgoing
from sukusuku_server.timeseries.sqlite import SqliteStore
from sukusuku_sim import scenario
from sukusuku_sim.history import generate
from sukusuku_sim.load import unit

BYTES, OF_INFLUX, FASTER = 4.0, 0.5, 15.0
"""The goals: bytes of a reading, share of what influxd takes, times as fast."""
BEGIN = 1_790_000_000_000 // DAY_MS * DAY_MS
UNITS, MONTH, YEAR = 5, 30, 365
SCENARIO = Path(scenario.__file__).with_name("scenarios") / "demo.toml"
NOISE = {"Fill/Percent": (0.4, 1), "Motor/Power": (0.8, 1), "Temperature": (0.1, 1), "Film/Remaining": (0.2, 1)}
LEVEL = "Fill/Percent"
LONG = "unit-year"
ASSETS = [f"unit-{n}" for n in range(UNITS)]
KEYS = [(LONG, LEVEL), *((asset, metric) for asset in ASSETS for metric in unit.METRICS)]
"""The series that are measured every minute; the first one for a year."""
BATCH = 10_000
FOREVER = 1 << 60
SETTLED = 4.0
"""Seconds without a change after which influxd has compacted what there is."""


def by_the_minute(days: int, assets: Sequence[str], metrics: Sequence[str]) -> Iterator[Reading]:
    """Yield what units measure every minute: the load's units, with the noise of sensors."""
    chance = random.Random(7)
    for moment in range(BEGIN, BEGIN + days * DAY_MS, MINUTE_MS):
        for number, asset in enumerate(assets):
            time_ = moment + chance.randint(-5, 5)
            for it in unit.readings(asset, number, moment):
                if it.metric in metrics:
                    value = it.value
                    if it.metric in NOISE and isinstance(value, float):
                        spread, digits = NOISE[it.metric]
                        value = round(value + chance.gauss(0, spread), digits)
                    yield Reading(asset, it.metric, time_, value)


def histories(months: int) -> dict[str, Callable[[], Iterator[Reading]]]:
    """Return what makes the readings of each history, in order of time as far as a store cares."""
    return {
        "measured every minute": lambda: chain(
            by_the_minute(MONTH, ASSETS, list(unit.METRICS)), by_the_minute(YEAR, [LONG], [LEVEL])
        ),
        "by exception": lambda: generate(scenario.load(SCENARIO), BEGIN, BEGIN + months * MONTH * DAY_MS),
    }


@dataclass(slots=True)
class Filled:
    """A history in our store and in influxd."""

    store: SqliteStore
    database: str
    readings: int
    before: float
    after: float
    alone: float  # without hours, latest values and whatever else the store keeps
    influx: float
    packing: float  # microseconds of processor time a reading
    waited: list[float]  # milliseconds of each commit while it was packed


def used(path: Path, tables: str = "%") -> int:
    """Return the bytes of the pages of some tables of a file, with their indexes; of all that hold anything."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        found = file.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name LIKE ?)",
            (tables,),
        )
        return int(found.fetchone()[0])


def fill(name: str, readings: Iterator[Reading], folder: Path, server: Influxd) -> Filled:
    """Put a history into both, and let both make it small."""
    path = folder / f"{name.replace(' ', '-')}.db"
    store, database, count = SqliteStore.open(path), name.replace(" ", "_"), 0
    server.create(database)
    settings = facility(path)
    lines = Lines(Layout(settings))
    while part := list(islice(readings, BATCH)):
        commit(store, part, part[-1].time)
        outgoing = Outgoing.open(path)
        lines.know(outgoing.series())
        outgoing.close()
        rows = [(it.time, number(store, it.asset, it.metric), float(it.value or 0), int(it.quality)) for it in part]
        write(server, database, lines.readings(rows))
        count += len(part)
    before = used(path) / count
    begun = time.process_time()
    waited = packed(store)
    packing = (time.process_time() - begun) / count * 1e6
    after, alone, theirs = (it / count for it in (used(path), used(path, "chunk"), compacted(server, database)))
    return Filled(store, database, count, before, after, alone, theirs, packing, waited)


def number(store: SqliteStore, asset: str, metric: str) -> int:
    """Return the number of a series that is there."""
    return store.series(asset, metric, DataType.DOUBLE)


def packed(store: SqliteStore) -> list[float]:
    """Pack everything while somebody commits ten readings twenty times a second; tell how long each commit took."""
    live_one, ended = number(store, "unit-live", LEVEL), threading.Event()
    waited: list[float] = []

    def live() -> None:
        moment = BEGIN + 10 * YEAR * DAY_MS
        while not ended.wait(0.05):
            moment += 1_000
            begun = time.perf_counter()
            store.commit_rows([(moment + n, live_one, 1.0, 192) for n in range(10)], (), moment)
            waited.append((time.perf_counter() - begun) * 1000)

    beside = threading.Thread(target=live)
    beside.start()
    while store.compact(BEGIN + 2 * YEAR * DAY_MS):
        time.sleep(0.002)
    ended.set()
    beside.join()
    return waited or [0.0]


def facility(path: Path) -> Facility:
    """Return settings for the layout in influxd: one centre."""
    name = {"ja": "計測", "en": "bench"}
    names = [*ASSETS, LONG]
    return msgspec.convert(
        {
            "operator": {"id": "bench", "name": name},
            "store": {"path": str(path)},
            "site": [{"id": "centre", "name": name, "unit": [{"id": it, "name": name, "edge": "pi"} for it in names]}],
        },
        Facility,
    )


# ------------------------------------------------------------ influxd


def write(server: Influxd, database: str, lines: Sequence[str]) -> None:
    """Send lines as they are."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", f"/write?db={database}&rp=raw&precision=ms", "\n".join(lines).encode())
    answer = connection.getresponse()
    assert answer.status == http.HTTPStatus.NO_CONTENT, answer.read()
    connection.close()


def compacted(server: Influxd, database: str) -> int:
    """Wait until influxd has made its files as small as it makes them; tell their bytes."""
    size, since, folder = -1, time.monotonic(), server.folder / "data" / database
    while time.monotonic() - since < SETTLED:
        time.sleep(0.25)
        now = sum(file.stat().st_size for file in folder.rglob("*.tsm"))
        if now != size or list(folder.rglob("*.tmp")):
            size, since = now, time.monotonic()
    return size


def means_of_influx(server: Influxd, database: str, where: str, groups: str) -> int:
    """Ask influxd for hourly means; tell how many there are."""
    text = f'SELECT mean("value") FROM "{database}"."raw"."reading" WHERE {where} GROUP BY time(1h){groups} fill(none)'
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/query?" + urlencode({"q": text, "epoch": "ms"}))
    found = json.load(connection.getresponse())["results"][0]
    connection.close()
    return sum(len(series["values"]) for series in found["series"])


# ------------------------------------------------------------ questions


def plain(filled: Filled, folder: Path) -> sqlite3.Connection:
    """Return the same readings in a table of SQLite that is made for questions about one series."""
    file = sqlite3.connect(folder / "plain.db")
    file.execute("CREATE TABLE reading (series, time INTEGER, value, PRIMARY KEY (series, time)) WITHOUT ROWID")
    for asset, metric in KEYS:
        points = filled.store.raw(asset, metric, 0, FOREVER, FOREVER)
        series = number(filled.store, asset, metric)
        file.executemany("INSERT INTO reading VALUES (?, ?, ?)", [(series, it.time, it.value) for it in points])
    file.commit()
    return file


def asked(filled: Filled, server: Influxd, folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Return how many ms hourly means take of whom, in turns: of a series for a year, of 50 for a month."""
    file, store = plain(filled, folder), filled.store
    month, year = BEGIN + MONTH * DAY_MS, BEGIN + YEAR * DAY_MS
    many = KEYS[1:]
    numbers = ", ".join(str(number(store, *key)) for key in many)
    sql = "SELECT series, time / 3600000, avg(value) FROM reading WHERE {} GROUP BY series, time / 3600000"
    one = f"series = {number(store, LONG, LEVEL)} AND time < {year}"
    within = "time >= {}ms AND time < {}ms"
    questions: dict[str, dict[str, Callable[[], int]]] = {
        f"1 series x {YEAR} days": {
            "store": lambda: len(store.hourly(LONG, LEVEL, BEGIN, year)),
            "influxd": lambda: means_of_influx(
                server, filled.database, f"\"asset\" = '{LONG}' AND {within.format(BEGIN, year)}", ""
            ),
            "SQLite": lambda: len(file.execute(sql.format(one)).fetchall()),
        },
        f"{len(many)} series x {MONTH} days": {
            "store": lambda: sum(len(store.hourly(*key, BEGIN, month)) for key in many),
            "influxd": lambda: means_of_influx(
                server,
                filled.database,
                f"\"asset\" != '{LONG}' AND {within.format(BEGIN, month)}",
                ', "asset", "metric"',
            ),
            "SQLite": lambda: len(file.execute(sql.format(f"series IN ({numbers}) AND time < {month}")).fetchall()),
        },
    }
    return {question: in_turns(ways, server, rounds) for question, ways in questions.items()}


def in_turns(ways: dict[str, Callable[[], int]], server: Influxd, rounds: int) -> dict[str, float]:
    """Return the ms of processor time, of both programs, that each way takes; all must find about as much."""
    took = dict.fromkeys(ways, 0.0)
    counts = {name: way() for name, way in ways.items()}
    assert max(counts.values()) - min(counts.values()) <= len(counts) + max(counts.values()) // 500, counts
    for _ in range(rounds):
        for name, way in ways.items():
            begun = worked(server)
            way()
            took[name] += (worked(server) - begun) * 1000 / rounds
    return took


def worked(server: Influxd) -> float:
    """Return the seconds of processor time that this program and influxd have taken."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def told(name: str, filled: Filled) -> Iterator[Line]:
    """Yield the figures of a history."""
    about = f"{filled.readings:,} readings; {filled.before:.1f} before packing, {filled.alone:.2f} without hours"
    yield at_most(f"bytes of a reading with its hours, {name}", filled.after, BYTES, "", about)
    about = f"influxd {filled.influx:.2f} bytes, without hours as well"
    yield at_most(f"of what influxd takes, {name}", filled.alone / filled.influx, OF_INFLUX, "x", about)
    waits = sorted(filled.waited)
    worst = waits[len(waits) * 99 // 100]
    found = f"{statistics.median(waits):.1f} ms, p99 {worst:.0f} ms"
    beside = f"a packed reading takes {filled.packing:.1f} us of processor time, those commits included"
    yield Line(f"commit of ten readings while others are packed, {name}", found, beside=beside)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.disk", description=__doc__)
    parser.add_argument("--months", type=int, default=6, help="months of readings by exception")
    parser.add_argument("--rounds", type=int, default=9, help="times that each question is asked")
    arguments = parser.parse_args(argv)
    os.environ["INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION"] = "1s"
    os.environ["INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION"] = "1s"
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name, influxd() as server:
        folder, dense = Path(name), None
        for kind, make in histories(arguments.months).items():
            filled = fill(kind, make(), folder, server)
            dense = dense or filled
            lines += told(kind, filled)
        assert dense is not None
        for question, took in asked(dense, server, folder, arguments.rounds).items():
            for other in ("influxd", "SQLite"):
                beside = f"{took['store']:.1f} ms, {other} {took[other]:.0f} ms"
                faster, about = took[other] / took["store"], f"hourly means, {question}, as fast as {other}"
                lines.append(at_least(about, faster, FASTER, "x", beside))
    return conclude(lines)


if __name__ == "__main__":
    sys.exit(main())
