"""Readings on disk until the collector has stored them, in one SQLite file.

WAL with synchronous=FULL: when `add` returns, the readings survive a power cut. One thread owns the file; every job of
it is one transaction. What the jobs do with which table is in `readings`, `overflow`, `boot_log`, `totals` and
`session_numbers`.

Each transaction wears the card, so there are few. What the collector has stored is forgotten here at once, and in the
file with the next readings that are committed; a power cut in between costs a resend. The newest rows are in memory as
well, so that sending them reads no disk.

With `memory_first` a measured value may be sent before it is in the file, and is written only when it has not been
acknowledged within that time. Whatever a total depends on is committed first all the same: a total that was told never
goes back.

A full disk stops `add`, but never what makes room again: a ballast file beside the outbox is given up for it, and
reserved anew when the disk has room.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

from sukusuku_core.ending import end
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Reading
from sukusuku_core.transition_log import TransitionLog
from sukusuku_edge import boot_log, database, lock, overflow, readings, salvage, session_numbers, totals
from sukusuku_edge.ballast import Ballast
from sukusuku_edge.binding import Counter, Series
from sukusuku_edge.boot_log import Stamp, Start
from sukusuku_edge.overflow import Bounds
from sukusuku_edge.readings import Row
from sukusuku_edge.recent_rows import LIMIT, RecentRows
from sukusuku_edge.session_numbers import Number

BALLAST = 8 * 1024 * 1024
"""Bytes; more than the log grows to (`journal_size_limit`) while waiting rows are deleted."""
ROWS_PER_PAGE = 16
"""At least so many readings go onto one page of the file."""
MARGIN = 64
"""Readings' worth of free pages that an `add` leaves in the file while the disk is full."""
TIDY_SECONDS = 10.0
"""Without a commit for so long, what the collector has stored is forgotten in the file in a transaction of its own."""
MANY = 10_000
"""Rows that may be forgotten in memory alone."""
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})
_log = logging.getLogger("sukusuku_edge.outbox")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stats:
    """How much waits. `oldest` is the time (UTC ms) of the oldest waiting reading, `last` the newest row id ever."""

    rows: int
    oldest: int | None
    last: int


