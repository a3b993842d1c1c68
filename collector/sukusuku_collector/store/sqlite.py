"""The store in one SQLite file: WAL, synchronous=FULL. The collector writes, the API process reads beside it."""

import contextlib
import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self

from sukusuku_collector.store import (
    HOUR_MS,
    Bucket,
    Committed,
    Latest,
    LatestByAsset,
    Moved,
    Point,
    Quarantined,
    Row,
    migrations,
    rollup,
    writing,
)
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_session import datatype_of
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Quality, Reading, Value

QUARANTINE_ROWS = 10_000
BUSY_SECONDS = 2.0
"""Only a maintenance program may hold the file; the collector's loop must not stand still for long."""

_GOOD_BEFORE = "SELECT last_time FROM hourly WHERE series = ? ORDER BY hour DESC LIMIT 1"
_LATEST = """
SELECT asset, metric, datatype, time, value, quality, received, CASE quality WHEN 192 THEN NULL ELSE
    (SELECT last_time FROM hourly WHERE hourly.series = latest.series ORDER BY hour DESC LIMIT 1) END
FROM latest JOIN series ON series.id = latest.series ORDER BY asset, metric
"""


class SqliteStore:
    """One connection to the file. `open` makes the only writer, `open_reader` any number of readers."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock_file: IO[str] | None,
        quarantine_rows: int = QUARANTINE_ROWS,
    ) -> None:
        self._path = path
        self._quarantine_rows = quarantine_rows
        self._connection = connection
        self._lock_file = lock_file
        self._lock = threading.RLock()
        self._series: dict[tuple[str, str], int] = {}
        self._names: dict[int, tuple[str, str, DataType]] = {}
        self._numeric: set[int] = set()
        self._new_series: list[tuple[int, str, str, int]] = []
        self._latest_time: dict[int, int] = {}
        self._unseen: dict[int, tuple[Row, int]] = {}  # newest rows and their receipt, not yet in the view
        self._late: set[int] = set()  # got GOOD values older than the newest one, which the view may have to tell
        self._view: dict[str, dict[str, Latest]] = {}
        self._view_version = -1
        self._offline: dict[str, int] = {}
        self._marked: set[str] = set()  # whose view does not show their mark yet

    @classmethod
    def open(cls, path: Path | str, quarantine_rows: int = QUARANTINE_ROWS) -> Self:
        """The writer; makes or upgrades the file. The quarantine keeps so many rows.

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
        try:
            connection = _connect(str(path), uri=False)
            store = cls(path, connection, lock_file, quarantine_rows)
            with store._translated():
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA journal_size_limit = 67108864")
                migrations.migrate(connection, str(path))
                store._load()
        except BaseException:
            lock_file.close()
            raise
        return store

    @classmethod
    def open_reader(cls, path: Path | str, wait: float = 0.0) -> Self:
        """A reader, which cannot write. Waits at most `wait` seconds for the collector to make the file.

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
        store = cls(path, _connect(f"{path.resolve().as_uri()}?mode=ro", uri=True), None)
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
        self._latest_time = dict(self._connection.execute("SELECT series, time FROM latest"))
        self._offline = dict(self._connection.execute("SELECT subject, since FROM offline"))

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

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """One thread at a time, and the library's errors in our words."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                with contextlib.suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise TransientError(f"{self._path}: the store does not answer: {error}") from error

    # ------------------------------------------------------------ writing

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

    def commit(self, readings: Sequence[Reading], quarantined: Sequence[Quarantined], received: int) -> Committed:
        """See Store."""
        rows: list[Row] = [
            (
                reading.time,
                self.series(reading.asset, reading.metric, datatype_of(reading.value)),
                reading.value,
                int(reading.quality),
            )
            for reading in readings
        ]
        return self.commit_rows(rows, quarantined, received)

    def commit_rows(
        self, rows: Sequence[Row], quarantined: Sequence[Quarantined], received: int, moved: Sequence[Moved] = ()
    ) -> Committed:
        """See Store."""
        with self._translated():
            run = self._connection
            run.execute("BEGIN IMMEDIATE")
            run.executemany("INSERT INTO series VALUES (?, ?, ?, ?)", self._new_series)
            fresh = writing.insert(run, rows)
            if moved:
                fresh = [*fresh, *writing.insert_moved(run, moved)]
            summary = rollup.summarise(fresh, self._numeric)
            writing.roll_up(run, summary.hours)
            known = self._latest_time
            newest = {series: row for series, row in summary.newest.items() if row[0] > known.get(series, -1)}
            run.executemany(
                "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?)",
                [(series, row[0], row[2], row[3], received) for series, row in newest.items()],
            )
            writing.quarantine(run, quarantined, self._quarantine_rows)
            run.execute("COMMIT")
            self._new_series.clear()
            known.update((series, row[0]) for series, row in newest.items())
            self._unseen.update((series, (row, received)) for series, row in newest.items())
            self._late.update(series for series, _ in summary.hours if series not in newest)
        return Committed(len(fresh), len(rows) + len(moved) - len(fresh), len(quarantined))

    def note(self, key: str, value: int) -> None:
        """See Store."""
        with self._translated():
            self._connection.execute("INSERT OR REPLACE INTO host VALUES (?, ?)", (key, value))

    def mark_offline(self, changes: Mapping[str, int | None]) -> None:
        """See Store. Births are frequent and mostly change nothing: then nothing is written."""
        new = {subject: since for subject, since in changes.items() if self._offline.get(subject) != since}
        if not new:
            return
        with self._translated():
            run = self._connection
            run.execute("BEGIN IMMEDIATE")
            for subject, since in new.items():
                if since is None:
                    run.execute("DELETE FROM offline WHERE subject = ?", (subject,))
                else:
                    run.execute("INSERT OR REPLACE INTO offline VALUES (?, ?)", (subject, since))
            run.execute("COMMIT")
            for subject, since in new.items():
                self._offline.pop(subject, None)
                if since is not None:
                    self._offline[subject] = since
            self._marked.update(new)

    # ------------------------------------------------------------ reading

    def noted(self, key: str) -> int | None:
        """See Store."""
        found = self._all("SELECT value FROM host WHERE key = ?", (key,))
        return int(found[0][0]) if found else None

    def latest(self) -> LatestByAsset:
        """See Store. A mapping per asset is never changed once it has been handed out."""
        with self._lock:
            version = self.version()
            if version != self._view_version:
                self._view_version, self._view = version, {}
                self._offline = dict(self._all("SELECT subject, since FROM offline", ()))
                for asset, metric, datatype, moment, value, quality, received, good in self._all(_LATEST, ()):
                    self._view.setdefault(asset, {})[metric] = Latest(
                        moment, _typed(value, datatype), Quality(quality), received, self._offline.get(asset), good
                    )
            for asset in self._marked & set(self._view):
                since = self._offline.get(asset)
                self._view[asset] = {name: replace(it, stale_since=since) for name, it in self._view[asset].items()}
            self._marked.clear()
            for asset in {self._names[series][0] for series in (*self._unseen, *self._late)}:
                self._view[asset] = dict(self._view.get(asset, {}))
            for series, ((moment, _, value, number), received) in self._unseen.items():
                asset, metric, kind = self._names[series]
                quality, since = Quality(number), self._offline.get(asset)
                good = None if quality is Quality.GOOD else self._good_before(series)
                self._view[asset][metric] = Latest(moment, _typed(value, kind), quality, received, since, good)
            for series in self._late.difference(self._unseen):
                asset, metric, _ = self._names[series]
                item = self._view[asset][metric]
                if item.quality is not Quality.GOOD:
                    self._view[asset][metric] = replace(item, good_before=self._good_before(series))
            self._unseen.clear()
            self._late.clear()
            return self._view

    def _good_before(self, series: int) -> int | None:
        found = self._all(_GOOD_BEFORE, (series,))
        return int(found[0][0]) if found else None

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """See Store."""
        rows = self._all(
            "SELECT time, value, quality, datatype FROM reading JOIN series ON series.id = reading.series "
            "WHERE asset = ? AND metric = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?",
            (asset, metric, start, end, limit),
        )
        return [Point(moment, _typed(value, datatype), Quality(quality)) for moment, value, quality, datatype in rows]

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        rows = self._all(
            "SELECT hour, count, sum / count, low, high, last FROM hourly JOIN series ON series.id = hourly.series "
            "WHERE asset = ? AND metric = ? AND hour >= ? AND hour < ? ORDER BY hour",
            (asset, metric, -(-start // HOUR_MS), -(-end // HOUR_MS)),
        )
        return [Bucket(hour * HOUR_MS, *rest) for hour, *rest in rows]

    def quarantine(self, limit: int) -> list[Quarantined]:
        """See Store."""
        rows = self._all(
            "SELECT received, topic, reason, detail, payload FROM quarantine ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [Quarantined(*row) for row in rows]

    def version(self) -> int:
        """See Store."""
        return int(self._all("PRAGMA data_version", ())[0][0])

    def _all(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._translated():
            return self._connection.execute(sql, parameters).fetchall()


def _connect(database: str, *, uri: bool) -> sqlite3.Connection:
    """A connection in autocommit mode; threads take turns by our lock."""
    try:
        return sqlite3.connect(database, BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri)
    except sqlite3.Error as error:
        raise TransientError(f"{database}: the store cannot be opened: {error}") from error


def _typed(value: Value | None, datatype: int) -> Value | None:
    """SQLite has no booleans."""
    return bool(value) if datatype == DataType.BOOLEAN and value is not None else value
