"""What a collector costs by how many edge nodes there are: idle, at work, at the start and at the end.

`python -m bench.scale --nodes 100 1000` starts for each number a broker, a collector with as many units, two in a
centre, and `sukusuku sim load` with one edge node for each unit and a message of ten readings from each every 10
seconds. It prints
- start: seconds from the start of the collector until it is ready;
- idle: processor time while all nodes are online and say nothing, in percent of a core;
- live: processor time while messages come, and the same for a reading less what it costs to be idle;
- stop: seconds from SIGTERM to the end;
- stored, which must be what the edge nodes have taken.
Exits with 1 when a goal is missed. Broker and load run on the same processors; `--profile FILE` writes a profile of the
collector at work (of the last number of nodes).
"""

import argparse
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.broker import mosquitto

from bench.modbus import usage
from sukusuku_sim.load import facility
from sukusuku_sim.load.unit import METRICS

LOAD = (sys.executable, "-m", "sukusuku_sim", "load", "--json")
EVERY = 10.0
"""Seconds between two messages of a node."""
SETTLE = 20.0
"""Seconds until the births have been dealt with."""
IDLE_GOAL = 2.0
START_GOAL, STOP_GOAL = 10.0, 5.0
GROWTH_GOAL = 1.5
"""How much dearer a reading may be among the most nodes than among the fewest."""
PATIENCE = 300.0
BROKER = "max_inflight_messages 1000\nmax_connections -1"


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds, shares of a core in percent, memory in bytes."""

    nodes: int
    start: float
    idle: float
    live: float
    reading: float
    memory: int
    stop: float
    taken: int
    acknowledged: int
    stored: int
    late: int


@contextlib.contextmanager
def collector(folder: Path, profile: Path | None) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Provide a collector that is ready, and how long that took; it is killed if it has not ended."""
    log = folder / "collector.log"
    program = [sys.executable, *(["-m", "cProfile", "-o", str(profile)] if profile else []), "-m", "sukusuku_collector"]
    begun = time.monotonic()
    with log.open("wb") as file:
        running = subprocess.Popen([*program, "facility.toml"], cwd=folder, stdout=file, stderr=file)
    try:
        while b" ready" not in log.read_bytes():
            if running.poll() is not None or time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"the collector did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield running, time.monotonic() - begun
    finally:
        running.kill()
        running.wait()


def share(pid: int, seconds: float) -> float:
    """Return the processor time that a process takes, in percent of a core."""
    before, begun = usage(pid).cpu, time.monotonic()
    time.sleep(seconds)
    return (usage(pid).cpu - before) / (time.monotonic() - begun) * 100


def measure(folder: Path, nodes: int, seconds: float, profile: Path | None = None) -> Measured:
    """One number of nodes."""
    with mosquitto(settings=BROKER) as port:
        facility.write(folder / "facility.toml", nodes, "127.0.0.1", port)
        with collector(folder, profile) as (running, start):
            quiet = SETTLE + seconds
            times = [f"--wait={quiet}", f"--seconds={seconds + EVERY}"]
            load = subprocess.Popen(
                [*LOAD, f"--nodes={nodes}", *times, f"--broker=127.0.0.1:{port}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert load.stderr is not None
            load.stderr.readline()  # all are online
            time.sleep(SETTLE)
            idle = share(running.pid, seconds)
            time.sleep(EVERY / 2)
            live = share(running.pid, seconds)
            memory = usage(running.pid).memory
            told = json.loads(load.communicate()[0])
            begun = time.monotonic()
            running.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(PATIENCE)
            stop = time.monotonic() - begun
    rate = nodes * len(METRICS) / EVERY
    tally = told["tally"]
    with contextlib.closing(sqlite3.connect(folder / "readings.db")) as file:
        stored = file.execute("SELECT count(*) FROM reading").fetchone()[0]
    reading = (live - idle) / 100 / rate * 1e6
    return Measured(
        nodes, start, idle, live, reading, memory, stop, tally["read"], tally["acknowledged"], stored, told["late"]
    )


def missed(found: Sequence[Measured]) -> list[str]:
    """Return the goals that were missed, with by how much."""
    texts = []
    for it in found:
        for name, value, goal in (
            ("idle (%)", it.idle, IDLE_GOAL),
            ("start (s)", it.start, START_GOAL),
            ("stop (s)", it.stop, STOP_GOAL),
        ):
            if value > goal:
                texts.append(f"{it.nodes:,} nodes: {name} {value:.1f}, goal {goal:g}")
        if not it.taken == it.acknowledged == it.stored:
            texts.append(
                f"{it.nodes:,} nodes: taken {it.taken:,}, acknowledged {it.acknowledged:,}, stored {it.stored:,}"
            )
    growth = found[-1].reading / found[0].reading
    if growth > GROWTH_GOAL:
        texts.append(f"a reading costs {growth:.1f} times as much with {found[-1].nodes:,} nodes, goal {GROWTH_GOAL:g}")
    return texts


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[100, 1000], help="default: 100 1000")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write a profile of the collector (cProfile)")
    arguments = parser.parse_args(argv)
    print(
        f"{'nodes':>7}{'start s':>9}{'idle %':>8}{'live %':>8}{'us/reading':>12}{'MB':>6}{'stop s':>8}"
        f"{'taken':>10}{'stored':>10}{'late':>7}"
    )
    found = []
    for nodes in arguments.nodes:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            profile = arguments.profile if nodes == arguments.nodes[-1] else None
            it = measure(Path(name), nodes, arguments.seconds, profile and profile.absolute())
        found.append(it)
        print(
            f"{it.nodes:7,}{it.start:9.1f}{it.idle:8.1f}{it.live:8.1f}{it.reading:12.1f}{it.memory / 1e6:6.0f}"
            f"{it.stop:8.1f}{it.taken:10,}{it.stored:10,}{it.late:7,}",
            flush=True,
        )
    wrong = missed(found)
    print("\n".join(wrong) if wrong else "every goal reached")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
