"""A store that may not be there yet: the API can start before the collector has made the file."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from sukusuku_api.dependencies import HistoryStore, LiveStore
from sukusuku_core.errors import TransientError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import backends, migrations
from sukusuku_server.timeseries.protocols import Reader
from sukusuku_server.timeseries.sqlite import SqliteStore
from sukusuku_server.timeseries.sqlite_database import SqliteDatabase, connect

log = logging.getLogger(__name__)

OpenReader = Callable[[Path], Reader]


class LazyStore:
    """Opens the store as soon as it is there; until then the store is an empty one that is not available.

    What may take long has a connection of its own, so that the live state need not wait for it.
    Raises PermanentError when a newer program has written it.
    """

    def __init__(self, path: Path, open_reader: OpenReader = SqliteStore.open_reader) -> None:
        self._nothing = _Nothing()
        problems = TransitionLog(log)
        self._live = _LazyConnection(path, open_reader, self._nothing, problems)
        self._history = _LazyConnection(path, open_reader, self._nothing, problems)

    @classmethod
    def configured(cls, facility: Facility) -> Self:
        """Return the store that the settings ask for, whatever its kind."""
        return cls(Path(facility.store.path), lambda _: backends.open_reader(facility))

    @property
    def live(self) -> LiveStore:
        """Return the connection for what is quick."""
        return self._live.opened()

    @property
    def history(self) -> HistoryStore:
        """Return the connection for what may take seconds."""
        return self._history.opened()

    def close(self) -> None:
        """Give back the file."""
        self._live.close()
        self._history.close()
        self._nothing.close()


class _Nothing(SqliteStore):
    """Stands for the store until there is one: an empty one in memory."""

    def __init__(self) -> None:
        connection = connect(":memory:", uri=False)
        super().__init__(SqliteDatabase(Path(":memory:"), connection))
        migrations.migrate(connection, ":memory:")

    def available(self) -> bool:
        return False

    def version(self) -> int:
        """Return a number that no file has."""
        return -1


class _LazyConnection:
    """One connection, opened when it can be. Used by several threads."""

    def __init__(self, path: Path, open_reader: OpenReader, nothing: Reader, problems: TransitionLog) -> None:
        self._path = path
        self._open_reader = open_reader
        self._nothing = nothing
        self._store: Reader | None = None
        self._lock = threading.Lock()
        self._problems = problems

    def opened(self) -> Reader:
        with self._lock:
            if self._store is None:
                try:
                    self._store = self._open_reader(self._path)
                except TransientError as error:
                    self._problems.problem("store", f"no data yet: {error}")
                    return self._nothing
                self._problems.recovered("store", f"reading {self._store.name}")
            return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
