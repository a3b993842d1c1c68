"""F30: broker, collector, edge agent and API are told to end in the same few milliseconds, while readings flow.

As at every shutdown of a computer. Each of ours must end by itself within ten seconds, and nothing may be lost. Order
and gaps are left to chance, for what goes wrong here depends on who hears the word first.
"""

import asyncio
import random
import signal
import sys
import time
from dataclasses import replace

from tests.faults.outcome import finish
from tests.faults.program import Program, says_ready
from tests.faults.rig import Plan, Rig, rig
from tests.faults.row import Outcome, Tier
from tests.support.ports import free_port

ROUNDS = {Tier.PR: 4, Tier.NIGHTLY: 67, Tier.RELEASE: 67}
"""Of three ends each: 67 are 201."""
LIMIT = 10.0
GAP = 0.004
"""The longest pause (s) between two of the words."""


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(terminate(ROUNDS[tier], chance))


async def terminate(rounds: int, chance: random.Random) -> Outcome:
    """So many ends of each. Recovery is how long each took to end."""
    took: list[float] = []
    faults: list[str] = []
    port = free_port()
    async with rig(Plan(facility_tail=f"[web]\nport = {port}\n")) as it:
        api = _api(it)
        try:
            for n in range(1, rounds + 1):
                await it.start()
                await api.start()
                await asyncio.sleep(chance.uniform(0, 0.3))
                for one, seconds in (await _end_all(it, api, chance)).items():
                    took.append(seconds)
                    if seconds > LIMIT:
                        faults.append(f"round {n}: {one} still ran {LIMIT:g} s after SIGTERM")
            await it.start()
            verdict = await it.settle()
        finally:
            await api.kill()
    outcome = finish("F30", "SIGTERM of all at once", len(took), verdict, took, LIMIT, faults)
    return replace(outcome, recovery=tuple(took))


def _api(it: Rig) -> Program:
    command = [sys.executable, "-m", "sukusuku_api", str(it.folder / "facility.toml")]
    return Program("api", command, it.folder / "api.log", says_ready)


async def _end_all(it: Rig, api: Program, chance: random.Random) -> dict[str, float]:
    """Tell all to end, in some order; return how long (s) each of ours took."""
    programs = [it.broker, it.collector, it.edge, api]
    chance.shuffle(programs)
    begin = time.monotonic()
    for one in programs:
        one.signal(signal.SIGTERM)
        await asyncio.sleep(chance.uniform(0, GAP))
    found = await asyncio.gather(*(_ended(one, begin) for one in programs))
    return {one.name: seconds for one, seconds in zip(programs, found, strict=True) if one is not it.broker}


async def _ended(one: Program, begin: float) -> float:
    assert one.process is not None
    try:
        async with asyncio.timeout(LIMIT + 1):
            await one.process.wait()
    except TimeoutError:
        await one.kill()
    return time.monotonic() - begin
