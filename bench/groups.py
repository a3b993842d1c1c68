"""What two collectors bear of one operator whose sites are in two shards, against one that works for both.

`python -m bench.groups --nodes 2000` starts PostgreSQL, Mosquitto and one collector for an operator of so many units,
half of which are in a group, with one edge node for each unit and a message of ten readings from each every 10 seconds;
then the same with a second collector, which takes over one of the shards. It prints the processor time of each
collector at work, in percent of a core, and whether everything was stored once. What a collector bears ends at a core,
so the busiest one says how much all can bear. It fails when that is not clearly less with two.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.collector.operators.towns import OneDatabase
from tests.support.broker import mosquitto
from tests.support.postgres import postgres

from bench.operators import TERM, collector, until
from bench.results import Line, at_most, conclude, holds
from bench.scale import BROKER, EVERY, LOAD, SETTLE, share
from sukusuku_sim.load import facility

GROUP = "load-1"
OWN = facility.OPERATOR
RELIEF_GOAL = 0.65
"""What the busiest of two collectors takes, as a part of what one alone takes."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares of a core of each collector, in percent, and how many readings were taken, acknowledged and stored."""

    shares: Sequence[float]
    taken: int
    acknowledged: int
    stored: int


def settings(nodes: int, broker: int, database: OneDatabase) -> str:
    """Return the settings of an operator whose second half is a group."""
    lines = facility.text(nodes, "127.0.0.1", broker).splitlines()
    own = [line for line in lines if not line.startswith(("store", "operations"))]
    sites = [f"load-site-{number}" for number in range(nodes // 4, nodes // 2)]
    keys = {"id": GROUP, "host_id": GROUP, "schema": "load_1_readings", "sites": sites}
    group = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return "\n".join((*own, database.settings(OWN, TERM), f"[[group]]\n{group}\n"))


@contextlib.contextmanager
def loads(nodes: int, broker: int, seconds: float) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Put load on both shards; all nodes are online inside the block."""
    half, times = nodes // 2, (f"--wait={SETTLE}", f"--seconds={seconds + EVERY}")
    found = [
        subprocess.Popen(
            [*LOAD, f"--nodes={half}", f"--first={first}", *times, f"--broker=127.0.0.1:{broker}", *names],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for first, names in ((0, ()), (half, (f"--group={GROUP}", f"--primary-host={GROUP}")))
    ]
    try:
        for load in found:
            assert load.stderr is not None
            load.stderr.readline()
        yield found
    finally:
        for load in found:
            load.kill()


def measure(nodes: int, seconds: float, number: int) -> Measured:
    """So many collectors."""
    with (
        postgres(unsafe=False) as server,
        mosquitto(settings=BROKER) as broker,
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        contextlib.ExitStack() as stack,
    ):
        folder, database = Path(name), OneDatabase(server)
        file = folder / "facility.toml"
        file.write_text(settings(nodes, broker, database), encoding="utf-8")
        running = [stack.enter_context(collector(file, folder / "one.log"))]
        until(lambda: running[0].works_for() == {OWN, GROUP}, "it did not work for both")
        others = (stack.enter_context(collector(file, folder / f"{other}.log")) for other in range(1, number))
        running.extend(others)
        until(lambda: all(it.works_for() for it in running), "nothing was handed over")
        with loads(nodes, broker, seconds) as both:
            time.sleep(SETTLE + EVERY / 2)
            shares = _shares([it.process.pid for it in running], seconds)
            told = [json.loads(load.communicate()[0])["tally"] for load in both]
        for it in running:
            it.end()
        return Measured(
            shares,
            sum(it["read"] for it in told),
            sum(it["acknowledged"] for it in told),
            _stored(database),
        )


def _shares(pids: Sequence[int], seconds: float) -> list[float]:
    """Return the processor time that processes take at the same time, in percent of a core."""
    with ThreadPoolExecutor(len(pids)) as pool:
        return [cpu for cpu, _ in pool.map(share, pids, [seconds] * len(pids))]


def _stored(database: OneDatabase) -> int:
    with psycopg.connect(database.readings) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {schema}.reading").fetchall()[0][0]
            for schema in (f"{OWN}_readings", "load_1_readings")
        ]
    return sum(counts)


def lines(one: Measured, two: Measured) -> Iterator[Line]:
    """Yield the figures, with their goals."""
    for name, it in (("one collector", one), ("two collectors", two)):
        shares = " and ".join(f"{found:.1f} %" for found in it.shares)
        yield Line(f"{name}: at work", f"{shares} of a core")
        told = f"taken {it.taken:,}, acknowledged {it.acknowledged:,}, stored {it.stored:,}"
        yield holds(f"{name}: all is stored", told, reached=it.taken == it.acknowledged == it.stored)
    yield at_most("the busiest of two against one alone", max(two.shares) / one.shares[0], RELIEF_GOAL)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.groups", description=__doc__)
    parser.add_argument("--nodes", type=int, default=2000, help="default: 2000; a multiple of 4")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    arguments = parser.parse_args(argv)
    return conclude(lines(*(measure(arguments.nodes, arguments.seconds, number) for number in (1, 2))))


if __name__ == "__main__":
    sys.exit(main())
