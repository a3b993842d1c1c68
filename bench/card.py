"""What an edge agent writes to its card in a day, by how it is set.

`python -m bench.card` prints a table: a centre of 4 units that are polled every 10 s, and 20 devices at 1 s whose
values change all the time; for each of them some settings of `[outbox]`. Bytes are what the kernel has handed to the
disk (`write_bytes` of /proc/PID/io), so the folder must be on one: `--folder`, not in memory. Syncs are counted by
strace.
Nothing is a goal here; docs/edge.md says what follows for a card.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.broker import mosquitto
from tests.support.ports import free_port

from bench import modbus
from bench.modbus import DAY, edge_settings, facility, syncs, usage

MEGA = 1e6


@dataclass(frozen=True, slots=True)
class Centre:
    """Devices, seconds between two polls, and how much faster than life the units are."""

    name: str
    devices: int
    poll: float
    speed: int


CENTRES = (Centre("4 units, every 10 s", 4, 10.0, 1), Centre("20 busy devices, every 1 s", 20, 1.0, 20))
SETTINGS = ("commit_every = 0", "commit_every = 1", "commit_every = 10", "memory_first = 30")


def measure(folder: Path, centre: Centre, settings: str, seconds: float) -> tuple[float, float | None]:
    """Return bytes and syncs a second."""
    ports = [free_port() for _ in range(centre.devices)]
    with contextlib.ExitStack() as running:
        broker = running.enter_context(mosquitto())
        running.enter_context(modbus.devices(folder, ports, speed=centre.speed))
        (folder / "facility.toml").write_text(facility(broker), encoding="utf-8")
        running.enter_context(modbus.process(folder, "collector", "sukusuku_collector", "facility.toml"))
        text = f"{edge_settings(ports, broker, centre.poll)}[outbox]\n{settings}\n"
        (folder / "edge.toml").write_text(text, encoding="utf-8")
        agent = running.enter_context(modbus.process(folder, "edge", "sukusuku_edge", "run", "edge.toml"))
        time.sleep(modbus.SETTLE)
        before, begun = usage(agent.pid).written, time.monotonic()
        calls = syncs(agent.pid, seconds)
        time.sleep(max(0.0, begun + seconds - time.monotonic()))
        return (usage(agent.pid).written - before) / (time.monotonic() - begun), calls


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.card", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each measurement")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on a disk; default: this one")
    arguments = parser.parse_args(argv)
    print(f"{'centre':28}{'[outbox]':20}{'MB a day':>10}{'syncs a day':>14}")
    for centre in CENTRES:
        for settings in SETTINGS:
            with tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.folder) as name:
                written, calls = measure(Path(name), centre, settings, arguments.seconds)
            told = "?" if calls is None else f"{calls * DAY:,.0f}"
            print(f"{centre.name:28}{settings:20}{written * DAY / MEGA:10,.0f}{told:>14}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
