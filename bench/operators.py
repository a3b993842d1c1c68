"""What a collector costs by how many operators it works for, and how soon another one takes over what it had.

`python -m bench.operators --operators 1 20 100` starts PostgreSQL and Mosquitto and, for each number, a collector for a
folder of so many operators of two centres (a unit and a room each), whose edge nodes say nothing. It prints
- made: seconds of the very first start, which makes the tables;
- ready: seconds from another start until it works for all, and how many of processor time;
- idle: processor time in a minute, in percent of a core;
- memory, threads, and its connections to the database;
- taken over: seconds from SIGKILL of one of two collectors that share the operators until the other one works for all;
- stop: seconds from SIGTERM to the end.
The last line is how much room a reading takes in PostgreSQL.
It fails when a takeover takes longer than is promised.
"""

import argparse
import contextlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from tests.collector.operators.towns import OneDatabase, town
from tests.collector.succession import TAKES_OVER
from tests.support.broker import mosquitto
from tests.support.postgres import PostgresServer, postgres
from tests.support.stores import commit

from bench.modbus import usage
from bench.results import Line, at_most, conclude
from sukusuku_core.model import Reading
from sukusuku_server.timeseries.postgres.store import PostgresStore

IDLE_SECONDS = 60.0
SETTLE = 10.0
"""Seconds after the start until what is done at a start is done."""
PATIENCE = 600.0
TERM = 6.0
NOW = 1_780_000_000_000
MORE = """
[[site.room]]
id = "room-1"
name = {ja = "一時保育室", en = "Room"}
edge = "tobu-pi"
capacity = 12

[[site]]
id = "seibu"
name = {ja = "西部", en = "Seibu"}

[[site.unit]]
id = "unit-2"
name = {ja = "2号機", en = "Unit 2"}
edge = "seibu-pi"

[[site.room]]
id = "room-2"
name = {ja = "一時保育室", en = "Room"}
edge = "seibu-pi"
capacity = 12
"""
_READY = re.compile(r"\[([\w-]+)\] ready: ")
_STOPPED = re.compile(r"\[([\w-]+)\] stopped$")


class Collector:
    """A collector for a folder of operators."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            arguments = [sys.executable, "-m", "sukusuku_collector", str(folder)]
            self.process = subprocess.Popen(arguments, stdout=file, stderr=file)

    def works_for(self) -> set[str]:
        """Return the operators for whom it is ready."""
        found: set[str] = set()
        for line in self._log.read_text(encoding="utf-8").splitlines():
            if ready := _READY.search(line):
                found.add(ready[1])
            elif stopped := _STOPPED.search(line):
                found.discard(stopped[1])
        return found

    def end(self, number: int = signal.SIGTERM) -> float:
        """Return how many seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        return time.monotonic() - begun


@contextlib.contextmanager
def collector(folder: Path, log: Path) -> Iterator[Collector]:
    """Provide one, which is killed if it has not ended."""
    made = Collector(folder, log)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def until(holds: Callable[[], bool], what: str) -> float:
    """Wait, and return for how many seconds."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > PATIENCE:
            raise SystemExit(f"after {PATIENCE:g} s {what}")
        time.sleep(0.05)
    return time.monotonic() - begun


def measure(server: PostgresServer, broker: int, folder: Path, number: int) -> list[Line]:
    """Return the figures of so many operators."""
    database = OneDatabase(server)
    names = [f"town-{it}" for it in range(number)]
    for name in names:
        schema = name.replace("-", "_")
        town(folder / "operators", name, broker, MORE + database.settings(name, TERM).replace(f'"{name}', f'"{schema}'))
    everybody = set(names)
    with collector(folder / "operators", folder / "first.log") as first:
        made = until(lambda: first.works_for() == everybody, "the first start was not over")
        first.end()
    with collector(folder / "operators", folder / "one.log") as one:
        ready = until(lambda: one.works_for() == everybody, "it did not work for all")
        started = usage(one.process.pid).cpu
        time.sleep(SETTLE)
        before = usage(one.process.pid).cpu
        time.sleep(IDLE_SECONDS)
        idle = (usage(one.process.pid).cpu - before) / IDLE_SECONDS * 100
        status = Path(f"/proc/{one.process.pid}/status").read_text(encoding="ascii")
        memory, threads = (int(re.search(rf"^{key}:\s+(\d+)", status, re.MULTILINE)[1]) for key in ("VmRSS", "Threads"))  # type: ignore[index]
        connections = connected(database)
        with collector(folder / "operators", folder / "other.log") as other:
            shared = until(lambda: len(other.works_for()) >= number // 2, "nothing was handed over")
            until(lambda: len(one.works_for()) + len(other.works_for()) == number, "some were between the two")
            time.sleep(SETTLE)
            one.end(signal.SIGKILL)
            taken = until(lambda: other.works_for() == everybody, "the other one did not take over all")
            stop = other.end()
    name = f"{number} operators"
    return [
        Line(f"{name}: very first start", f"{made:.1f} s"),
        Line(f"{name}: start", f"{ready:.1f} s", beside=f"{started:.1f} s of processor time"),
        Line(f"{name}: idle", f"{idle:.1f} % of a core", beside=f"{threads} threads, {connections} connections"),
        Line(f"{name}: memory", f"{memory / 1000:.0f} MB"),
        Line(f"{name}: half of them handed over", f"{shared:.0f} s"),
        at_most(f"{name}: a collector killed, the other one works for its half", taken, TAKES_OVER, "s"),
        Line(f"{name}: stop", f"{stop:.1f} s"),
    ]


def bytes_a_reading(server: PostgresServer) -> float:
    """Return how much room a reading takes before it is packed: two units, ten metrics, a message every ten seconds."""
    settings, chance, count = server.settings(), random.Random(1), 0
    store = PostgresStore.open(settings)
    for batch in range(100):
        times = [NOW + (100 * batch + poll) * 10_000 for poll in range(100)]
        readings = [
            Reading(f"unit-{unit}", f"Metric/{metric}", time, round(chance.uniform(0, 100), 2))
            for time in times
            for unit in range(2)
            for metric in range(10)
        ]
        commit(store, readings, times[-1])
        count += len(readings)
    store.close()
    query = (
        "SELECT sum(pg_total_relation_size(pg_class.oid)) FROM pg_class JOIN pg_namespace ON pg_namespace.oid ="
        " relnamespace WHERE nspname = %s AND relkind = 'r'"
    )
    with psycopg.connect(settings.url) as connection:
        row = connection.execute(query, (settings.schema,)).fetchone()
    return 0.0 if row is None else float(row[0]) / count


def connected(database: OneDatabase) -> int:
    """Return how many connections there are to the database, without this one."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(database.readings) as connection:
        row = connection.execute(query).fetchone()
    return 0 if row is None else int(row[0])


def main() -> int:
    """Measure and print; return 1 when a takeover took too long."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.operators", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operators", type=int, nargs="+", default=[1, 20, 100])
    numbers = parser.parse_args().operators
    lines: list[Line] = []
    with postgres(unsafe=False) as server, mosquitto(settings="max_connections -1") as broker:
        with psycopg.connect(server.settings().url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET max_connections = 2000")
        server.stop()
        server.start()
        for number in numbers:
            with tempfile.TemporaryDirectory() as folder:
                lines += measure(server, broker, Path(folder), number)
            print(f"{number} operators are measured", flush=True)
        lines.append(Line("a reading in PostgreSQL before it is packed", f"{bytes_a_reading(server):.0f} bytes"))
    return conclude(lines)


if __name__ == "__main__":
    sys.exit(main())
