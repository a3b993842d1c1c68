"""Events become durable readings: take all that wait, commit them together, then tell the uplink.

A commit wears the card of a Pi, so events wait until `commit_every` seconds have gone since the last one. The first
after a silence is committed at once.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sukusuku_core
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading, Value
from sukusuku_core.transition_log import TransitionLog
from sukusuku_edge import update_journal
from sukusuku_edge.binding import Binder
from sukusuku_edge.boot_log import Stamp
from sukusuku_edge.bootclock import Timekeeper
from sukusuku_edge.events import Event, Holds
from sukusuku_edge.health import Computer
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.status_report import Reporter
from sukusuku_edge.timeline import Phase
from sukusuku_edge.uplink import Uplink

QUEUE = 1000
"""Events that may wait for the outbox; then the sources wait."""
HEALTH_SECONDS = 10.0
HELD_SECONDS = 1.0
"""The same while readings wait for the clock."""
RETRY_SECONDS = 1.0

_log = logging.getLogger("sukusuku_edge")


class _Health:
    """Time to report the node itself."""


class _End:
    """No more events will come."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pipeline works with."""

    binder: Binder
    outbox: Outbox
    uplink: Uplink
    keeper: Timekeeper
    computer: Computer
    reporter: Reporter
    accepted_log: Path | None = None
    updates: Path | None = None
    """Where it is noted what became of the newest update; None: the computer does not update itself."""


class Pipeline:
    """`settled` is set when readings may be sent: the clock has been set, or was waited for long enough."""

    def __init__(self, parts: Parts, commit_every: float = 0.0) -> None:
        self.settled = asyncio.Event()
        self._parts = parts
        self._binder = parts.binder
        self._outbox = parts.outbox
        self._keeper = parts.keeper
        self._queue: asyncio.Queue[Event | _Health | _End] = asyncio.Queue(QUEUE)
        self._commit_every = commit_every
        self._next_commit = 0.0
        """By the loop's clock."""
        self._hurry = asyncio.Event()
        """There is no time to wait for the next commit."""
        self._ending = False
        self._ended = asyncio.Event()
        self._problems = TransitionLog(_log)
        self._due = False
        """Readings that were held may go, but the outbox has not yet given them their times."""

    async def emit(self, event: Event) -> None:
        """Hand an event on; waits while the outbox cannot keep up."""
        if self._queue.full():
            self._hurry.set()
        await self._queue.put(event)

    async def report_health(self) -> None:
        """Ask for the node's own readings now and then."""
        while True:
            await self._queue.put(_Health())
            await asyncio.sleep(HELD_SECONDS if self._keeper.held else HEALTH_SECONDS)

    async def end(self) -> None:
        """Let `run` return after what has been handed on so far, and wait for it."""
        self._ending = True
        self._hurry.set()
        await self._queue.put(_End())
        await self._ended.wait()

    async def run(self) -> None:
        """Until `end`."""
        await self._look_at_the_clock()
        going = True
        while going:
            batch = [await self._queue.get()]
            await self._until_commit()
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            going = not any(isinstance(item, _End) for item in batch)
            await self._take(batch)
        self._ended.set()

    async def _until_commit(self) -> None:
        if self._ending or self._next_commit <= asyncio.get_running_loop().time():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._next_commit):
                await self._hurry.wait()
        self._hurry.clear()

    async def _take(self, batch: Iterable[Event | _Health | _End]) -> None:
        now = self._keeper()
        events = [
            replace(item, time=self._keeper.line.restamp(item.time, now))
            for item in batch
            if not isinstance(item, _Health | _End)
        ]
        outcome = self._binder.take(events)
        for text in outcome.findings:
            _log.warning("%s", text)
        readings = outcome.readings
        looked = any(isinstance(item, _Health) for item in batch)
        if looked:
            readings.extend(self._binder.node(now, await self._health()))
        if readings or outcome.counters:
            stamp = Stamp(now, self._keeper.line.offset if self._keeper.held else None)
            while True:
                try:
                    rows = await self._outbox.add(readings, outcome.counters, stamp)
                    break
                except TransientError as error:
                    self._problems.problem("outbox", f"{error}; sources wait until it can be written again")
                    await asyncio.sleep(RETRY_SECONDS)
            self._problems.recovered("outbox", "can be written again")
            self._next_commit = asyncio.get_running_loop().time() + self._commit_every
            if stamp.offset is None:
                self._final(rows)
        for asset in outcome.up:
            self._parts.uplink.asset_up(asset)
        for asset in outcome.down:
            self._parts.uplink.asset_down(asset)
        await self._look_at_the_clock()
        self._parts.reporter.progress(sum(not isinstance(event, Holds) for event in events))  # that is our own word
        if looked:
            await self._report()

    def _final(self, rows: Sequence[tuple[int, Reading]]) -> None:
        self._log_accepted([reading for _, reading in rows])
        self._parts.uplink.committed(rows)

    async def _look_at_the_clock(self) -> None:
        self._due |= self._keeper.observe()
        if not self._due:
            return
        try:
            rows = await self._outbox.settle(self._keeper.line.true_offset, self._keeper())
        except TransientError as error:
            self._problems.problem("outbox", str(error))
            return
        self._due = False
        if rows:
            _log.info("clock synchronised: releasing %d held readings", len(rows))
            self._final(rows)
        self.settled.set()

    async def _health(self) -> dict[str, Value]:
        line = self._keeper.line
        values: dict[str, Value] = {
            "Comm/Errors": self._binder.errors,
            "Devices/Down": self._binder.down,
            "Devices/Unstable": self._binder.unstable,
            "Refused/Fields": self._binder.refused,
            "Lost/Messages": self._binder.lost,
            "Refused/Acknowledgements": self._parts.uplink.refused,
            "Clock/Synced": line.phase is Phase.SYNCED,
            "Info/Version": sukusuku_core.__version__,
            **self._parts.computer.values(),
        }
        if self._parts.updates is not None and (told := update_journal.read(self._parts.updates).told):
            values["Info/Update"] = told
        if line.correction is not None:
            values["Clock/Offset"] = line.correction / 1000
        try:
            stats = await self._outbox.stats()
        except TransientError as error:
            self._problems.problem("outbox", str(error))
            return values
        age = 0 if stats.oldest is None else max(0, self._keeper() - stats.oldest)
        return {"Buffer/Rows": stats.rows, "Buffer/OldestAge": round(age / 1000, 1), **values}

    async def _report(self) -> None:
        try:
            rows = (await self._outbox.stats()).rows
        except TransientError:
            return  # told above
        self._parts.reporter.report(rows, self._binder.devices(), self._keeper, self._parts.uplink)

    def _log_accepted(self, readings: Iterable[Reading]) -> None:
        if self._parts.accepted_log is None:
            return
        lines = "".join(_line(reading) for reading in readings)
        try:
            with self._parts.accepted_log.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            self._problems.problem("accepted_log", f"cannot be written: {error}")


def _line(reading: Reading) -> str:
    fields = ("asset", "metric", "time", "value", "quality")
    return json.dumps({name: getattr(reading, name) for name in fields}, ensure_ascii=False) + "\n"
