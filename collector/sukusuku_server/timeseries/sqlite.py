"""The store in one SQLite file: WAL, synchronous=FULL. The collector writes, the API process reads beside it."""

import contextlib
import fcntl
import time
from pathlib import Path
from typing import IO, Self

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_server.timeseries import migrations
from sukusuku_server.timeseries.sql_store import QUARANTINE_ROWS, UNASSIGNED_BYTES, SqlStore
from sukusuku_server.timeseries.sqlite_database import SqliteDatabase, connect, connect_read_only


class SqliteStore(SqlStore):
    """Connections to the file. `open` makes the only writer, `open_reader` any number of readers."""

    _database: SqliteDatabase
    _lock_file: IO[str] | None = None

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
            database = SqliteDatabase(path, connection)
            store = cls(database, quarantine_rows, unassigned_bytes)
            store._lock_file = lock_file
            with database.translated():
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA journal_size_limit = 67108864")
                migrations.migrate(connection, str(path))
                store.load()
            store._past = connect_read_only(path)  # whoever reads for long does not keep a commit waiting
            failing.pop_all()  # the store is open, its own close() ends all
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
                return cls(migrations.checked(connect_read_only(path)))
            except TransientError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        """Give back files and connections."""
        super().close()
        if self._lock_file is not None:
            self._lock_file.close()


def is_locked(path: Path) -> bool:
    """Whether a collector holds the store."""
    try:
        with path.with_name(path.name + ".lock").open("r", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
