"""Readings per second through the collector: decode, validate, durable commit, roll-up, acknowledgement.

`python -m bench.collector` prints a table and exits with 1 when we are below the goal against the naive way.
Everything runs in one process, interleaved, on the same payloads; the ratio says more than the absolute figures.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench.naive import NaiveCollector
from bench.results import at_least, conclude
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_actions import Publish
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.model import Reading, Value
from sukusuku_mqtt import Message
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.sqlite import SqliteStore

GOAL = 5.0
NOW = 1_790_000_000_000
UNITS = 8
BATCH = 64
METRICS: dict[str, DataType] = {
    "Fill/Percent": DataType.DOUBLE,
    "Fill/Distance": DataType.DOUBLE,
    "Cycles/Total": DataType.INT64,
    "Cycles/Raw": DataType.INT64,
    "State": DataType.INT64,
    "Fault/Code": DataType.INT64,
    "Lid/Open": DataType.BOOLEAN,
    "Film/Remaining": DataType.DOUBLE,
    "Motor/Power": DataType.DOUBLE,
    "Temperature": DataType.DOUBLE,
}


def facility() -> Facility:
    """Return a centre with a few units behind one edge node."""
    name = {"ja": "計測", "en": "bench"}
    units = [{"id": f"unit-{n}", "name": name, "edge": "pi"} for n in range(UNITS)]
    return msgspec.convert(
        {"operator": {"id": "bench", "name": name}, "site": [{"id": "centre", "name": name, "unit": units}]}, Facility
    )


def _value(metric: str, step: int, chance: random.Random) -> Value:
    values: dict[str, Value] = {
        "Fill/Percent": round(step * 0.01 % 90 + chance.random(), 1),
        "Fill/Distance": round(900 - step * 0.07 % 700, 1),
        "Cycles/Total": 10_000 + step,
        "Cycles/Raw": step % 65_536,
        "State": chance.choice((0, 0, 0, 1, 2, 3)),
        "Fault/Code": 0,
        "Lid/Open": chance.random() < 0.2,
        "Film/Remaining": round(100 - step * 0.01 % 95, 1),
        "Motor/Power": round(chance.random() * 180, 1),
        "Temperature": round(20 + chance.random() * 5, 1),
    }
    return values[metric]


def payloads(per_message: int, messages: int) -> tuple[list[Message], list[Message]]:
    """Births, then data of all units in turn: what an edge node sends when it has polls of 10 s to deliver."""
    chance = random.Random(per_message)
    units = [f"unit-{n}" for n in range(UNITS)]
    session = EdgeSession(NodeIdentity("bench", "pi"), 0, dict.fromkeys(units, METRICS))
    actions = session.connected(NOW - 40_000_000)
    for unit in units:
        actions += session.asset_up(unit, NOW - 40_000_000)
    births = [Message(action.topic, action.payload) for action in actions if isinstance(action, Publish)]
    seq = len(births)
    polls = per_message // len(METRICS)
    data: list[Message] = []
    for number in range(messages):
        unit, turn = units[number % UNITS], number // UNITS
        readings = [
            Reading(unit, metric, NOW - 39_000_000 + (turn * polls + poll) * 10_000, _value(metric, turn, chance))
            for poll in range(polls)
            for metric in METRICS
        ]
        body = tuple(sparkplug.Metric(item.metric, item.value, item.time) for item in readings)
        data.append(
            Message(f"spBv1.0/bench/DDATA/pi/{unit}", sparkplug.encode(sparkplug.Payload(NOW, body, seq % 256)))
        )
        seq += 1
    return births, data


def ours(folder: Path, births: Sequence[Message], data: Sequence[Message], batch: int) -> tuple[float, int]:
    """Seconds and stored readings of our own code, `batch` messages to a commit."""
    store = SqliteStore.open(folder / "readings.db")
    ingest = Ingest(facility(), store, lambda: NOW)
    ingest.process(births)
    stored, commands = 0, 0
    begin = time.perf_counter()
    for start in range(0, len(data), batch):
        outcome = ingest.process(data[start : start + batch])
        stored += outcome.committed.stored
        commands += len(outcome.commands)
    took = time.perf_counter() - begin
    store.close()
    assert commands == -(-len(data) // batch), "every commit must be acknowledged"
    return took, stored


def naive(folder: Path, data: Sequence[Message]) -> tuple[float, int]:
    """Seconds and stored readings of the naive way."""
    collector = NaiveCollector(folder / "readings.db", NOW)
    begin = time.perf_counter()
    for message in data:
        collector.process(message)
    took = time.perf_counter() - begin
    collector.close()
    return took, collector.stored


def measure(per_message: int, readings: int, rounds: int) -> dict[str, list[float]]:
    """Return readings per second of every way and round."""
    births, data = payloads(per_message, readings // per_message)
    ways: dict[str, Callable[[Path], tuple[float, int]]] = {
        "naive": lambda folder: naive(folder, data),
        "ours, 1 message per commit": lambda folder: ours(folder, births, data, 1),
        f"ours, {BATCH} messages per commit": lambda folder: ours(folder, births, data, BATCH),
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                took, stored = run(Path(folder))
            assert stored == readings, f"{way}: {stored} of {readings} readings stored"
            rates[way].append(readings / took)
    return rates


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.collector", description=__doc__)
    parser.add_argument("--readings", type=int, default=40_000, help="readings per round and way")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; medians are shown")
    arguments = parser.parse_args(argv)
    lines = []
    print("metrics  way                          readings/s (median)      min      max   against naive")
    for per_message in (10, 50):
        rates = measure(per_message, arguments.readings, arguments.rounds)
        base = statistics.median(rates["naive"])
        for way, found in rates.items():
            middle = statistics.median(found)
            spread = f"{min(found):8,.0f} {max(found):8,.0f}"
            print(f"{per_message:7}  {way:28} {middle:19,.0f} {spread} {middle / base:14.1f}x")
        name, beside = (
            f"readings/s against the naive way, {per_message} in a message",
            f"{middle:,.0f}/s; naive {base:,.0f}/s",
        )
        lines.append(at_least(name, middle / base, GOAL, "x", beside))  # the last way is the one that runs
    return conclude(lines)


if __name__ == "__main__":
    sys.exit(main())
