"""Readings on disk until the collector has stored them, in one SQLite file.

WAL with synchronous=FULL: when `add` returns, the readings survive a power cut. One thread owns the file; every method
is one job of it, so what a method reads is never half of what another writes. What the jobs do with which table is in
`readings`, `overflow`, `boot_log`, `totals` and `session_numbers`.

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

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Reading
from sukusuku_edge import boot_log, database, lock, overflow, readings, salvage, session_numbers, totals
from sukusuku_edge.ballast import Ballast
from sukusuku_edge.binding import Counter, Series
from sukusuku_edge.boot_log import Stamp, Start
from sukusuku_edge.overflow import Bounds
from sukusuku_edge.readings import Row
from sukusuku_edge.session_numbers import Number

BALLAST = 8 * 1024 * 1024
"""Bytes; more than the log grows to (`journal_size_limit`) while waiting rows are deleted."""
ROWS_PER_PAGE = 16
"""At least so many readings go onto one page of the file."""
MARGIN = 64
"""Readings' worth of free pages that an `add` leaves in the file while the disk is full."""
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
    ) -> None:
        self._path = path
        self._bounds = Bounds(max_rows, max_bytes)
        self._node = node
        self._ballast = Ballast(path.with_name(path.name + ".ballast"), ballast)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._file: sqlite3.Connection
        self._lock: int | None = None
        self._rows = 0
        self._boot = 0

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
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self._do(self._file.close))
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

        Readings whose stamp has an offset wait for `settle` to give them their final times.
        """
        return await self._try(self._add, readings, counters, stamp)

    async def peek(self, after: int, limit: int, until: int | None = None) -> list[Row]:
        """Return the first waiting rows with an id above `after` (and at most `until`)."""
        return await self._read(lambda file: readings.peek(file, after, limit, until))

    async def delete(self, rows: Sequence[int]) -> None:
        """Forget rows that the collector has stored."""
        await self._try(self._relieved, self._delete, rows)

    async def stats(self) -> Stats:
        """Return how much waits."""
        return await self._read(lambda file: Stats(self._rows, readings.oldest(file), readings.last_id(file)))

    # ------------------------------------------------------------ times

    async def begin_boot(self, boot: str) -> Start:
        """Say in which boot this run is, before the first `add` with a stamp."""
        return await self._try(self._relieved, self._begin_boot, boot)

    async def settle(self, offset: int | None, now: int) -> list[Row]:
        """Give every reading that waits for it its final time; `offset` is true time less uptime, when it is known."""
        return await self._write(lambda file: boot_log.release(file, self._boot, offset, now))

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
        self._rows = readings.count(self._file)
        self._ballast.keep()

    def _add(self, new: Sequence[Reading], counters: Mapping[Series, Counter], stamp: Stamp | None) -> list[Row]:
        self._check_room(len(new))
        with database.transaction(self._file):
            rows = readings.insert(self._file, new)
            totals.put(self._file, counters)
            dropped, record = overflow.make_room(self._file, self._bounds, self._rows + len(rows), rows, self._node)
            rows += record
            if stamp is not None:
                boot_log.note(self._file, self._boot, stamp, [(row, reading.time) for row, reading in rows])
        self._rows += len(rows) - dropped
        return rows

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
