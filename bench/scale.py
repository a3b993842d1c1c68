"""What a collector costs by how many edge nodes there are: idle, at work, at the start and at the end.

`python -m bench.scale --nodes 100 1000` starts for each number a broker, a collector with as many units, two in a
centre, and `sukusuku sim load` with one edge node for each unit and a message of ten readings from each every 10
seconds. It prints
- start: seconds from the start of the collector until it is ready, and how many of processor time;
- idle: processor time while all nodes are online and say nothing, in percent of a core;
- live: processor time while messages come, and the same for a reading less what it costs to be idle;
- queued: how long it waited meanwhile for a processor that others had, in percent of the time: what makes it late there
  is the machine;
- stop: seconds from SIGTERM to the end, and how many of processor time;
- stored, which must be what the edge nodes have taken.
Exits with 1 when a goal is missed. Broker and load run on the same processors; `--profile FILE` writes a profile of the
collector at work (of the last number of nodes).
"""

import argparse
import contextlib
import json
import os
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
from bench.results import Line, at_most, conclude, holds
from sukusuku_sim.load import facility
from sukusuku_sim.load.unit import METRICS

LOAD = (sys.executable, "-m", "sukusuku_sim", "load", "--json")
EVERY = 10.0
"""Seconds between two messages of a node."""
SETTLE = 20.0
"""Seconds until the births have been dealt with."""
IDLE_GOAL = 2.0
START_GOAL, STOP_GOAL = 10.0, 5.0
MEMORY_GOAL = 800.0
MANY, WORK_GOAL = 10_000, 50.0
"""Percent of a core that the collector may take at work when there are so many nodes."""
GROWTH_GOAL = 1.5
"""How much dearer a reading may be among the most nodes than among the fewest."""
PATIENCE = 300.0
BROKER = "max_inflight_messages 1000\nmax_connections -1"


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds, shares of a core in percent, memory in bytes."""

    nodes: int
    start: float
    start_cpu: float
    idle: float
    live: float
    queued: float
    reading: float
    memory: int
    stop: float
    stop_cpu: float
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


def share(pid: int, seconds: float) -> tuple[float, float]:
    """Return the processor time that a process takes, and the time that its main thread waits for one, in percent."""
    before, queue, begun = usage(pid).cpu, _queued(pid), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - begun
    return (usage(pid).cpu - before) / took * 100, (_queued(pid) - queue) / took * 100


def _queued(pid: int) -> float:
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1]) / 1e9


def ended(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Tell a process to end. Return the seconds that this takes, and those of processor time."""
    begun, before = time.monotonic(), _spent(process.pid)
    process.send_signal(signal.SIGTERM)
    while time.monotonic() - begun < PATIENCE and not Path(f"/proc/{process.pid}/stat").read_text().count(") Z "):
        time.sleep(0.02)
    return time.monotonic() - begun, _spent(process.pid) - before


def _spent(pid: int) -> float:
    """Return the processor time of a process with the threads that have ended; it may have ended itself."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, nodes: int, seconds: float, work: float, profile: Path | None = None) -> Measured:
    """Measure one number of nodes: `seconds` idle, `work` seconds at work."""
    with mosquitto(settings=BROKER) as port:
        facility.write(folder / "facility.toml", nodes, "127.0.0.1", port)
        with collector(folder, profile) as (running, start):
            start_cpu = usage(running.pid).cpu
            quiet = SETTLE + seconds
            times = [f"--wait={quiet}", f"--seconds={work + EVERY}"]
            load = subprocess.Popen(
                [*LOAD, f"--nodes={nodes}", *times, f"--broker=127.0.0.1:{port}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert load.stderr is not None
            load.stderr.readline()  # all are online
            time.sleep(SETTLE)
            idle, _ = share(running.pid, seconds)
            time.sleep(EVERY / 2)
            live, queued = share(running.pid, work)
            memory = usage(running.pid).memory
            told = json.loads(load.communicate()[0])
            stop, stop_cpu = ended(running)
    rate = nodes * len(METRICS) / EVERY
    tally = told["tally"]
    with contextlib.closing(sqlite3.connect(folder / "readings.db")) as file:
        stored = file.execute("SELECT count(*) FROM reading").fetchone()[0]
    reading = (live - idle) / 100 / rate * 1e6
    return Measured(
        nodes=nodes,
        start=start,
        start_cpu=start_cpu,
        idle=idle,
        live=live,
        queued=queued,
        reading=reading,
        memory=memory,
        stop=stop,
        stop_cpu=stop_cpu,
        taken=tally["read"],
        acknowledged=tally["acknowledged"],
        stored=stored,
        late=told["late"],
    )


def lines(found: Sequence[Measured]) -> Iterator[Line]:
    """Yield the figures, with their goals."""
    for it in found:
        name = f"{it.nodes:,} nodes"
        yield at_most(f"{name}: start", it.start, START_GOAL, "s", f"{it.start_cpu:.1f} s of processor time")
        yield at_most(f"{name}: idle", it.idle, IDLE_GOAL, "% of a core")
        beside = f"{it.reading:.0f} us a reading; waited for a processor {it.queued:.0f} % of the time"
        if it.nodes >= MANY:
            yield at_most(f"{name}: at work", it.live, WORK_GOAL, "% of a core", beside)
        else:
            yield Line(f"{name}: at work", f"{it.live:.1f} % of a core", beside=beside)
        yield at_most(f"{name}: memory", it.memory / 1e6, MEMORY_GOAL, "MB")
        yield at_most(f"{name}: stop", it.stop, STOP_GOAL, "s", f"{it.stop_cpu:.1f} s of processor time")
        told = f"taken {it.taken:,}, late {it.late:,}, acknowledged {it.acknowledged:,}, stored {it.stored:,}"
        yield holds(f"{name}: all is stored in time", told, reached=it.taken == it.acknowledged == it.stored)
    growth = found[-1].reading / found[0].reading
    about = f"a reading among {found[-1].nodes:,} nodes against {found[0].nodes:,}"
    yield at_most(about, growth, GROWTH_GOAL, "x")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[100, 1000], help="default: 100 1000")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement (default: 30)")
    parser.add_argument("--work", type=float, help="seconds at work of the last number of nodes (default: --seconds)")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write a profile of the collector (cProfile)")
    arguments = parser.parse_args(argv)
    found = []
    for nodes in arguments.nodes:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            last = nodes == arguments.nodes[-1]
            work = (last and arguments.work) or arguments.seconds
            profile = arguments.profile if last else None
            it = measure(Path(name), nodes, arguments.seconds, work, profile and profile.absolute())
        found.append(it)
        print(f"{it.nodes:,} nodes are measured", flush=True)
    return conclude(lines(found))


if __name__ == "__main__":
    sys.exit(main())
