"""F25: the control. A collector that acknowledges before its commit is killed: the matrix must report the loss."""

import asyncio
import random
from dataclasses import replace

from tests.faults.outcome import finish
from tests.faults.rig import Plan, rig
from tests.faults.row import Outcome, Tier

KILLS = {Tier.PR: 5, Tier.NIGHTLY: 20, Tier.RELEASE: 20}
GAP = (1.5, 2.5)
PATIENCE = 5.0
"""Seconds to wait for readings that will never come."""


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(lose(KILLS[tier], chance))


async def lose(times: int, chance: random.Random) -> Outcome:
    """It has passed when something was lost, and only lost."""
    async with rig(Plan(collector="tests.faults.early_ack")) as it:
        await it.start()
        for _ in range(times):
            await asyncio.sleep(chance.uniform(*GAP))
            await it.collector.kill()
            await it.collector.start()
            await it.flowing()
        verdict = await it.settle(seconds=PATIENCE)
    outcome = finish("F25", "control: acknowledged before the commit, must lose", times, verdict)
    seen = verdict.lost > 0
    why = "" if seen else "a collector that acknowledges too early lost nothing: this suite does not see"
    return replace(outcome, control=True, passed=seen, why=why)
