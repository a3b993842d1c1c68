"""F23: a second collector with the same host id, a second edge agent with the same identity."""

import asyncio
import contextlib
import logging
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults import files
from tests.faults.board import Board, work
from tests.faults.judge import read_accepted, read_all, read_stored
from tests.faults.outcome import finish
from tests.faults.program import Program
from tests.faults.rig import Plan, Rig, now_ms, ours, rig
from tests.faults.row import Outcome, Tier

ROUNDS = {Tier.PR: 2, Tier.NIGHTLY: 20, Tier.RELEASE: 20}
DETECTED = 10.0
"""Seconds from when the second one comes to the broker until it is told by a line at level ERROR."""
COMES = 60.0
"""Seconds within which it must come there: it has to be started first, and the machine may be busy."""
GIVE_UP = 25.0
STAYS = 5.0
"""Seconds that a clone of an edge agent goes on after it was noticed."""
QUIET = 60.0
"""Within so many seconds the collector trusts a node again whose clone is gone: it wants to see it quiet first."""

_log = logging.getLogger("faults.F23")


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(double(ROUNDS[tier], ROUNDS[tier]))


async def double(collectors: int, edges: int) -> Outcome:
    """Each case so many times, over one rig."""
    faults: list[str] = []
    recovery: list[float] = []
    async with rig(Plan()) as it:
        await it.start()
        for n in range(collectors):
            faults += await _second_collector(it, n)
            recovery.append(await it.flowing())
        noticed = {}
        for n in range(edges):
            took, noticed[n] = await _second_edge(it, n)
            if took > DETECTED:
                faults.append(f"a second edge agent was not noticed within {took:.0f} s")
            recovery.append(await it.flowing(QUIET))
        own = {at for at, _ in read_all(it.logs)}  # both may have measured in the same millisecond
        clones = {
            at: n
            for n in noticed
            for at, _ in read_accepted(it.folder / f"clone-{n}" / "edge-1.jsonl")
            if at not in own
        }
        verdict = await it.settle(strangers=clones)
        early = {at for at in read_stored(it.store) if at in clones}
        late = [at for at in early if at[2] > noticed[clones[at]]]
        _log.info(
            "%d readings of a clone were stored before it was noticed, %d later", len(early) - len(late), len(late)
        )
        if late:
            faults.append(f"{len(late)} readings of a clone were stored after it had been noticed")
    title = "two collectors, two edges with one identity"
    return finish("F23", title, collectors + edges, verdict, recovery, faults=faults)


async def _second_collector(it: Rig, n: int) -> list[str]:
    """It must end by itself; the first goes on."""
    folder = it.folder / f"second-{n}"
    folder.mkdir()
    settings = shutil.copy(it.folder / "facility.toml", folder)
    second = ours(it.plan, folder, "collector", ["sukusuku_collector", str(settings)])
    try:
        come = _arrival(it, f" as host-{files.HOST}-")
        await second.start(wait=False)
        await _seconds(lambda: come() or not second.running, COMES)
        took = await _seconds(lambda: not second.running)
        said = second.said()
    finally:
        await second.kill()
    _log.info("a second collector ended after %.1f s", took)
    faults = []
    if took > DETECTED:
        faults.append(f"a second collector went on for {took:.0f} s")
    elif second.process is None or second.process.returncode in {0, None} or "host id" not in said:
        faults.append(f"a second collector did not say why it ended: {said[-300:]}")
    if not it.collector.running:
        faults.append("the first collector ended")
        await it.collector.start()
    return faults


async def _second_edge(it: Rig, n: int) -> tuple[float, int]:
    """The collector must tell; the clone is then stopped, as a person would. After how many seconds, and when (UTC ms).

    Until there are two births nobody can know, so what is stored of a clone before that is no fault.
    """
    async with contextlib.AsyncExitStack() as stack:
        units = files.unit_ids(1, it.plan.units)
        boards = {unit: await stack.enter_async_context(Board()) for unit in units}
        working = asyncio.create_task(work(list(boards.values()), it.plan.work_every))
        stack.callback(working.cancel)
        clone = _clone(it, it.folder / f"clone-{n}", boards)
        stack.push_async_callback(clone.kill)
        known = len(it.collector.said())
        come = _arrival(it, f" as {files.GROUP}:{files.node_id(1)} ")
        await clone.start(wait=False)
        await _seconds(come, COMES)
        took = await _seconds(lambda: "two edge nodes use the identity" in it.collector.said()[known:])
        noticed = now_ms()
        _log.info("a second edge agent was noticed after %.1f s", took)
        await asyncio.sleep(STAYS)
    return took, noticed


def _clone(it: Rig, folder: Path, boards: dict[str, Board]) -> Program:
    folder.mkdir()
    settings = files.edge_toml(
        folder / "edge-1.toml",
        files.node_id(1),
        [files.Unit(unit, "127.0.0.1", board.port) for unit, board in boards.items()],
        ("127.0.0.1", it.port),
        poll=it.plan.poll,
        timeout=it.plan.timeout,
        keepalive=it.plan.keepalive,
    )
    return ours(it.plan, folder, "edge-1", ["sukusuku_edge", "run", str(settings)])


def _arrival(it: Rig, name: str) -> Callable[[], bool]:
    """Tells whether the broker has seen one more client of that name come."""
    known = it.broker.said().count(name)
    return lambda: it.broker.said().count(name) > known


async def _seconds(what: Callable[[], bool], most: float = GIVE_UP) -> float:
    """How long it takes until that is true, looked at often; `most` when it does not become so."""
    begin = time.monotonic()
    while not what():
        if time.monotonic() - begin > most:
            return most
        await asyncio.sleep(0.05)
    return time.monotonic() - begin