class Outbox:
    """`async with Outbox(path) as outbox`.

    `memory_first`: seconds that a measured value may wait for its acknowledgement in memory alone; 0: none does.
    Methods raise TransientError when the disk refuses (full, read-only, input/output error): nothing was then changed.
    """

    def __init__(
        self,
        path: Path,
        max_rows: int = 1_000_000,
        ballast: int = BALLAST,
        *,
        max_bytes: int = 2**62,
        node: str = "node",
        memory_first: float = 0.0,
    ) -> None:
        self._path = path
        self._bounds = Bounds(max_rows, max_bytes)
        self._node = node
        self._memory_first = memory_first
        self._ballast = Ballast(path.with_name(path.name + ".ballast"), ballast)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._file: sqlite3.Connection
        self._lock: int | None = None
        self._boot = 0
        self._rows = 0
        """In the file."""
        self._last = 0
        self._recent = RecentRows(0)
        self._unwritten: dict[int, Reading] = {}
        """Rows that are in memory only."""
        self._forgotten: set[int] = set()
        """Rows that are in the file only."""
        self._stamp: Stamp | None = None
        self._order = asyncio.Lock()
        self._committed = 0.0
        self._tidying: asyncio.Task[None] | None = None
        self._problems = TransitionLog(_log)

    async def __aenter__(self) -> Self:
        try:
            self._lock = lock.acquire(self._path)
            await self._do(self._relieved, self._open)
        except PermanentError:
            self._unlock()
            raise
        except (sqlite3.Error, OSError) as error:
            self._unlock()
            raise PermanentError(f"outbox {self._path}: cannot be opened: {error}") from error
        self._tidying = asyncio.create_task(self._tidy(), name="outbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self._close())

    async def _close(self) -> None:
        if self._tidying is not None:
            async with self._order:  # not while it writes: what it was to write would be in no memory any more
                await end([self._tidying])
        await self._flush_or_tell()
        await self._do(self._file.close)
        self._unlock()

    def _unlock(self) -> None:
        self._thread.shutdown()
        if self._lock is not None:
            os.close(self._lock)

    # ------------------------------------------------------------ readings

    async def add(
        self, readings: Sequence[Reading], counters: Mapping[Series, Counter], stamp: Stamp | None = None
    ) -> list[Row]:
        """Commit readings and counter totals together; they are accepted when this returns.

        With `memory_first`, readings on which no total depends are accepted in memory. Readings whose stamp has an
        offset wait for `settle` to give them their final times.
        """
        async with self._order:
            held = stamp is not None and stamp.offset is not None
            if counters or held or not self._memory_first:
                return await self._write_down(readings, counters, stamp)
            if len(self._unwritten) >= LIMIT:
                await self._write_down((), {}, self._stamp)
            rows = list(enumerate(readings, self._last + 1))
            self._last += len(rows)
            self._unwritten.update(rows)
            self._recent.add(rows)
            self._stamp = stamp
            return rows

    async def peek(self, after: int, limit: int, until: int | None = None) -> list[Row]:
        """Return the first waiting rows with an id above `after` (and at most `until`)."""
        while after < (floor := self._recent.floor):
            last = floor if until is None else min(until, floor)
            rows = await self._try(self._peek, after, limit, last)
            found = [row for row in rows if row[0] not in self._forgotten]
            if len(rows) < limit and floor == self._recent.floor:
                return found + self._recent.peek(floor, limit - len(found), until)
            if found:
                return found
            after = rows[-1][0] if rows else last
        return self._recent.peek(after, limit, until)

    async def delete(self, rows: Sequence[int]) -> None:
        """Forget rows that the collector has stored, in the file with its next commit."""
        self._forgotten.update(row for row in rows if self._unwritten.pop(row, None) is None)
        self._recent.take(rows)
        if len(self._forgotten) >= MANY:
            await self.flush()

    async def flush(self) -> None:
        """Bring the file up to date with what is in memory only."""
        async with self._order:
            if self._unwritten:
                await self._write_down((), {}, self._stamp)
            elif self._forgotten:
                await self._forget()

    async def stats(self) -> Stats:
        """Return how much waits."""
        rows = max(0, self._rows - len(self._forgotten)) + len(self._unwritten)
        oldest = self._recent.oldest if rows == len(self._recent) else await self._read(readings.oldest)
        return Stats(rows, oldest, self._last)

    # ------------------------------------------------------------ times

    async def begin_boot(self, boot: str) -> Start:
        """Say in which boot this run is, before the first `add` with a stamp."""
        return await self._try(self._relieved, self._begin_boot, boot)

    async def settle(self, offset: int | None, now: int) -> list[Row]:
        """Give every reading that waits for it its final time; `offset` is true time less uptime, when it is known."""
        rows = await self._write(lambda file: boot_log.release(file, self._boot, offset, now))
        self._recent.add(rows)
        return rows

    # ------------------------------------------------------------ what else must survive

    async def counters(self) -> dict[Series, Counter]:
        """Return the totals that were committed last."""
        return await self._read(totals.load)

    async def next_bdseq(self) -> int:
        """Return the bdSeq for the coming CONNECT, durable before this returns. The first one ever is 0."""
        return await self._write(session_numbers.next_bdseq)

    async def last_birth(self) -> int:
        """Return the timestamp of the latest NBIRTH, 0 before the first."""
        return await self._read(lambda file: session_numbers.get(file, Number.LAST_BIRTH) or 0)

    async def set_last_birth(self, time: int) -> None:
        """Remember the timestamp of an NBIRTH, before it is sent."""
        await self._write(lambda file: session_numbers.put(file, Number.LAST_BIRTH, time))

    # ------------------------------------------------------------ ways to the thread

    async def _read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return await self._try(lambda: job(self._file))

    async def _write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Do a job as one transaction, on a full disk too."""
        return await self._try(self._relieved, self._commit, job)

    async def _try(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._do(job, *args, **kwargs)
        except sqlite3.Error as error:
            raise TransientError(f"outbox {self._path}: {error}; check the disk") from error

    async def _do(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(job, *args, **kwargs))

    # ------------------------------------------------------------ memory and file

    async def _write_down(
        self, new: Sequence[Reading], counters: Mapping[Series, Counter], stamp: Stamp | None
    ) -> list[Row]:
        """Commit everything that is in memory only, and this; return the rows that were added.

        When cancelled, come to the end first: what is being written is in no memory any more.
        """
        written = asyncio.ensure_future(self._written(new, counters, stamp))
        try:
            return await asyncio.shield(written)
        except asyncio.CancelledError:
            await asyncio.wait([written])
            raise

    async def _written(
        self, new: Sequence[Reading], counters: Mapping[Series, Counter], stamp: Stamp | None
    ) -> list[Row]:
        rows, gone = list(enumerate(new, self._last + 1)), tuple(self._forgotten)
        waiting, self._unwritten = self._unwritten, {}
        try:
            added, dropped = await self._try(self._add, [*waiting.items(), *rows], counters, stamp, gone)
        except TransientError:
            self._unwritten = {row: reading for row, reading in waiting.items() if row not in self._forgotten}
            await self._forget()  # that makes room on a full disk
            raise
        self._committed = asyncio.get_running_loop().time()
        self._forgotten.difference_update(gone)
        added = added[len(waiting) :]
        self._last = max([self._last, *(row for row, _ in added)])
        if dropped:
            self._recent.begin_anew(self._last)
        else:
            self._recent.add(added)
            self._recent.shorten()
        return added

    async def _forget(self) -> None:
        gone = tuple(self._forgotten)
        await self._try(self._relieved, self._delete, gone)
        self._committed = asyncio.get_running_loop().time()
        self._forgotten.difference_update(gone)

    async def _tidy(self) -> None:
        """Keep what is in memory only from staying there, when nothing is committed for another reason."""
        pause = self._memory_first or TIDY_SECONDS
        while True:
            await asyncio.sleep(pause)
            if self._unwritten or asyncio.get_running_loop().time() - self._committed >= pause:
                await self._flush_or_tell()

    async def _flush_or_tell(self) -> None:
        try:
            await self.flush()
        except TransientError as error:
            self._problems.problem("memory", f"{error}; {len(self._unwritten)} readings are in memory only")
        else:
            self._problems.recovered("memory", "can be written again")

    # ------------------------------------------------------------ jobs of the thread

    def _commit(self, job: Callable[[sqlite3.Connection], T]) -> T:
        with database.transaction(self._file):
            return job(self._file)

    def _relieved(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what must be done on a full disk too: a second time without the ballast."""
        try:
            return job(*args, **kwargs)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _NO_ROOM or not self._ballast.give():
                raise
            _log.warning("%s: %s: the reserve of room on the disk is given up", self._path, error)
            return job(*args, **kwargs)

    def _open(self) -> None:
        salvage.finish(self._path)
        if self._path.exists() and (damage := salvage.damage(self._path)) is not None:
            aside = salvage.replace(self._path)
            _log.error("%s is damaged (%s): renamed to %s, a new one is begun", self._path, damage, aside.name)
        self._file = database.connect(self._path)
        self._rows, self._last = readings.count(self._file), readings.last_id(self._file)
        self._recent.begin_anew(self._last)
        self._ballast.keep()

    def _peek(self, after: int, limit: int, until: int) -> list[Row]:
        return readings.peek(self._file, after, limit, until)

    def _add(
        self, rows: list[Row], counters: Mapping[Series, Counter], stamp: Stamp | None, gone: Sequence[int]
    ) -> tuple[list[Row], int]:
        self._check_room(len(rows))
        with database.transaction(self._file):
            deleted = readings.delete(self._file, gone)
            readings.insert(self._file, rows)
            totals.put(self._file, counters)
            waiting = self._rows - deleted + len(rows)
            dropped, record = overflow.make_room(self._file, self._bounds, waiting, rows, self._node)
            rows = rows + record
            if stamp is not None:
                boot_log.note(self._file, self._boot, stamp, [(row, reading.time) for row, reading in rows])
        self._rows += len(rows) - deleted - dropped
        return rows, dropped

    def _check_room(self, new: int) -> None:
        """While the ballast is given up, its room is not for readings: they go where deleted ones have been."""
        if self._ballast.keep():
            return
        free = self._file.execute("PRAGMA freelist_count").fetchone()[0]
        if free * ROWS_PER_PAGE < new + MARGIN:
            raise TransientError(f"outbox {self._path}: the disk is full; make room on it")

    def _delete(self, rows: Sequence[int]) -> None:
        self._rows -= self._commit(lambda file: readings.delete(file, rows))

    def _begin_boot(self, boot: str) -> Start:
        self._boot, start = self._commit(lambda file: boot_log.begin(file, boot))
        return start
