"""Readings a second from the socket to the disk: MQTT, decode, validate, durable commit, acknowledgement.

    python -m bench.receive [--rounds 3]

A process that only talks (`feeder.py`) sends messages of ten readings as fast as they are taken. Interleaved on the
same messages: ours (MQTT session, ingest, store, acknowledgements); paho with batches and a plain table in SQLite, of
which nothing more is asked (no roll-ups, no order of messages, no checks but plausible bounds); and the naive way, a
message at a time. All commits are durable. Medians of the rounds; times are of the clock, and beside them readings for
a second of processor time. Exits with 1 when a goal is missed. Takes about a minute.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.collector import NOW, facility, payloads
from bench.feeder import feeding, packets
from bench.naive import NaiveCollector
from bench.results import Line, at_least, conclude
from sukusuku_collector.host.session import BATCH
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import catalogue, sparkplug
from sukusuku_core.model import AssetKind
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_server.settings.facility import Limits
from sukusuku_server.timeseries.sqlite import SqliteStore

NAIVE_GOAL, BATCHED_GOAL, RATE_GOAL = 10.0, 1.5, 250_000
PER_MESSAGE = 10
FILTER = "spBv1.0/bench/#"
UNLIMITED = Limits(messages_per_second=100_000, kilobytes_per_second=1_000_000)
"""One node sends here what thousands would; the others have no limits at all."""
ACK = "spBv1.0/bench/NCMD/pi"
_TABLE = """
CREATE TABLE reading (series INTEGER, time INTEGER, value, quality INTEGER, PRIMARY KEY (series, time)) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """Readings for a second, of the clock and of the processor."""

    clock: float
    cpu: float


async def ours(folder: Path, port: int, readings: int) -> int:
    """Store with our own code, as `Host` does it; return how many readings."""
    store = SqliteStore.open(folder / "readings.db")
    settings = msgspec.structs.replace(facility(), limits=UNLIMITED)
    ingest, stored = Ingest(settings, store, lambda: NOW), 0
    async with MqttSession(MqttSettings("127.0.0.1", port, "ours")) as session:
        session.subscribe([FILTER])
        while stored < readings:
            messages = await session.receive()
            for start in range(0, len(messages), BATCH):
                outcome = ingest.process(messages[start : start + BATCH])
                stored += outcome.committed.stored
                for command in outcome.commands:
                    session.publish(command.topic, command.payload)
                await asyncio.sleep(0)
    store.close()
    return stored


def _client(port: int, taken: Callable[[Message], None]) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="paho")
    client.on_message = lambda _client, _data, message: taken(Message(message.topic, bytes(message.payload)))
    client.connect("127.0.0.1", port)
    client.loop(1)
    client.subscribe(FILTER, 0)
    return client


def naive(folder: Path, port: int, readings: int) -> int:
    """Store message by message."""
    collector = NaiveCollector(folder / "readings.db", NOW)

    def taken(message: Message) -> None:
        if "DDATA" in message.topic:
            client.publish(ACK, collector.process(message))

    client = _client(port, taken)
    while collector.stored < readings:
        client.loop(1)
    client.disconnect()
    collector.close()
    return collector.stored


@dataclass
class Plain:
    """A plain table, filled in batches."""

    file: sqlite3.Connection
    waiting: list[Message] = field(default_factory=list)
    series: dict[tuple[str, str], int] = field(default_factory=dict)
    stored: int = 0

    def take(self, message: Message) -> None:
        """Keep a message of data for the next batch."""
        if "DDATA" in message.topic:
            self.waiting.append(message)

    def commit(self) -> None:
        """Store what waits."""
        rows: list[tuple[int, int, Any, int]] = []
        for message in self.waiting:
            asset = message.topic.split("/")[4]
            for metric in sparkplug.parse(message.payload).metrics:
                known, where = catalogue.find(AssetKind.UNIT, metric.name), metric.WhichOneof("value")
                if known is None or where is None or metric.is_null:
                    continue
                value = getattr(metric, where)
                good = (known.low is None or value >= known.low) and (known.high is None or value <= known.high)
                number = self.series.setdefault((asset, metric.name), len(self.series))
                rows.append((number, metric.timestamp, value, 192 if good else 0))
        self.file.execute("BEGIN")
        self.file.executemany("INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)", rows)
        self.file.execute("COMMIT")
        self.stored += len(rows)
        self.waiting.clear()


def batched(folder: Path, port: int, readings: int) -> int:
    """Store batches of as many messages as ours with paho and a plain table."""
    with contextlib.closing(sqlite3.connect(folder / "readings.db", isolation_level=None)) as file:
        file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _TABLE)
        plain, count = Plain(file), 0
        client = _client(port, plain.take)
        while plain.stored < readings:
            before = len(plain.waiting)
            client.loop(0.01)
            if len(plain.waiting) >= BATCH or (plain.waiting and len(plain.waiting) == before):
                count += len(plain.waiting)
                plain.commit()
                said = [(sparkplug.ACK_BIRTH, NOW), (sparkplug.ACK_COUNT, count)]
                client.publish(ACK, sparkplug.command(said, NOW))
        client.disconnect()
    return plain.stored


def measure(readings: int, few: int, rounds: int) -> Mapping[str, list[Rate]]:
    """Return the rates of every way and round; the naive way gets `few` readings, or it would take minutes."""
    births, data = payloads(PER_MESSAGE, readings // PER_MESSAGE)
    ways: Mapping[str, tuple[int, Callable[[Path, int, int], int]]] = {
        "naive": (few, naive),
        "paho in batches, plain SQLite": (readings, batched),
        "ours": (readings, lambda folder, port, count: asyncio.run(ours(folder, port, count))),
    }
    rates: dict[str, list[Rate]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, (count, run) in ways.items():
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                file = Path(name) / "messages"
                file.write_bytes(packets([*births, *data[: count // PER_MESSAGE]]))
                with feeding(file) as port:
                    begun, spent = time.perf_counter(), time.process_time()
                    stored = run(Path(name), port, count)
                    took, spent = time.perf_counter() - begun, time.process_time() - spent
            assert stored == count, f"{way}: {stored} of {count} readings stored"
            rates[way].append(Rate(count / took, count / spent))
    return rates


def lines(rates: Mapping[str, Sequence[Rate]]) -> list[Line]:
    """Return the figures, with their goals."""
    clock = {way: statistics.median(rate.clock for rate in found) for way, found in rates.items()}
    cpu = {way: statistics.median(rate.cpu for rate in found) for way, found in rates.items()}
    (_, plain), (_, batch), (_, mine) = clock.items()
    _, batch_cpu, mine_cpu = cpu.values()
    low, high = min(rate.clock for rate in rates["ours"]), max(rate.clock for rate in rates["ours"])
    return [
        at_least("drain against the naive way", mine / plain, NAIVE_GOAL, "x", f"naive {plain:,.0f}/s"),
        at_least("drain against paho in batches and plain SQLite", mine / batch, BATCHED_GOAL, "x", f"{batch:,.0f}/s"),
        Line(
            "the same for a second of processor time",
            f"{mine_cpu / batch_cpu:.2f} x",
            beside=f"{mine_cpu:,.0f}/s against {batch_cpu:,.0f}/s",
        ),
        at_least("drain", mine, RATE_GOAL, "readings/s", f"{low:,.0f} to {high:,.0f}"),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=200_000, help="a round")
    parser.add_argument("--few", type=int, default=10_000, help="for the naive way")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved")
    arguments = parser.parse_args(argv)
    return conclude(lines(measure(arguments.readings, arguments.few, arguments.rounds)))


if __name__ == "__main__":
    sys.exit(main())
