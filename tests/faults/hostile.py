"""F18: peers that flood the collector with births, with ever new names, and with things that are no payload at all.

The broker lets everybody in here, so this is what is left when its access lists fail. Nobody else may notice.

Whatever else runs on the machine takes time from the collector. So the time of an attack is the time in which the
collector had a processor when it wanted one: on a busy machine the flood is as heavy as on a free one, for what is left
of it. The bound on the latency of the others grows as the time does.
"""

import asyncio
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import MqttSession, MqttSettings
from tests.faults.files import GROUP, node_id, unit_ids
from tests.faults.judge import read_accepted
from tests.faults.outcome import finish, quantile
from tests.faults.program import Program
from tests.faults.rig import Plan, Rig, now_ms, rig
from tests.faults.row import Outcome, Tier

SECONDS = {Tier.PR: 20.0, Tier.NIGHTLY: 300.0, Tier.RELEASE: 300.0}
"""Of each attack."""
MOST = 10
"""A machine that is busier than this many times makes an attack shorter."""
RATE = 1_000
"""Messages a second."""
BURST = 50
LATENCY_P99 = 5.0
MEMORY = 256_000_000
"""Bytes that the collector may use."""
SERIES = 3_000
"""Series that may exist: 300 for each of the few assets, and the nodes' own."""
VICTIM = node_id(2)
"""An edge node that the facility knows and that is not there: the attacker speaks for it."""

_log = logging.getLogger("faults.F18")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(attack(SECONDS[tier], chance))


async def attack(seconds: float, chance: random.Random) -> Outcome:
    """One attack after the other beside an honest edge agent."""
    faults: list[str] = []
    sent = 0
    async with rig(Plan(edges=2)) as it:
        it.edges.pop()  # the attacker takes its place
        await it.start()
        for name, make in ATTACKS.items():
            begin = now_ms()
            count, stretched = await _flood(it, make(chance), seconds)
            sent += count
            until = now_ms()
            await it.flowing()
            late = list(_latencies(it, begin, until))
            _log.info(
                "%s: latency of the others p50 %.2f s, p99 %.2f s; the machine was %.1f times as slow as a free one",
                name,
                quantile(late, 0.5),
                quantile(late, 0.99),
                stretched,
            )
            if quantile(late, 0.99) > LATENCY_P99 * stretched:
                faults.append(f"{name}: the latency of the others rose to {quantile(late, 0.99):.1f} s")
        faults += _grown(it)
        verdict = await it.settle()
    return finish("F18", "hostile peers: messages sent", sent, verdict, faults=faults)


async def _flood(it: Rig, messages: Iterator[tuple[str, bytes]], seconds: float) -> tuple[int, float]:
    """How many messages were sent, and how many times longer it took than on a free machine."""
    sent, begin, waited = 0, time.monotonic(), _waited(it.collector)
    async with MqttSession(MqttSettings("127.0.0.1", it.port, "attacker")) as mqtt:
        while (passed := (wall := time.monotonic() - begin) - (_waited(it.collector) - waited)) < seconds:
            if wall > MOST * seconds:
                break
            for _ in range(min(BURST, round(passed * RATE) - sent)):
                mqtt.publish(*next(messages))
                sent += 1
            await asyncio.sleep(0.01)
    return sent, wall / passed


def _waited(program: Program) -> float:
    """Seconds that a program had something to do and no processor: its thread that had to wait longest.

    0 where the kernel does not tell.
    """
    assert program.process is not None
    longest = 0
    for thread in Path(f"/proc/{program.process.pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # it has just ended
            longest = max(longest, int(thread.read_text(encoding="ascii").split()[1]))
    return longest / 1e9


def _births(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Births of a known node, and of nodes that nobody knows."""
    while True:
        node = VICTIM if chance.random() < 0.5 else f"evil-{chance.randrange(10**9)}"
        body = (Metric(sparkplug.BDSEQ, chance.randrange(256), now_ms(), DataType.INT64),)
        yield f"spBv1.0/{GROUP}/NBIRTH/{node}", sparkplug.encode(Payload(now_ms(), body, 0))


def _names(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Devices that declare new metrics all the time."""
    seq = 0
    body = (Metric(sparkplug.BDSEQ, 0, now_ms(), DataType.INT64),)
    yield f"spBv1.0/{GROUP}/NBIRTH/{VICTIM}", sparkplug.encode(Payload(now_ms(), body, 0))
    while True:
        seq = (seq + 1) % 256
        device = chance.choice(unit_ids(2, 2)) if chance.random() < 0.7 else f"unit-{chance.randrange(10**9)}"
        name = f"Zones/{chance.randrange(10**9)}/Count"
        fresh = Metric(name, seq, now_ms(), DataType.INT64)
        known = Metric("Fill/Percent", 1.0, now_ms(), DataType.DOUBLE)
        yield f"spBv1.0/{GROUP}/DBIRTH/{VICTIM}/{device}", sparkplug.encode(Payload(now_ms(), (fresh, known), seq))


def _nonsense(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Payloads that are too large, too deep, or no payload."""
    bomb = b"\x12\x00" * 100_000
    while True:
        kind = chance.choice(("NBIRTH", "NDATA", "NDEATH", "NOTHING", "DDATA"))
        payload = bomb if chance.random() < 0.005 else chance.randbytes(chance.randrange(400))
        yield f"spBv1.0/{GROUP}/{kind}/{VICTIM}", payload


ATTACKS: dict[str, Callable[[random.Random], Iterator[tuple[str, bytes]]]] = {
    "births": _births,
    "new names": _names,
    "nonsense": _nonsense,
}


def _latencies(it: Rig, begin: int, until: int) -> Iterator[float]:
    for moment, _ in read_accepted(it.logs[0]):
        if moment[0] == it.watch.asset and begin <= moment[2] < until:
            wall = next((sight.wall for sight in it.watch.sights if sight.taken >= moment[2]), None)
            yield (now_ms() if wall is None else wall) / 1000 - moment[2] / 1000


def _grown(it: Rig) -> Iterator[str]:
    """Memory and store of the collector."""
    assert it.collector.process is not None
    status = Path(f"/proc/{it.collector.process.pid}/status").read_text(encoding="ascii")
    memory = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    with closing(sqlite3.connect(f"file:{it.store}?mode=ro", uri=True)) as store:
        series = store.execute("SELECT count(*) FROM series").fetchone()[0]
    _log.info("the collector has used %d MB at most and keeps %d series", memory // 1_000_000, series)
    if memory > MEMORY:
        yield f"the collector used {memory // 1_000_000} MB"
    if series > SERIES:
        yield f"the store has {series} series"
