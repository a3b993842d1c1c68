"""F25: the control. A collector that acknowledges before its commit is killed: the matrix must report the loss.

Every kill surely loses something. The commits are held back first, and the kill comes only when a reading that was
taken after that has left the outbox, acknowledged, and is not in the store: nobody has it any more. However slow the
machine is, that happens; when nothing is acknowledged within PATIENCE the row fails as one that tested nothing. In
the end the matrix must report exactly the readings that nobody has.
"""

import asyncio
import random
import sqlite3
from contextlib import closing
from dataclasses import replace

from tests.faults.early_ack import HOLD
from tests.faults.judge import Moment, read_all, read_stored
from tests.faults.outcome import finish
from tests.faults.rig import Plan, Rig, now_ms, rig, until
from tests.faults.row import Outcome, Tier

KILLS = {Tier.PR: 5, Tier.NIGHTLY: 20, Tier.RELEASE: 20}
GAP = 1.0
"""Most seconds from a recovery until the commits are held back again."""
PATIENCE = 60.0


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(lose(KILLS[tier], chance))


async def lose(times: int, chance: random.Random) -> Outcome:
    """It has passed when every kill has lost something, and the matrix reports just that."""
    async with rig(Plan(collector="tests.faults.early_ack")) as it:
        await it.start()
        for _ in range(times):
            await asyncio.sleep(chance.uniform(0, GAP))
            await _kill_between(it)
            await it.collector.start()
            await it.flowing()
        lost = await asyncio.to_thread(gone, it)
        verdict = await it.settle(gone=lost)
    outcome = finish("F25", "control: acknowledged before the commit, must lose", times, verdict)
    seen = verdict.lost == len(lost) >= times
    why = "" if seen else f"{len(lost)} readings are gone after {times} kills, reported are {verdict.lost}"
    return replace(outcome, control=True, passed=seen, why=why)


async def _kill_between(it: Rig) -> None:
    """Kill the collector when it has acknowledged a reading and not committed it."""
    hold = it.folder / HOLD
    hold.touch()
    since = now_ms()
    await until(lambda: any(at[2] > since for at in gone(it)), PATIENCE, "nothing was acknowledged, so nothing tested,")
    await it.collector.kill()
    hold.unlink()


def gone(it: Rig) -> set[Moment]:
    """The accepted readings that nobody has any more.

    The outbox is read before the store: one that leaves the first meanwhile for an honest commit is in the second.
    """
    accepted = {at for at, _ in read_all(it.logs)}
    with closing(sqlite3.connect(f"file:{it.outbox()}?mode=ro", uri=True)) as outbox:
        waiting = set(outbox.execute("SELECT asset, metric, time FROM reading"))
    return accepted - waiting - read_stored(it.store).keys()
