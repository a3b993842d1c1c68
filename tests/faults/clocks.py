"""F10: the clocks of collector and edge step back and forth, and an edge boots without knowing the time.

libfaketime steps the wall clock of one process; time since boot goes on. Whole hours with a wrong clock are played in
seconds, with the clocks of a simulated computer. Edge nodes must go on obeying the collector's
STATE, and nothing may be lost. Whatever the collector's clock shows, readings keep their time and quality, and nothing
follows from it: no series, no alert, no mail. Where an agent is told the time late, its readings must come out right to
2 s.
"""

import asyncio
import contextlib
import dataclasses
import logging
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.time import SECOND_MS
from tests.collector.clock import played_day
from tests.faults.board import Board
from tests.faults.judge import Moment, read_stored
from tests.faults.outcome import finish, joined, quantile
from tests.faults.rig import Plan, Rig, now_ms, rig
from tests.faults.row import Outcome, Tier
from tests.support.broker import mosquitto

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
    parts = [await stepped(cases, rounds) for cases in (CASES, OF_AN_EDGE_NODE)]
    parts.append(await hours())
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


@dataclass(frozen=True, slots=True)
class Case:
    """Whose clock steps by how many seconds, and whether its process starts with that time or is running."""

    collector: int = 0
    edge: int = 0
    at_start: bool = False

    async def __call__(self, it: Rig, collector: Faked, edge: Faked) -> None:
        """Step."""
        if self.at_start:
            await it.collector.kill()
        collector.set(self.collector)
        edge.set(self.edge)
        if self.at_start:
            await it.collector.start()


DAY = 86_400
CASES = {
    "collector starts 14 days back": Case(collector=-14 * DAY, at_start=True),
    "collector starts 10 min back": Case(collector=-600, at_start=True),
    "collector starts 1 day ahead": Case(collector=DAY, at_start=True),
    "collector starts 3 years ahead": Case(collector=3 * 365 * DAY, at_start=True),
    "collector 1 h back": Case(collector=-3_600),
    "collector 10 min ahead": Case(collector=600),
    "collector 1000 days ahead": Case(collector=1_000 * DAY),
}
OF_AN_EDGE_NODE = {"edge 1 h back": Case(edge=-3_600), "edge 2 h ahead": Case(edge=7_200)}
"""Its readings are BAD while it is ahead, and out of order: whose clock is wrong is told, and the server goes on."""


async def stepped(cases: Mapping[str, Case], rounds: int) -> Outcome:
    """Each case so many times, one after the other."""
    recovery: list[float] = []
    async with rig(Plan()) as it:
        collector, edge = Faked(it.folder / "collector.time"), Faked(it.folder / "edge.time")
        it.collector.environment, it.edge.environment = collector.environment, edge.environment
        await it.start()
        for name, case in [*cases.items()] * rounds:
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
        verdict = await it.settle(ordered=cases is not OF_AN_EDGE_NODE)
        wrong = [] if cases is OF_AN_EDGE_NODE else await asyncio.to_thread(consequences, it.folder)
    return finish("F10", "steps", len(cases) * rounds, verdict, recovery, RECOVERY_P99, wrong[:5])


def consequences(folder: Path) -> list[str]:
    """What followed from a wrong clock: readings elsewhere, or worse than they were, a future, words to people.

    Nothing is wrong with the units of the rig, so every alert is a false one.
    """
    found = []
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'readings.db'}?mode=ro", uri=True)) as readings:
        moved = readings.execute("SELECT count(*) FROM moved").fetchone()[0]
        bad = readings.execute("SELECT count(*) FROM reading WHERE quality = 0 AND value IS NOT NULL").fetchone()[0]
        future = readings.execute("SELECT count(*) FROM derived WHERE time > ?", (now_ms(),)).fetchone()[0]
        derived = readings.execute("SELECT count(*) FROM derived").fetchone()[0]
    found += [f"{moved} readings stand at another time than their own"] * bool(moved)
    found += [f"{bad} readings are BAD that were GOOD"] * bool(bad)
    found += [f"{future} points are derived of the future"] * bool(future)
    found += ["nothing was derived at all, so nothing was checked"] * (not derived)
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'operations.db'}?mode=ro", uri=True)) as operations:
        for table, where in (("alert", "true"), ("mail_outbox", "true"), ("checkpoint", f"time > {now_ms()}")):
            count = operations.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]  # noqa: S608
            found += [f"{count} rows of {table} followed from a wrong clock"] * bool(count)
    return found


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


# ------------------------------------------------------------ hours with a wrong clock, in seconds

HOURS = [(offset, at_start) for offset in (-14 * DAY, -3_600, -600, 7_200, DAY, 3 * 365 * DAY) for at_start in (0, 1)]
"""Seconds by which the collector's clock is off for four hours, while it runs and from its start on."""


async def hours() -> Outcome:
    """Each of these days must leave what the same day leaves with a right clock: readings, series, alerts, mails."""
    faults: list[str] = []
    readings = 0
    with played_day.quick():
        right = await _played(0, at_start=False)
        if not (right.derived and right.alerts and right.mails):
            faults.append("nothing followed from the right clock, so nothing was compared")
        for offset, at_start in HOURS:
            found = await _played(offset, at_start=bool(at_start))
            readings += len(found.readings)
            names = [field.name for field in dataclasses.fields(found)]
            other = [name for name in names if getattr(found, name) != getattr(right, name)]
            faults += [f"{offset} s off{' from the start' if at_start else ''}: other {name}" for name in other]
    passed = not faults
    lost = len(HOURS) * len(right.readings) - readings
    return Outcome(
        "F10", "hours", len(HOURS), readings + lost, readings, max(0, lost), max(0, -lost), passed=passed,
        why="; ".join(faults[:5]),
    )  # fmt: skip


async def _played(offset: int, *, at_start: bool) -> played_day.Facts:
    with tempfile.TemporaryDirectory() as folder, mosquitto() as port:
        return await played_day.play(Path(folder), port, offset * SECOND_MS, at_start=at_start)


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
