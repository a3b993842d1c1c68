"""F1: edge agent, broker and collector are killed at random, and started again at once."""

import asyncio
import logging
import random
import time

from tests.faults.outcome import finish
from tests.faults.rig import Plan, now_ms, rig
from tests.faults.row import Outcome, Tier

KILLS = {Tier.PR: 60, Tier.NIGHTLY: 1_500, Tier.RELEASE: 5_000}
GAP = (0.7, 2.2)
RECOVERY_P99 = 10.0

_log = logging.getLogger("faults.F1")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(kill(KILLS[tier], chance))


async def kill(times: int, chance: random.Random) -> Outcome:
    """So many kills. Recovered is what has stored a reading that was accepted after the restart."""
    faults: list[tuple[float, int]] = []
    async with rig(Plan()) as it:
        await it.start()
        for n in range(times):
            victim = chance.choice([it.edge, it.broker, it.collector])
            await victim.kill()
            faults.append((time.monotonic(), now_ms()))
            await victim.start(wait=False)
            if n % 10 == 9:
                _log.info("%d of %d kills", n + 1, times)
            await asyncio.sleep(chance.uniform(*GAP))
        await it.flowing()
        recovery = tuple(it.watch.seconds(since, taken) for since, taken in faults)
        verdict = await it.settle()
    return finish("F1", "SIGKILL of edge, broker, collector", times, verdict, recovery, RECOVERY_P99)
