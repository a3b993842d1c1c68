"""A store that may not be there yet: the API can start before the collector has made the file."""

import logging
from pathlib import Path

from sukusuku_collector.store import Bucket, LatestByAsset, Point
from sukusuku_collector.store.sqlite import SqliteStore
from sukusuku_core.errors import TransientError

log = logging.getLogger(__name__)


class LateStore:
    """Reads the file as soon as it is there; until then there is simply no data.

    Raises PermanentError when a newer program has written the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._store: SqliteStore | None = None
        self._waiting = False

    def _opened(self) -> SqliteStore | None:
        if self._store is None:
            try:
                self._store = SqliteStore.open_reader(self._path)
            except TransientError as error:
                if not self._waiting:
                    log.warning("no data yet: %s", error)
                self._waiting = True
            else:
                log.info("reading %s", self._path)
        return self._store

    def latest(self) -> LatestByAsset:
        """The newest value of every series."""
        store = self._opened()
        return {} if store is None else store.latest()

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """Readings with start <= time < end in order of time, at most `limit`."""
        store = self._opened()
        return [] if store is None else store.raw(asset, metric, start, end, limit)

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Hours that begin in start <= time < end, in order."""
        store = self._opened()
        return [] if store is None else store.hourly(asset, metric, start, end)

    def version(self) -> int:
        """A number that changes when the collector has committed; -1: no file yet."""
        store = self._opened()
        return -1 if store is None else store.version()

    def noted(self, key: str) -> int | None:
        """A number that the collector keeps under a name; None when there is none."""
        store = self._opened()
        return None if store is None else store.noted(key)

    def close(self) -> None:
        """Give back the file."""
        if self._store is not None:
            self._store.close()
