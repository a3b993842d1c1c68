"""What polling 20 Modbus devices costs, and what a dead one among them costs the others.

`python -m bench.modbus` prints two tables and exits with 1 when a goal is missed:
- a dead device of 20 delays the healthy ones by at most 10 ms, with one-after-the-other polling beside it in the same
  run: the same code and devices, only in turn;
- a real edge agent with 20 devices at 1 s, a broker and a collector that acknowledges, takes at most 55 us of processor
  time for each of the 160 values a second, 45 MB of memory, and calls `fdatasync` at most once a second. All is read
  from /proc, the calls from `strace` in a window of their own, because it slows the agent down. Beside it in the same
  run: pymodbus alone, which asks the same devices for the same registers and does nothing with them.
Everything runs on this machine; the simulated devices are processes of their own.
"""

import argparse
import asyncio
import contextlib
import logging
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient
from tests.support.broker import mosquitto
from tests.support.ports import free_port

from bench.results import Line, at_most, conclude
from sukusuku_core import registers
from sukusuku_core.profile import ModbusProfile, find
from sukusuku_edge.events import Event, Sample
from sukusuku_edge.settings import Edge, read
from sukusuku_edge.sources import modbus

PROFILE = "sukusuku-retrofit-board"
DEVICES = 20
POLL = 1.0
TIMEOUT = 0.5
SETTLE = 4.0
"""Seconds before the measuring begins: the devices spread over the first two."""
DELAY_GOAL = 0.010
RESOLUTION = 0.005
"""Seconds by which two runs on a busy machine differ without any cause of ours."""
VALUE_GOAL = 55.0
"""Microseconds of processor time for a value, from the register to the acknowledgement."""
MEMORY_GOAL = 45.0
SYNC_GOAL = 1.0
"""Calls of fdatasync a second: each may cost a card an erase block."""
DAY = 86_400.0
POINTS = {
    "Fill/Percent": "fill_percent",
    "Cycles/Total": "cycle_counter",
    "State": "state",
    "Fault/Code": "fault_code",
    "Lid/Open": "lid_open",
    "Film/Remaining": "film_remaining",
    "Motor/Power": "motor_power",
    "Temperature": "temperature",
}
DEAD = "board-0"


def scenario(ports: Sequence[int], *, dead: bool = False, speed: int = 20) -> str:
    """Busy units with a retrofit board each; with `dead` the first board accepts connections and never answers."""
    text = f"seed = 1\nstart = 2026-04-15T10:00:00\nspeed = {speed}\n"
    if dead:
        text += f'[[event]]\nat = 0\ndo = "dead"\ndevice = "{DEAD}"\n'
    for n, port in enumerate(ports):
        text += f'[[unit]]\nid = "unit-{n}"\ndeposits_per_hour = 60\nserial = "SKB-{n:04}"\n'
        text += f'[[unit.device]]\nid = "board-{n}"\nprofile = "{PROFILE}"\nport = {port}\n'
    return text


def edge_settings(ports: Sequence[int], broker: int, poll: float = POLL) -> str:
    """Return an edge agent that reads all of them."""
    text = f'group = "bench"\nnode = "pi"\nprimary_host = "sukusuku"\n[broker]\nport = {broker}\n'
    for n, port in enumerate(ports):
        text += f'[[device]]\nid = "board-{n}"\nprofile = "{PROFILE}"\nhost = "127.0.0.1"\n'
        text += f"port = {port}\npoll = {poll}\ntimeout = {TIMEOUT}\n"
        text += f'[[asset]]\nid = "unit-{n}"\nkind = "unit"\n'
        for metric, point in POINTS.items():
            text += f'[[asset.binding]]\nmetric = "{metric}"\ndevice = "board-{n}"\npoint = "{point}"\n'
    return text


def facility(broker: int, units: int = DEVICES) -> str:
    """Return the collector of these units."""
    text = 'host_id = "sukusuku"\n[operator]\nid = "bench"\nname = { ja = "計測", en = "bench" }\n'
    text += f'[broker]\nport = {broker}\n[store]\npath = "readings.db"\n[operations]\nurl = "sqlite:///operations.db"\n'
    text += '[[site]]\nid = "centre"\nname = { ja = "計測", en = "bench" }\n'
    for n in range(units):
        text += f'[[site.unit]]\nid = "unit-{n}"\nname = {{ ja = "機{n}", en = "unit {n}" }}\nedge = "pi"\n'
    return text


