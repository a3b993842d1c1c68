"""The store in one SQLite file: WAL, synchronous=FULL. The collector writes, the API process reads beside it."""

import contextlib
import fcntl
import logging
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import IO, Self

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Reading
from sukusuku_core.time import EARLIEST_READING
from sukusuku_server.model.imports import Imported, NewImport
from sukusuku_server.model.series import (
    Committed,
    Late,
    LatestByAsset,
    Moved,
    Quarantined,
    RoomHour,
    Row,
    Unassigned,
)
from sukusuku_server.timeseries import (
    PRUNED,
    SETTLED_MS,
    THINNED_READINGS,
    clock_correction,
    derivable_since,
    derived,
    imports,
    migrations,
    rollups,
    shipping_queue,
    sqlite_writes,
    thinned_key,
    thinning,
)
from sukusuku_server.timeseries import unassigned as keeping
from sukusuku_server.timeseries.live_view import LiveView
from sukusuku_server.timeseries.sqlite_reader import SqliteReader, connect

QUARANTINE_ROWS = 10_000
UNASSIGNED_BYTES = 256_000_000

_log = logging.getLogger("sukusuku_server.timeseries")

_AT_ONCE = 64
"""Room is made for this part of all more than is needed: whose messages go is counted anew each time."""


class SqliteStore(SqliteReader):
    """One connection to the file. `open` makes the only writer, `open_reader` any number of readers."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock_file: IO[str] | None,
        quarantine_rows: int = QUARANTINE_ROWS,
        unassigned_bytes: int = UNASSIGNED_BYTES,
    ) -> None:
        super().__init__(path, connection)
        self._quarantine_rows = quarantine_rows
        self._unassigned_bytes = unassigned_bytes
        self._lock_file = lock_file
        self._series: dict[tuple[str, str], int] = {}
        self._names: dict[int, tuple[str, str, DataType]] = {}
        self._numeric: set[int] = set()
        self._new_series: list[tuple[int, str, str, int]] = []
        self._live = LiveView(self._all, self._names)
        self._moved: dict[int, int] = {}  # the latest original time of the moved readings of a series
        self._waiting_bytes = 0
        self._claimed = 0  # what comes with an earlier time is listed as outgoing

    @classmethod
    def open(
        cls, path: Path | str, quarantine_rows: int = QUARANTINE_ROWS, unassigned_bytes: int = UNASSIGNED_BYTES
    ) -> Self:
        """Return the writer; makes or upgrades the file.

        The quarantine keeps so many rows, unassigned messages take so much.

        Raises PermanentError when another collector writes to it, or a newer one has.
        """
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock_file = path.with_name(path.name + ".lock").open("w", encoding="utf-8")
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock_file.close()
            raise PermanentError(f"{path}: another collector is writing to this store; stop it first") from None
        except OSError as error:
            raise PermanentError(f"{path}: the store cannot be opened for writing: {error}") from error
        with contextlib.ExitStack() as failing:
            failing.enter_context(lock_file)
            connection = failing.enter_context(contextlib.closing(connect(str(path), uri=False)))
            store = cls(path, connection, lock_file, quarantine_rows, unassigned_bytes)
            with store._translated():
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA journal_size_limit = 67108864")
                migrations.migrate(connection, str(path))
                store._load()
            failing.pop_all()  # the store is open, its own close() ends both
        return store

    @classmethod
    def open_reader(cls, path: Path | str, wait: float = 0.0) -> Self:
        """Return a reader, which cannot write. Waits at most `wait` seconds for the collector to make the file.

        Raises TransientError when there is no file (or an older one) by then, PermanentError when it is a newer one.
        """
        path = Path(path)
        deadline = time.monotonic() + wait
        while True:
            try:
                return cls._open_reader(path)
            except TransientError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)

    @classmethod
    def _open_reader(cls, path: Path) -> Self:
        if not path.exists():
            raise TransientError(f"{path}: there is no store yet; start the collector, it makes the file")
        store = cls(path, connect(f"{path.resolve().as_uri()}?mode=ro", uri=True), None)
        try:
            with store._translated():
                migrations.check(store._connection, str(path))
        except BaseException:
            store.close()
            raise
        return store

    def _load(self) -> None:
        for ident, asset, metric, datatype in self._connection.execute("SELECT * FROM series"):
            try:
                self._know_series(ident, asset, metric, DataType(datatype))
            except ValueError as error:
                raise PermanentError(
                    f"{self._path}: the store is damaged ({error}); restore it from a backup, or move the file away"
                ) from error
        self._moved = dict(self._connection.execute("SELECT series, max(original) FROM moved GROUP BY series"))
        self._waiting_bytes = keeping.size(self._connection)
        self._claimed = self.noted(shipping_queue.CLAIMED) or 0
        self._live.load()

    def _know_series(self, ident: int, asset: str, metric: str, datatype: DataType) -> None:
        self._series[asset, metric] = ident
        self._names[ident] = (asset, metric, datatype)
        if datatype is not DataType.STRING:
            self._numeric.add(ident)

    def close(self) -> None:
        """Give back files and connections."""
        with self._lock:
            self._connection.close()
            if self._lock_file is not None:
                self._lock_file.close()

    # ------------------------------------------------------------ writing

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what the block writes, all of it or nothing. Raises TransientError when the file does not answer.

        A caller that also changes what this object remembers holds `_lock` around both.
        """
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")

    def series(self, asset: str, metric: str, datatype: DataType) -> int:
        """See Store."""
        known = self._series.get((asset, metric))
        if known is not None:
            return known
        with self._lock:
            ident = len(self._series) + 1
            self._know_series(ident, asset, metric, datatype)
            self._new_series.append((ident, asset, metric, datatype))
            return ident

    def commit_rows(
        self,
        rows: Sequence[Row],
        quarantined: Sequence[Quarantined],
        received: int,
        moved: Sequence[Moved] = (),
        unassigned: Sequence[Unassigned] = (),
    ) -> Committed:
        """See Store."""
        with self._lock:
            with self._transaction() as run:
                run.executemany("INSERT INTO series VALUES (?, ?, ?, ?)", self._new_series)
                unmoved = sqlite_writes.unmoved(run, rows, self._moved) if self._moved else rows
                fresh = sqlite_writes.insert(run, unmoved)
                if moved:
                    fresh = [*fresh, *sqlite_writes.insert_moved(run, moved)]
                summary, newest = self._follow(run, fresh, received)
                sqlite_writes.quarantine(run, quarantined, self._quarantine_rows)
                waiting_bytes = self._keep(unassigned)
            self._waiting_bytes = waiting_bytes
            for item in moved:
                original = sqlite_writes.signed(item.original)
                self._moved[item.row[1]] = max(original, self._moved.get(item.row[1], original))
            self._remember(summary, newest, received)
        return Committed(len(fresh), len(rows) + len(moved) - len(fresh), len(quarantined))

    def _follow(
        self, run: sqlite3.Connection, fresh: Sequence[Row], received: int
    ) -> tuple[rollups.Summary, dict[int, Row]]:
        """Write what follows from new rows; return their summary and which of them are the newest of their series."""
        derived.mark_late(run, self._come_late(fresh, received - SETTLED_MS))
        shipping_queue.list_late(run, fresh, self._claimed)
        summary = rollups.summarise(fresh, self._numeric)
        sqlite_writes.roll_up(run, summary.hours)
        newest = self._live.newer(summary.newest)
        run.executemany(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?)",
            [(series, row[0], row[2], row[3], received) for series, row in newest.items()],
        )
        return summary, newest

    def _remember(self, summary: rollups.Summary, newest: Mapping[int, Row], received: int) -> None:
        """Keep in memory what is committed now."""
        self._new_series.clear()
        self._live.remember(newest, (series for series, _ in summary.hours), received)

    def keep_import(self, what: NewImport, rows: Sequence[Row], now: int) -> int:
        """See Store."""
        with self._lock:
            with self._transaction() as run:
                run.executemany("INSERT INTO series VALUES (?, ?, ?, ?)", self._new_series)
                fresh = sqlite_writes.insert(run, rows)
                if len(fresh) != len(rows):
                    raise PermanentError(
                        f"{len(rows) - len(fresh)} of {len(rows)} readings of {what.asset} {what.metric} are stored "
                        "already; nothing was imported"
                    )
                number = imports.add(run, what, rows, now)
                summary, newest = self._follow(run, fresh, now)
            self._remember(summary, newest, now)
        return number

    def imports(self) -> list[Imported]:
        """See Store."""
        with self._translated():
            return imports.listed(self._connection)

    def undo_import(self, number: int, now: int) -> Imported:
        """See Store."""
        with self._lock:
            with self._transaction() as run:
                what = imports.holding(run, number)
                asset = what.what.asset
                kept = thinned_key(asset), THINNED_READINGS  # raw counts go sooner than other readings
                thinned = min(self.noted(key) or 0 for key in kept)
                pruned = max(self.noted(PRUNED) or 0, thinned)
                for series in imports.take_back(run, what, now, pruned, self._numeric):
                    shipping_queue.list_gone(run, series, what.first, what.last, self._claimed)
                gone = max(derivable_since(self.noted(PRUNED)), self.noted(thinned_key(asset)) or 0)
                for after, until in what.derived_stretches(gone):
                    shipping_queue.list_derived(run, asset, after, until, (), self._claimed)
                    derived.replace(run, asset, after, until, ())
                derived.mark_late(run, {asset: what.first})
            self._forget_view()
        return what

    def _come_late(self, rows: Sequence[Row], before: int) -> Mapping[str, int]:
        """Return the earliest time of the rows of each asset that were measured before `before`."""
        since: dict[str, int] = {}
        if rows and min(rows, key=itemgetter(0))[0] < before:
            for time, series, _, _ in rows:
                asset = self._names[series][0]
                if time < before and time < since.get(asset, before):
                    since[asset] = time
        return since

    def put_derived(self, asset: str, after: int, until: int, points: Sequence[Reading]) -> None:
        """See Store."""
        self.put_all_derived(after, until, {asset: points})

    def put_all_derived(self, after: int, until: int, points: Mapping[str, Sequence[Reading]]) -> None:
        """See Store."""
        with self._lock:
            with self._transaction() as run:
                for asset, found in points.items():
                    shipping_queue.list_derived(run, asset, after, until, found, self._claimed)
                    derived.replace(run, asset, after, until, found)
            self._rederived.update(points)

    def thin(self, asset: str, start: int, end: int, points: Sequence[Reading], hours: Sequence[RoomHour]) -> None:
        """See Store."""
        with self._lock:
            with self._transaction() as run:
                shipping_queue.list_derived(run, asset, start - 1, end - 1, points, self._claimed)
                derived.replace(run, asset, start - 1, end - 1, points)
                thinning.keep_hours(run, asset, hours)
                run.execute("INSERT OR REPLACE INTO host VALUES (?, ?)", (thinned_key(asset), end))
            self._rederived.add(asset)

    def drop_readings(self, assets: Collection[str], start: int, end: int) -> bool:
        """See Store."""
        with self._transaction() as run:
            thinning.drop_readings(run, assets, start, end)
            run.execute("INSERT OR REPLACE INTO host VALUES (?, ?)", (THINNED_READINGS, end))
        return True

    def correct_clock(self, since: int, until: int, now: int) -> int:
        """See Store."""
        with self._lock:
            with self._transaction() as run:
                rows = clock_correction.bring_back(run, since, until, EARLIEST_READING, now)
                summary = rollups.summarise(rows, self._numeric)
                sqlite_writes.roll_up(run, summary.hours)
                shipping_queue.list_late(run, rows, self._claimed)
                for asset, first, last in clock_correction.derived_after(run, now):
                    shipping_queue.list_derived(run, asset, first - 1, last, (), self._claimed)
                    derived.replace(run, asset, first - 1, last, ())
                derived.mark_late(run, self._come_late(rows, now))
                if since < until:
                    begun = min(since, now - (until - since))
                    derived.mark_late(run, {asset: begun for asset, _, _ in self._names.values()})
            self._moved = dict(run.execute("SELECT series, max(original) FROM moved GROUP BY series"))
            self._forget_view()
        return len(rows)

    def _forget_view(self) -> None:
        """Read again what is newest, and what is derived: some of it is there no more."""
        self._live.load()
        self._outlook_version = -1

    def settle(self, late: Late) -> None:
        """See Store."""
        with self._translated():
            self._connection.execute("DELETE FROM late WHERE asset = ? AND changed = ?", (late.asset, late.changed))

    def _keep(self, messages: Sequence[Unassigned]) -> int:
        """Put unassigned messages by; tells how many bytes all of them take then."""
        if not messages:
            return self._waiting_bytes
        taken = self._waiting_bytes + keeping.add(self._connection, messages)
        if taken > self._unassigned_bytes:
            gone, freed = keeping.make_room(
                self._connection, taken - self._unassigned_bytes + self._unassigned_bytes // _AT_ONCE
            )
            taken -= freed
            _log.error(
                "%d messages were dropped to make room for newer ones: facility.toml has no place for their readings; "
                "GET /api/v1/health says of which assets",
                gone,
            )
        return taken

    def assigned(self, numbers: Sequence[int]) -> None:
        """See Store."""
        with self._lock:
            with self._transaction() as run:
                freed = keeping.remove(run, numbers)
            self._waiting_bytes -= freed

    def prune(self, before: int, rows: int) -> int:
        """See Store."""
        with self._transaction() as run:
            mark, gone = sqlite_writes.prune(run, self.noted(PRUNED) or 0, before, rows)
            run.execute("INSERT OR REPLACE INTO host VALUES (?, ?)", (PRUNED, mark))
        return gone

    def note(self, key: str, value: int) -> None:
        """See Store."""
        self.note_all({key: value})

    def note_all(self, values: Mapping[str, int]) -> None:
        """See Store."""
        with self._transaction() as run:
            run.executemany("INSERT OR REPLACE INTO host VALUES (?, ?)", values.items())

    def mark_offline(self, changes: Mapping[str, int | None]) -> None:
        """See Store. Births are frequent and mostly change nothing: then nothing is written."""
        new = self._live.changed_marks(changes)
        if not new:
            return
        with self._lock:
            with self._transaction() as run:
                for subject, since in new.items():
                    if since is None:
                        run.execute("DELETE FROM offline WHERE subject = ?", (subject,))
                    else:
                        run.execute("INSERT OR REPLACE INTO offline VALUES (?, ?)", (subject, since))
            self._live.mark(new)

    # ------------------------------------------------------------ reading

    def latest(self) -> LatestByAsset:
        """See Store."""
        with self._lock:
            return self._live.read(self.version())
