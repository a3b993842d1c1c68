"""A store that may not be there yet: the API can start before the collector has made the file."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from sukusuku_core.errors import TransientError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.model.series import Bucket, DerivedByAsset, LatestByAsset, Point, Quarantined, RoomHour, Tally
from sukusuku_server.timeseries.sqlite import SqliteStore

log = logging.getLogger(__name__)

OpenReader = Callable[[Path], SqliteStore]


class LateStore:
    """Reads the file as soon as it is there; until then there is simply no data.

    What may take long has a connection of its own, so that the live state need not wait for it.
    Raises PermanentError when a newer program has written the file.
    """

    def __init__(self, path: Path, open_reader: OpenReader = SqliteStore.open_reader) -> None:
        problems = TransitionLog(log)
        self._live = _Late(path, open_reader, problems)
        self._past = _Late(path, open_reader, problems)

    def available(self) -> bool:
        """Whether there is a store, and it answers."""
        store = self._live.opened()
        return store is not None and store.available()

    def latest(self) -> LatestByAsset:
        """The newest value of every series."""
        store = self._live.opened()
        return {} if store is None else store.latest()

    def derived_latest(self) -> DerivedByAsset:
        """The newest point of every derived series, by asset and metric."""
        store = self._live.opened()
        return {} if store is None else store.derived_latest()

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """Points of a derived series with start <= time < end, in order of time."""
        store = self._past.opened()
        return [] if store is None else store.derived(asset, metric, start, end)

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """The hours that are kept of a room and begin in start <= time < end, in order."""
        store = self._past.opened()
        return [] if store is None else store.room_hours(asset, start, end)

    def version(self) -> int:
        """A number that changes when the collector has committed; -1: no file yet."""
        store = self._live.opened()
        return -1 if store is None else store.version()

    def noted(self, key: str) -> int | None:
        """A number that the collector keeps under a name; None when there is none."""
        store = self._live.opened()
        return None if store is None else store.noted(key)

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """Readings with start <= time < end in order of time, at most `limit`."""
        store = self._past.opened()
        return [] if store is None else store.raw(asset, metric, start, end, limit)

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Hours that begin in start <= time < end, in order."""
        store = self._past.opened()
        return [] if store is None else store.hourly(asset, metric, start, end)

    def quarantine(self, limit: int) -> list[Quarantined]:
        """The newest rows of the quarantine, newest first."""
        store = self._past.opened()
        return [] if store is None else store.quarantine(limit)

    def tallies(self) -> list[Tally]:
        """The quarantine, counted by reason."""
        store = self._past.opened()
        return [] if store is None else store.tallies()

    def unassigned(self) -> list[Tally]:
        """What waits for facility.toml to be put right, counted by topic and reason."""
        store = self._past.opened()
        return [] if store is None else store.unassigned()

    def close(self) -> None:
        """Give back the file."""
        self._live.close()
        self._past.close()


class _Late:
    """One connection, opened when it can be. Used by several threads."""

    def __init__(self, path: Path, open_reader: OpenReader, problems: TransitionLog) -> None:
        self._path = path
        self._open_reader = open_reader
        self._store: SqliteStore | None = None
        self._lock = threading.Lock()
        self._problems = problems

    def opened(self) -> SqliteStore | None:
        with self._lock:
            if self._store is None:
                try:
                    self._store = self._open_reader(self._path)
                except TransientError as error:
                    self._problems.problem("store", f"no data yet: {error}")
                else:
                    self._problems.recovered("store", f"reading {self._path}")
            return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
