"""A connection to one SQLite file: WAL, synchronous=FULL for whoever writes."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from sukusuku_core.errors import TransientError
from sukusuku_core.model import Value
from sukusuku_server.model.series import Row

BUSY_SECONDS = 2.0
"""Only a maintenance program may hold the file; the collector's loop must not stand still for long."""
CHUNK = 64
"""Rows of one INSERT: half the time of one row each, as the interpreter is entered less often."""

_INSERT = "INSERT OR IGNORE INTO reading (time, series, value, quality) VALUES (?, ?, ?, ?)"
_INSERT_CHUNK = _INSERT + ", (?, ?, ?, ?)" * (CHUNK - 1)


class SqliteTransaction:
    """See `Transaction`."""

    values: Sequence[str] = ("value",)
    each = "SELECT value FROM json_each(?)"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self._connection = connection

    def stored(self, value: Value | None) -> tuple[Value | None]:
        """See `Transaction`."""
        return (value,)

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str) -> None:
        """See `Transaction`."""
        marks = ", ".join("?" * len(columns))
        self.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) {conflict}", rows)

    def insert(self, rows: Sequence[Row]) -> Sequence[Row]:
        """See `Transaction`. Duplicates are rare, so all are first tried at once."""
        run = self._connection
        run.execute("SAVEPOINT readings")
        before = run.total_changes
        whole = len(rows) // CHUNK * CHUNK
        for start in range(0, whole, CHUNK):
            run.execute(_INSERT_CHUNK, tuple(chain.from_iterable(rows[start : start + CHUNK])))
        run.executemany(_INSERT, rows[whole:])
        if run.total_changes - before != len(rows):
            run.execute("ROLLBACK TO readings")
            rows = [row for row in rows if run.execute(_INSERT, row).rowcount == 1]
        run.execute("RELEASE readings")
        return rows


class SqliteDatabase:
    """See `Database`."""

    values: Sequence[str] = SqliteTransaction.values
    each = SqliteTransaction.each

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.name = str(path)
        self.connection = connection
        self._run = SqliteTransaction(connection)
        self._lock = threading.RLock()

    def turn(self) -> threading.RLock:
        """See `Database`."""
        return self._lock

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """One thread at a time, no transaction left open, and the library's errors in our words."""
        with self._lock:
            try:
                yield
            except BaseException as error:
                with contextlib.suppress(sqlite3.Error):
                    if self.connection.in_transaction:
                        self.connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise TransientError(f"{self.name}: the store does not answer: {error}") from error
                raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """See `Database`."""
        with self.translated():
            self.connection.execute("BEGIN IMMEDIATE")
            yield self._run
            self.connection.execute("COMMIT")

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Database`."""
        with self.translated():
            self.connection.execute("BEGIN")
            yield
            self.connection.execute("COMMIT")

    def ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with self.translated():
            return self.connection.execute(sql, parameters).fetchall()

    def version(self) -> int:
        """See `Database`."""
        return int(self.ask("PRAGMA data_version")[0][0])

    def close(self) -> None:
        """See `Database`."""
        self.connection.close()


def connect(database: str, *, uri: bool) -> sqlite3.Connection:
    """Return a connection in autocommit mode; threads take turns by our lock."""
    try:
        return sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri)
    except sqlite3.Error as error:
        raise TransientError(f"{database}: the store cannot be opened: {error}") from error


def connect_read_only(path: Path) -> SqliteDatabase:
    """Return a connection that cannot write. Raises TransientError when there is no file yet."""
    if not path.exists():
        raise TransientError(f"{path}: there is no store yet; start the collector, it makes the file")
    return SqliteDatabase(path, connect(f"{path.resolve().as_uri()}?mode=ro", uri=True))
