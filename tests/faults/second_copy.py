"""F33: the disk of the server is lost while readings come in, with `[store] acknowledge = "replicated"`.

Every reading that an edge node has deleted must be in InfluxDB, and the others still come. Before that InfluxDB is away
for a while, in which nothing may be deleted. As a control the same is done without the key: it must lose what was on
its way to InfluxDB, or the row proves nothing.
"""

import asyncio
import random
import signal
import time
from dataclasses import dataclass

from sukusuku_demo.judge import judge_archive
from tests.faults.influx_outages import COLUMNS, DATABASE, SETTINGS, TIMEOUT, arriving
from tests.faults.judge import read_all
from tests.faults.outcome import joined
from tests.faults.rig import LOOK_SECONDS, SETTLE_SECONDS, Plan, Rig, now_ms, rig
from tests.faults.row import Outcome, Tier
from tests.support.influxd import Influxd, influxd

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 5, Tier.RELEASE: 10}
AWAY = 5.0
"""Seconds."""
CONTROL = 20.0
"""Seconds after which what InfluxDB still lacks is lost: it takes up to nine."""
TITLE = "the server's disk is lost, acknowledged when replicated"


@dataclass(frozen=True, slots=True)
class Seen:
    """Counts of readings in InfluxDB in the end, and how long (s) it took until new ones came."""

    accepted: int
    stored: int
    lost: int
    duplicates: int
    recovery: float


def run(tier: Tier, _: random.Random) -> Outcome:
    """The row."""
    return joined("F33", TITLE, [_round() for _n in range(ROUNDS[tier])])


def _round() -> Outcome:
    with influxd() as server:
        control = asyncio.run(_lose_disk(server, "stored", CONTROL))
        seen = asyncio.run(_lose_disk(server, "replicated", SETTLE_SECONDS))
    why = "" if control.lost else "without the key nothing was lost, so that this proves nothing"
    passed = not why and seen.accepted > 0 and seen.lost == seen.duplicates == 0
    counts = seen.accepted, seen.stored, seen.lost, seen.duplicates
    return Outcome("F33", TITLE, 2, *counts, (seen.recovery,), passed, why)


async def _lose_disk(server: Influxd, acknowledge: str, patience: float) -> Seen:
    server.drop(DATABASE)
    server.create(DATABASE)
    tail = SETTINGS.format(url=server.url, timeout=TIMEOUT).replace(
        "[store]\n", f'[store]\nacknowledge = "{acknowledge}"\n'
    )
    async with rig(Plan(facility_tail=tail)) as it:
        await it.start()
        await arriving(server)
        if acknowledge == "replicated":
            await asyncio.to_thread(server.stop, signal.SIGKILL)
            await asyncio.sleep(AWAY)
            await asyncio.to_thread(server.start)
            await arriving(server)
        await it.collector.kill()
        for file in it.folder.glob("readings.db*"):
            file.unlink()
        await it.collector.start()
        recovery = await arriving(server)
        assert it.working is not None
        it.working.cancel()
        return await _archived(it, server, recovery, patience)


async def _archived(it: Rig, server: Influxd, recovery: float, patience: float) -> Seen:
    """What is in InfluxDB, as soon as nothing is missing any more."""
    deadline = time.monotonic() + patience
    while True:
        accepted = [(at[:2], at[2], value) for at, value in read_all(it.logs)]
        rows = await asyncio.to_thread(server.ask, f'SELECT {COLUMNS} FROM "{DATABASE}"."raw"."reading"')  # noqa: S608 - no SQL
        found = judge_archive(accepted, rows, now_ms())
        if not found.lost or time.monotonic() > deadline:
            return Seen(len(accepted), found.stored, found.lost, found.duplicates, recovery)
        await asyncio.sleep(LOOK_SECONDS)