@contextlib.contextmanager
def process(folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Provide a process of ours that has said that it is ready; it is asked to end on exit."""
    log = folder / f"{name}.log"
    with log.open("wb") as file:
        running = subprocess.Popen([sys.executable, "-m", *arguments], cwd=folder, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 30
        while b" ready" not in log.read_bytes():
            if running.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


@contextlib.contextmanager
def devices(folder: Path, ports: Sequence[int], *, dead: bool = False, speed: int = 20) -> Iterator[None]:
    """Provide the simulator with these devices."""
    file = folder / "scenario.toml"
    file.write_text(scenario(ports, dead=dead, speed=speed), encoding="utf-8")
    with process(folder, "simulator", "sukusuku_sim", file.name, "--truth", "truth.jsonl"):
        yield


# -------------------------------------------------------------------- a dead one among 20


async def at_once(edge: Edge, seconds: float) -> list[float]:
    """Return polled as the agent does it: seconds from when a healthy device is due to its sample."""
    late: list[float] = []
    begun: dict[str, float] = {}
    settled = time.perf_counter() + SETTLE

    async def emit(event: Event) -> None:
        if isinstance(event, Sample) and event.device != DEAD:
            if event.device in begun and time.perf_counter() > settled:
                late.append(time.perf_counter() - begun[event.device] - POLL)
            begun[event.device] = event.time / 1e6

    tasks = [asyncio.create_task(source.run(emit)) for source in modbus.sources(edge, _microseconds)]
    await asyncio.sleep(SETTLE + seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return late


async def in_turn(edge: Edge, seconds: float) -> list[float]:
    """Return the same, one device after the other: all are due when the round begins."""
    late: list[float] = []
    sources = modbus.sources(edge, _microseconds)
    settled = time.perf_counter() + SETTLE
    due = time.perf_counter()
    while due < settled + seconds:
        for source in sources:
            events = await source.poll()
            healthy = [event for event in events if isinstance(event, Sample) and event.device != DEAD]
            late += [time.perf_counter() - due for _ in healthy if due > settled]
        due += POLL
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    for source in sources:
        source.close()
    return late


def _microseconds() -> int:
    return time.perf_counter_ns() // 1000


def measure_dead(folder: Path, seconds: float) -> list[Line]:
    """Print the table; return the figure."""
    logging.disable(logging.WARNING)  # the dead one is meant to be dead
    print("polling         sample after it is due (ms)     with a dead one among them     the dead one delays (ms)")
    print("                    mean      p99      max          mean      p99      max     mean")
    delays = {}
    for name, way in (("at once (ours)", at_once), ("in turn", in_turn)):
        found = []
        for dead in (False, True):
            ports = [free_port() for _ in range(DEVICES)]
            with devices(folder, ports, dead=dead):
                (folder / "edge.toml").write_text(edge_settings(ports, 1), encoding="utf-8")
                found.append(asyncio.run(way(read(folder / "edge.toml"), seconds)))
        alive, with_dead = (_shape(late) for late in found)
        delays[name] = statistics.fmean(found[1]) - statistics.fmean(found[0])
        print(f"{name:14} {alive}    {with_dead} {delays[name] * 1000:8.1f}")
    ours, others = delays["at once (ours)"], delays["in turn"]
    times = others / max(ours, RESOLUTION)
    least = "" if ours > RESOLUTION else f"at least (this cannot tell less than {RESOLUTION * 1000:g} ms) "
    logging.disable(logging.NOTSET)
    beside = f"polled in turn: {others * 1000:,.0f} ms, {least}{times:,.0f} times as much"
    return [at_most("a dead device delays the others by", ours * 1000, DELAY_GOAL * 1000, "ms", beside)]


def _shape(late: Sequence[float]) -> str:
    ordered = sorted(late)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"{statistics.fmean(late) * 1000:8.1f} {p99 * 1000:8.1f} {ordered[-1] * 1000:8.1f}"


# -------------------------------------------------------------------- footprint


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: seconds of processor, bytes of memory now and at most, bytes written to the disk."""

    cpu: float
    memory: int
    peak: int
    written: int


def usage(pid: int) -> Usage:
    """From /proc, all threads together."""
    cpu = sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    status, io = (
        dict(line.split(":", 1) for line in Path(f"/proc/{pid}/{name}").read_text().splitlines())
        for name in ("status", "io")
    )
    memory, peak = (int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return Usage(cpu, memory, peak, int(io["write_bytes"]))


def syncs(pid: int, seconds: float) -> float | None:
    """Return how often a second a process calls fdatasync or fsync; None where strace is missing or may not look."""
    if shutil.which("strace") is None:
        return None
    watch = [
        "timeout",
        "-s",
        "INT",
        f"{seconds:g}",
        "strace",
        "-f",
        "-c",
        "-e",
        "trace=fdatasync,fsync",
        "-p",
        str(pid),
    ]
    told = subprocess.run(watch, capture_output=True, text=True, check=False).stderr
    if "attached" not in told:
        return None
    calls = [line.split() for line in told.splitlines() if line.endswith(("fdatasync", "fsync"))]
    return sum(int(fields[3]) for fields in calls) / seconds


async def ask_alone(ports: Sequence[int], seconds: float) -> float:
    """Return the processor time (s) for a value when pymodbus reads the same and nothing else is done."""
    profile = find(PROFILE)
    assert isinstance(profile, ModbusProfile)
    blocks = registers.plan(profile, [point for point in profile.point if point.name in POINTS.values()])
    end, polls = time.monotonic() + SETTLE + seconds, 0

    async def ask(port: int) -> None:
        nonlocal polls
        client = AsyncModbusTcpClient("127.0.0.1", port=port)
        await client.connect()
        await asyncio.sleep(random.random() * POLL)
        while (begun := time.monotonic()) < end:
            for block in blocks:
                read = client.read_discrete_inputs if block.area.of_bits else client.read_input_registers
                await read(block.start, count=block.count, device_id=1)
            polls += 1
            await asyncio.sleep(begun + POLL - time.monotonic())
        client.close()

    begun = time.process_time()
    await asyncio.gather(*(ask(port) for port in ports))
    return (time.process_time() - begun) / polls / len(POINTS)


def measure_footprint(folder: Path, seconds: float) -> list[Line]:
    """Return the figures of an edge agent."""
    ports = [free_port() for _ in range(DEVICES)]
    with contextlib.ExitStack() as running:
        broker = running.enter_context(mosquitto())
        running.enter_context(devices(folder, ports, dead=False))
        alone = asyncio.run(ask_alone(ports, seconds))
        (folder / "facility.toml").write_text(facility(broker), encoding="utf-8")
        running.enter_context(process(folder, "collector", "sukusuku_collector", "facility.toml"))
        (folder / "edge.toml").write_text(edge_settings(ports, broker), encoding="utf-8")
        agent = running.enter_context(process(folder, "edge", "sukusuku_edge", "run", "edge.toml"))
        time.sleep(SETTLE)
        before, begun = usage(agent.pid), time.monotonic()
        time.sleep(seconds)
        after, took = usage(agent.pid), time.monotonic() - begun
        calls = syncs(agent.pid, seconds)
    value = (after.cpu - before.cpu) / (took / POLL * DEVICES * len(POINTS)) * 1e6
    memory = after.memory / 1e6
    written = (after.written - before.written) / took
    about = f"{DEVICES} devices every {POLL:g} s"
    lines = [
        at_most(
            f"processor time of a value, edge agent, {about}",
            value,
            VALUE_GOAL,
            "us",
            f"pymodbus alone {alone * 1e6:.1f} us",
        ),
        at_most("its memory", memory, MEMORY_GOAL, "MB", f"at most {after.peak / 1e6:.1f} MB"),
        Line("it writes to the card", f"{written * DAY / 1e9:.2f} GB a day", beside=f"{written / 1e3:.1f} KB a second"),
    ]
    if calls is None:
        return [*lines, Line("it calls fdatasync", "not counted: strace is missing or may not look")]
    return [*lines, at_most("it calls fdatasync", round(calls, 1), SYNC_GOAL, "a second")]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.modbus", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        lines = [measure_dead(Path(name), arguments.seconds), measure_footprint(Path(name), arguments.seconds)]
    return conclude(chain.from_iterable(lines))


if __name__ == "__main__":
    sys.exit(main())
