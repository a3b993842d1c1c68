"""Readings on disk until the collector has stored them, in one SQLite file.

WAL with synchronous=FULL: when `add` returns, the readings survive a power cut. One thread owns the file; every method
is one job of it, so what a method reads is never half of what another writes.

A full disk stops `add`, but never what makes room again: a ballast file beside the outbox is given up for it, and
reserved anew when the disk has room.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

import msgspec

from sukusuku_core import catalogue, drop_record
from sukusuku_core.catalogue import DataType, Role
from sukusuku_core.counters import CounterState
from sukusuku_core.edge_session import datatype_of
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.message_order import NOTHING, Seen
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.sparkplug import BDSEQ_MODULUS
from sukusuku_edge import boot_log, lock, overflow, salvage
from sukusuku_edge.ballast import Ballast
from sukusuku_edge.binding import Counter, Series
from sukusuku_edge.boot_log import Stamp, Start
from sukusuku_edge.overflow import Bounds

SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL, metric TEXT NOT NULL, time INTEGER NOT NULL, value, type INTEGER, quality INTEGER NOT NULL,
    event INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS counter (
    asset TEXT NOT NULL, metric TEXT NOT NULL, origin TEXT NOT NULL, total INTEGER NOT NULL, raw INTEGER,
    lower INTEGER, seen TEXT,
    PRIMARY KEY (asset, metric)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
BALLAST = 8 * 1024 * 1024
"""Bytes; more than the log grows to (`journal_size_limit`) while waiting rows are deleted."""
ROWS_PER_PAGE = 16
"""At least so many readings go onto one page of the file."""
MARGIN = 64
"""Readings' worth of free pages that an `add` leaves in the file while the disk is full."""
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})
_EVENT_ROLES = {
    Role.STATE, Role.FAULT, Role.CONTACT, Role.PRESENCE, Role.CYCLE_COUNTER, Role.FLOW_COUNTER, Role.IDENTITY,
}  # fmt: skip
_EVENTS = frozenset(row.name for row in catalogue.METRICS if row.role in _EVENT_ROLES)
_log = logging.getLogger("sukusuku_edge.outbox")

