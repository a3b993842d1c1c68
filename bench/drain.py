"""A backlog through a real uplink while live readings go on: outbox, Sparkplug session, Mosquitto, collector process.

`python -m bench.drain` fills an outbox with a backlog, starts the edge node's uplink against a collector that has just
come back, keeps adding live readings, and waits until the outbox is empty. It prints how fast the backlog drained and
how long a live reading took from its commit at the edge node to the acknowledgement of its commit at the collector.
Exits with 1 when a figure is missed.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.broker import mosquitto

from bench.results import at_least, at_most, conclude, holds
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_core.model import Reading
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.uplink import Uplink
from sukusuku_mqtt import MqttSettings
from sukusuku_server.timeseries.sqlite import SqliteStore

RATIO_GOAL = 20.0
LATENCY_GOAL = 5.0
UNITS = 20
METRICS: dict[str, DataType] = {
    "Fill/Percent": DataType.DOUBLE,
    "Cycles/Total": DataType.INT64,
    "State": DataType.INT64,
    "Motor/Power": DataType.DOUBLE,
    "Temperature": DataType.DOUBLE,
}
CHUNK = 5_000
PATIENCE = 300.0
"""Seconds after which the run counts as failed."""


class TimedOutbox(Outbox):
    """An outbox that knows when its rows were acknowledged."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.deleted: dict[int, float] = {}
        self._changed = asyncio.Condition()

    async def delete(self, rows: Sequence[int]) -> None:
        """See Outbox."""
        await super().delete(rows)
        now = time.monotonic()
        async with self._changed:
            self.deleted.update(dict.fromkeys(rows, now))
            self._changed.notify_all()

    async def gone(self, rows: Collection[int]) -> float:
        """Wait until all these rows are acknowledged; when the last of them was."""
        async with self._changed:
            await self._changed.wait_for(lambda: all(row in self.deleted for row in rows))
        return max((self.deleted[row] for row in rows), default=time.monotonic())


@dataclass
class Run:
    """What was measured. `live` maps the row of each live reading to the time of its commit."""

    backlog: int
    begun: float = 0.0
    drained: float = 0.0
    live: dict[int, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    stored: int = 0
    expected: int = 0


def facility(folder: Path, port: int) -> Path:
    """Return a centre with the units of one edge node."""
    name = 'name = {ja = "計測", en = "bench"}'
    lines = ["[operator]", 'id = "bench"', name, "[broker]", f"port = {port}", "[[site]]", 'id = "centre"', name]
    for n in range(UNITS):
        lines += ["[[site.unit]]", f'id = "unit-{n}"', name, 'edge = "pi"']
    path = folder / "facility.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def poll(at: int) -> list[Reading]:
    """Return what all units give in one poll."""
    values = {"Fill/Percent": at % 977 / 10, "Cycles/Total": at // 1000, "State": 0, "Motor/Power": 12.5}
    return [
        Reading(f"unit-{n}", metric, at, values.get(metric, 21.0 + at % 7)) for n in range(UNITS) for metric in METRICS
    ]


async def fill(outbox: Outbox, backlog: int, start: int) -> int:
    """Put a backlog into the outbox, a poll every second up to `start`; its last row."""
    per_poll = UNITS * len(METRICS)
    times = range(start - backlog // per_poll * 1000, start, 1000)
    last = 0
    for first in range(0, len(times), CHUNK // per_poll):
        readings = [reading for at in times[first : first + CHUNK // per_poll] for reading in poll(at)]
        last = (await outbox.add(readings, {}))[-1][0]
    return last


async def measure(folder: Path, port: int, backlog: int, live_rate: int) -> Run:
    """One run."""
    run = Run(backlog)
    async with asyncio.timeout(PATIENCE), TimedOutbox(folder / "outbox.db") as outbox:
        last = await fill(outbox, backlog, now_ms() - 1000)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sukusuku_collector", str(facility(folder, port)), stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        while b" ready" not in await process.stderr.readline():
            assert process.returncode is None, "the collector does not start"
        quiet = asyncio.create_task(process.stderr.read())
        names = {f"unit-{n}": METRICS for n in range(UNITS)}
        identity = NodeIdentity("bench", "pi", "sukusuku")
        uplink = Uplink(identity, names, MqttSettings("127.0.0.1", port, "pi"), outbox, now_ms, waiting=last)
        for unit in names:
            uplink.asset_up(unit)
        sending = asyncio.create_task(uplink.run())
        run.begun = time.monotonic()
        living = asyncio.create_task(_live(run, outbox, uplink, live_rate))
        run.drained = await outbox.gone(range(last, 0, -1))
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        await outbox.gone(run.live)
        run.latencies = sorted(outbox.deleted[row] - at for row, at in run.live.items())
        run.expected = last + len(run.live)
        uplink.stop()
        await sending
        process.terminate()
        await asyncio.gather(process.wait(), quiet)
    store = SqliteStore.open(folder / "readings.db")
    run.stored = sum(len(store.raw(unit, metric, 0, 2**62, 10_000_000)) for unit in names for metric in METRICS)
    store.close()
    return run


async def _live(run: Run, outbox: Outbox, uplink: Uplink, rate: int) -> None:
    """Poll at so many readings a second, committed and told as the agent does it."""
    pause = UNITS * len(METRICS) / rate
    begin = time.monotonic()
    turn = 0
    while True:
        turn += 1
        await asyncio.sleep(max(0.0, begin + turn * pause - time.monotonic()))
        rows = await outbox.add(poll(now_ms()), {})
        committed = time.monotonic()
        run.live.update((row, committed) for row, _ in rows)
        uplink.committed(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a figure is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.drain", description=__doc__)
    parser.add_argument("--backlog", type=int, default=100_000, help="readings that wait at the start")
    parser.add_argument("--live", type=int, default=200, help="live readings per second")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, mosquitto() as port:
        run = asyncio.run(measure(Path(folder), port, arguments.backlog, arguments.live))
    took = run.drained - run.begun
    drain = run.backlog / took
    p50, p99 = (run.latencies[int(len(run.latencies) * part)] for part in (0.5, 0.99))
    exact = run.stored == run.expected
    print("backlog   seconds   drained/s   live/s    ratio   live p50 s   live p99 s   stored     expected")
    print(
        f"{run.backlog:7,} {took:9.1f} {drain:11,.0f} {arguments.live:8,} {drain / arguments.live:7.1f}x"
        f" {p50:11.2f} {p99:12.2f} {run.stored:8,} {run.expected:12,}"
    )
    return conclude(
        (
            at_least("drain of a backlog", drain / arguments.live, RATIO_GOAL, "x live", f"{drain:,.0f} readings/s"),
            at_most("live readings meanwhile, p99", p99, LATENCY_GOAL, "s"),
            holds("every reading stored once", f"{run.stored:,} of {run.expected:,}", reached=exact),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
