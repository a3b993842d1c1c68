"""F10: the clocks of collector and edge step back and forth, and an edge boots without knowing the time.

libfaketime steps the wall clock of one process; time since boot goes on. Edge nodes must go on obeying the collector's
STATE, and nothing may be lost. Where an agent is told the time late, its readings must come out right to 2 s.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from tests.faults.board import Board
from tests.faults.judge import Moment, read_stored
from tests.faults.outcome import finish, joined, quantile
from tests.faults.rig import Plan, Rig, now_ms, rig
from tests.faults.row import Outcome, Tier

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 10, Tier.RELEASE: 33}
PATIENCE = 60.0
STAYS = 3.0
"""Seconds before and after a step."""
TOLERANCE_MS = 2_000
SLOW_POLL_MS = 20_000
RECOVERY_P99 = 20.0

_log = logging.getLogger("faults.F10")


class NoLibraryError(Exception):
    """libfaketime is missing."""


def run(tier: Tier, chance: random.Random) -> Outcome:
    """The row."""
    return asyncio.run(step(ROUNDS[tier]))


async def step(rounds: int) -> Outcome:
    """Each case so many times."""
    parts = [await _stepped(rounds)]
    for _ in range(rounds):
        parts += [await late(name, behind) for name, behind in BOOTS.items()]
    return joined("F10", "clocks step; boots without the time", parts)


class Faked:
    """The wall clock of one process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """So much is added to the true time."""
        self._file.write_text(f"{seconds:+d}\n", encoding="ascii")

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a process see it."""
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def _library() -> Path:
    for folder in ("/usr/lib", "/usr/local/lib"):
        for found in sorted(Path(folder).glob("**/faketime/libfaketime.so.1")):
            return found
    raise NoLibraryError("clocks cannot be stepped without libfaketime: apt-get install libfaketime")


# ------------------------------------------------------------ clocks that step while all is running


async def _stepped(rounds: int) -> Outcome:
    recovery: list[float] = []
    async with rig(Plan()) as it:
        collector, edge = Faked(it.folder / "collector.time"), Faked(it.folder / "edge.time")
        it.collector.environment, it.edge.environment = collector.environment, edge.environment
        await it.start()
        for name, case in [*CASES.items()] * rounds:
            await case(it, collector, edge)
            recovery.append(await _stored_again(it))
            _log.info("%s: readings are stored again after %.1f s", name, recovery[-1])
            await asyncio.sleep(STAYS)
            collector.set(0)
            edge.set(0)
            await _stored_again(it)
            await it.collector.kill()  # also for a new session the timestamp of STATE must not step back
            await it.collector.start()
            await _stored_again(it)
        verdict = await it.settle(ordered=False)
    return finish("F10", "steps", len(CASES) * rounds, verdict, recovery, RECOVERY_P99)


async def _collector_back(it: Rig, collector: Faked, edge: Faked) -> None:
    collector.set(-3_600)
    await it.collector.kill()
    await it.collector.start()


async def _collector_ahead(it: Rig, collector: Faked, edge: Faked) -> None:
    collector.set(86_400)
    await it.collector.kill()
    await it.collector.start()


async def _edge_back(it: Rig, collector: Faked, edge: Faked) -> None:
    edge.set(-3_600)


async def _edge_ahead(it: Rig, collector: Faked, edge: Faked) -> None:
    edge.set(7_200)


CASES: dict[str, Callable[[Rig, Faked, Faked], Awaitable[None]]] = {
    "collector 1 h back": _collector_back,
    "collector 1 day ahead": _collector_ahead,
    "edge 1 h back": _edge_back,
    "edge 2 h ahead": _edge_ahead,
}


async def _stored_again(it: Rig) -> float:
    """Seconds until a count that a board shows from now on is stored. Times tell nothing here."""
    unit, board = next(iter(it.boards.items()))
    begin, wanted = time.monotonic(), board.cycles + 1
    while time.monotonic() - begin < PATIENCE:
        stored = await asyncio.to_thread(read_stored, it.store)
        counts = [value for at, value in stored.items() if at[:2] == (unit, "Cycles/Total") and isinstance(value, int)]
        if max(counts, default=0) >= wanted:
            return time.monotonic() - begin
        await asyncio.sleep(0.2)
    raise AssertionError(f"nothing was stored any more\n{it.tails()}")


# ------------------------------------------------------------ an agent that is told the time late

BOOTS = {"boots in 1970": -1_790_000_000, "boots an hour behind": -3_600}


async def late(name: str, behind: int) -> Outcome:
    """An agent begins with a wrong clock, which is set after a while."""
    async with rig(Plan(edge_tail='[clock]\nsync_file = "synchronised"\n')) as it:
        edge = Faked(it.folder / "edge.time")
        edge.set(behind)
        it.edge.environment = edge.environment
        for one in (it.broker, it.collector, it.edge):
            await one.start()
        await asyncio.sleep(2 * STAYS)
        early = len(await asyncio.to_thread(read_stored, it.store))
        edge.set(0)
        (it.folder / "synchronised").touch()
        recovery = await _stored_again(it)
        _log.info("%s: %d readings were stored before the clock was set", name, early)
        verdict = await it.settle()
        wrong = list(_misplaced(it.boards, read_stored(it.store)))
    return finish("F10", name, 1, verdict, [recovery], RECOVERY_P99, wrong[:5])


def _misplaced(boards: Mapping[str, Board], stored: Mapping[Moment, object]) -> Iterator[str]:
    """Counts whose stored time is not the time at which the board showed them.

    A reading has the time at which its poll began, and on a busy machine a poll may last for seconds: therefore the
    middle one of all must be right to 2 s, while a single one may be off by the length of a slow poll.
    """
    off: list[float] = []
    for (unit, metric, taken), value in stored.items():
        if metric == "Cycles/Total" and isinstance(value, int) and value > 0:
            shown = boards[unit].shown
            begin, end = shown[value - 1], shown[value] if value < len(shown) else now_ms()
            off.append(max(0, begin - taken, taken - end))
            if off[-1] > SLOW_POLL_MS:
                yield f"{unit}: the count {value} is stored {off[-1] / 1000:.1f} s beside its time"
    if not off:
        yield "no count was stored, so no time was checked"
    elif quantile(off, 0.5) > TOLERANCE_MS:
        yield f"stored times are {quantile(off, 0.5) / 1000:.1f} s beside the true ones (median)"