P = ParamSpec("P")
T = TypeVar("T")
Row = tuple[int, Reading]
"""Row id (rising, never used twice) and reading."""


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
        """The first waiting rows with an id above `after` (and at most `until`)."""
        return await self._try(self._peek, after, limit, until)

    async def delete(self, rows: Sequence[int]) -> None:
        """Forget rows that the collector has stored."""
        await self._try(self._relieved, self._delete, rows)

    async def stats(self) -> Stats:
        """How much waits."""
        return await self._try(self._stats)

    # ------------------------------------------------------------ times

    async def begin_boot(self, boot: str) -> Start:
        """Say in which boot this run is, before the first `add` with a stamp."""
        return await self._try(self._relieved, self._begin_boot, boot)

    async def settle(self, offset: int | None, now: int) -> list[Row]:
        """Give every reading that waits for it its final time; `offset` is true time less uptime, when it is known."""
        return await self._try(self._relieved, self._settle, offset, now)

    # ------------------------------------------------------------ what else must survive

    async def counters(self) -> dict[Series, Counter]:
        """The totals that were committed last."""
        return await self._try(self._counters)

    async def next_bdseq(self) -> int:
        """The bdSeq for the coming CONNECT, durable before this returns. The first one ever is 0."""
        return await self._try(self._relieved, self._next_bdseq)

    async def last_birth(self) -> int:
        """The timestamp of the latest NBIRTH, 0 before the first."""
        return await self._try(lambda: self._number("last_birth") or 0)

    async def set_last_birth(self, time: int) -> None:
        """Remember the timestamp of an NBIRTH, before it is sent."""
        await self._try(self._relieved, self._set_number, "last_birth", time)

    # ------------------------------------------------------------ jobs of the thread

    async def _do(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(job, *args, **kwargs))

    async def _try(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._do(job, *args, **kwargs)
        except sqlite3.Error as error:
            raise TransientError(f"outbox {self._path}: {error}; check the disk") from error

    def _relieved(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what must be done on a full disk too: a second time without the ballast."""
        try:
            return job(*args, **kwargs)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _NO_ROOM or not self._ballast.give():
                raise
            _log.warning("%s: %s: the reserve of room on the disk is given up", self._path, error)
            return job(*args, **kwargs)

    def _check_room(self, readings: int) -> None:
        """While the ballast is given up, its room is not for readings: they go where deleted ones have been."""
        if self._ballast.keep():
            return
        free = self._file.execute("PRAGMA freelist_count").fetchone()[0]
        if free * ROWS_PER_PAGE < readings + MARGIN:
            raise TransientError(f"outbox {self._path}: the disk is full; make room on it")

    def _open(self) -> None:
        salvage.finish(self._path)
        if self._path.exists() and (damage := salvage.damage(self._path, _connect)) is not None:
            aside = salvage.replace(self._path, _connect)
            _log.error("%s is damaged (%s): renamed to %s, a new one is begun", self._path, damage, aside.name)
        self._file = _connect(self._path)
        self._rows = self._file.execute("SELECT count(*) FROM reading").fetchone()[0]
        self._ballast.keep()

    @contextlib.contextmanager
    def _commit(self) -> Iterator[None]:
        """One transaction, on disk at the end."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                self._file.execute("ROLLBACK")
            raise

    def _begin_boot(self, boot: str) -> Start:
        with self._commit():
            self._boot, start = boot_log.begin(self._file, boot)
        return start

    def _settle(self, offset: int | None, now: int) -> list[Row]:
        with self._commit():
            ids = boot_log.release(self._file, self._boot, offset, now)
        return [row for at in ids for row in self._peek(at - 1, 1, at)]

    def _add(self, readings: Sequence[Reading], counters: Mapping[Series, Counter], stamp: Stamp | None) -> list[Row]:
        self._check_room(len(readings))
        with self._commit():
            rows = self._insert(readings)
            self._file.executemany(
                "INSERT OR REPLACE INTO counter (asset, metric, origin, total, raw, lower, seen) "
                "VALUES (?,?,?,?,?,?,?)",
                [(*series, item.origin, *_columns(item.state)) for series, item in counters.items()],
            )
            dropped, record = self._make_room(rows)
            if stamp is not None:
                boot_log.note(self._file, self._boot, stamp, [(row, reading.time) for row, reading in rows + record])
        self._rows += len(rows) + len(record) - dropped
        return rows + record

    def _insert(self, readings: Sequence[Reading], event: int | None = None) -> list[Row]:
        rows: list[Row] = []
        for reading in readings:
            cursor = self._file.execute(
                "INSERT INTO reading (asset, metric, time, value, type, quality, event) VALUES (?,?,?,?,?,?,?)",
                (
                    reading.asset,
                    reading.metric,
                    reading.time,
                    reading.value,
                    None if reading.value is None else datatype_of(reading.value),
                    reading.quality,
                    _event(reading) if event is None else event,
                ),
            )
            rows.append((cursor.lastrowid or 0, reading))
        return rows

    def _make_room(self, added: Sequence[Row]) -> tuple[int, list[Row]]:
        """How many rows had to go for those that were added, and the record of it."""
        excess = self._bounds.excess(self._rows + len(added), overflow.bytes_in_use(self._file))
        if not excess or not added:
            return 0, []
        gone = overflow.make_room(self._file, excess)
        time = max(*(reading.time for _, reading in added), (self._number("dropped_at") or 0) + 1)
        self._put_number("dropped_at", time)
        _log.error("the outbox is full: %d of the oldest readings were thinned out, %d in all", gone.count, gone.total)
        record = drop_record.record(self._node, time, gone.total, gone.dropped)
        return gone.count, self._insert(record, overflow.RECORD)

    def _peek(self, after: int, limit: int, until: int | None) -> list[Row]:
        found = self._file.execute(
            "SELECT id, asset, metric, time, value, type, quality FROM reading WHERE id > ? AND id <= ? "
            "ORDER BY id LIMIT ?",
            (after, 2**63 - 1 if until is None else until, limit),
        )
        return [(row[0], _reading(*row[1:])) for row in found]

    def _delete(self, rows: Sequence[int]) -> None:
        with self._commit():
            cursor = self._file.executemany("DELETE FROM reading WHERE id = ?", [(row,) for row in rows])
        self._rows -= cursor.rowcount

    def _stats(self) -> Stats:
        oldest = self._file.execute("SELECT time FROM reading ORDER BY id LIMIT 1").fetchone()
        last = self._file.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reading'").fetchone()
        return Stats(self._rows, oldest[0] if oldest else None, last[0] if last else 0)

    def _counters(self) -> dict[Series, Counter]:
        found = self._file.execute("SELECT asset, metric, origin, total, raw, lower, seen FROM counter")
        return {(row[0], row[1]): Counter(row[2], _state(*row[3:])) for row in found}

    def _next_bdseq(self) -> int:
        last = self._number("bdseq")
        bdseq = 0 if last is None else (last + 1) % BDSEQ_MODULUS
        self._set_number("bdseq", bdseq)
        return bdseq

    def _number(self, name: str) -> int | None:
        row = self._file.execute("SELECT value FROM session WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _set_number(self, name: str, value: int) -> None:
        with self._commit():
            self._put_number(name, value)

    def _put_number(self, name: str, value: int) -> None:
        self._file.execute("INSERT OR REPLACE INTO session (name, value) VALUES (?, ?)", (name, value))


def _columns(state: CounterState) -> tuple[int, int | None, int | None, str | None]:
    seen = None if state.seen == NOTHING else msgspec.json.encode(state.seen).decode()
    return state.total, state.raw, state.lower, seen


def _state(total: int, raw: int | None, lower: int | None, seen: str | None) -> CounterState:
    try:
        return CounterState(total, raw, lower, NOTHING if seen is None else msgspec.json.decode(seen, type=Seen))
    except msgspec.DecodeError:  # a damaged page: the total is worth more than the memory of the messages
        return CounterState(total, raw)


def _event(reading: Reading) -> int:
    """Changes of a state and totals tell what cannot be told again: they stay longest."""
    return overflow.EVENT if reading.metric in _EVENTS or reading.quality is Quality.STALE else overflow.MEASURED


def _reading(asset: str, metric: str, time: int, value: Value | None, kind: int | None, quality: int) -> Reading:
    return Reading(
        asset, metric, time, bool(value) if kind == DataType.BOOLEAN and value is not None else value, Quality(quality)
    )


def _connect(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    try:
        _prepare(file)
    except sqlite3.Error:
        file.close()
        raise
    return file


def _prepare(file: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=500",
        "journal_size_limit=4194304",
    ):
        file.execute(f"PRAGMA {pragma}").fetchall()
    file.executescript(SCHEMA + boot_log.SCHEMA)
    there = {row[1] for row in file.execute("PRAGMA table_info(counter)")}
    for column in ("lower INTEGER", "seen TEXT"):  # not in outboxes of 0.1
        if column.split()[0] not in there:
            file.execute(f"ALTER TABLE counter ADD COLUMN {column}")
