"""F1: edge agent, broker and collector are killed at random, and started again at once.

The kills come in bursts. How long one takes to get over the last kill of a burst is measured while nothing else is
killed: what it takes when the next kill comes in between would tell of the chance, and of the speed of the machine.
"""

import asyncio
import logging
import random
import time

from tests.faults.outcome import finish
from tests.faults.rig import Plan, now_ms, rig
from tests.faults.row import Outcome, Tier

KILLS = {Tier.PR: 60, Tier.NIGHTLY: 1_500, Tier.RELEASE: 5_000}
BURST = 6
GAP = (0.7, 2.2)
RECOVERY_P99 = 10.0

_log = logging.getLogger("faults.F1")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(kill(KILLS[tier], chance))


async def kill(times: int, chance: random.Random) -> Outcome:
    """So many kills. Recovered is what has stored a reading that was accepted after the kill."""
    recovery: list[float] = []
    async with rig(Plan()) as it:
        await it.start()
        for n in range(1, times + 1):
            victim = chance.choice([it.edge, it.broker, it.collector])
            await victim.kill()
            since, taken = time.monotonic(), now_ms()
            last = n % BURST == 0 or n == times
            await victim.start(wait=last)
            if last:
                await it.flowing()
                recovery.append(it.watch.seconds(since, taken))
                _log.info("%d of %d kills, readings are stored again after %.1f s", n, times, recovery[-1])
            else:
                await asyncio.sleep(chance.uniform(*GAP))
        verdict = await it.settle()
        limit = RECOVERY_P99 + it.startup
    return finish("F1", "SIGKILL of edge, broker, collector", times, verdict, recovery, limit)
