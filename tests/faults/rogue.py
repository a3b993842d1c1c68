"""F26: somebody who may publish on the broker acknowledges in the collector's place. F27: the control, without a key.

He makes the collector distrust the node, by births in its name, and acknowledges whatever the node sends; and he does
the same while there is no collector at all, after a STATE that says there is one. With its key the node believes none
of it. Without one it must lose: were that not seen, F26 would prove nothing.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace

from sukusuku_server.db import Operations
from sukusuku_server.db.node_keys import NodeKeys
from tests.faults import files
from tests.faults.control import gone
from tests.faults.outcome import finish
from tests.faults.rig import Plan, Rig, now_ms, rig
from tests.faults.row import Outcome, Tier
from tests.support.attacker import at_work, attacker

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 5, Tier.RELEASE: 10}
LASTS = 8.0
"""Seconds of one attack."""
QUIET = 90.0
"""Seconds within which the collector trusts the node again: it wants to see it quiet first."""
KEY_FILE = "node.key"
KEYED = Plan(edge_tail=f'[uplink]\nkey_file = "{KEY_FILE}"\n')


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(attack(ROUNDS[tier]))


def control(tier: Tier, chance: random.Random) -> Outcome:
    """The same without a key."""
    return asyncio.run(lose())


async def attack(rounds: int) -> Outcome:
    """Both attacks so many times; nothing may be lost, and everything must arrive in the end."""
    recovery: list[float] = []
    async with rig(KEYED) as it:
        _enrol(it)
        await it.start()
        for _ in range(rounds):
            await _beside_the_collector(it)
            recovery.append(await it.flowing(QUIET))
            await _without_a_collector(it)
            recovery.append(await it.flowing(QUIET))
        verdict = await it.settle()
        faults = [] if "refused, nothing is deleted" in it.edge.said() else ["the node does not tell that it refused"]
    return finish("F26", "acknowledgements by somebody else", 2 * rounds, verdict, recovery, faults=faults)


async def lose() -> Outcome:
    """It has passed when readings were lost, and the matrix reports just these."""
    async with rig(Plan()) as it:
        await it.start()
        await _without_a_collector(it)
        await it.flowing(QUIET)
        lost = await asyncio.to_thread(gone, it)
        verdict = await it.settle(gone=lost)
    outcome = finish("F27", "control: the same without a key, must lose", 1, verdict)
    seen = verdict.lost == len(lost) > 0
    why = "" if seen else f"{len(lost)} readings are gone, reported are {verdict.lost}"
    return replace(outcome, control=True, passed=seen, why=why)


def _enrol(it: Rig) -> None:
    operations = Operations(f"sqlite:///{it.folder / 'operations.db'}")
    try:
        key = NodeKeys(operations).make(files.node_id(1), now_ms(), "F26")
    finally:
        operations.close()
    path = it.folder / KEY_FILE
    path.touch(mode=0o600)
    path.write_text(key.text, encoding="ascii")


async def _beside_the_collector(it: Rig) -> None:
    async with attacker(it.port, node=files.node_id(1)) as rogue:
        await it.flowing()
        await _go_on(rogue.acknowledge_everything, rogue.distract_collector)


async def _without_a_collector(it: Rig) -> None:
    async with attacker(it.port, node=files.node_id(1)) as rogue:
        await it.collector.stop()
        await _go_on(rogue.acknowledge_everything, rogue.say_online)
    await it.collector.start()


async def _go_on(*jobs: Callable[[], Coroutine[None, None, None]]) -> None:
    async with at_work(*(asyncio.create_task(job()) for job in jobs)):
        await asyncio.sleep(LASTS)
