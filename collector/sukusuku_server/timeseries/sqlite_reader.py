"""The questions to a store in one SQLite file."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Bucket, DerivedByAsset, Late, Point, Quarantined, RoomHour, Tally, Unassigned
from sukusuku_server.timeseries import PRUNED, derived

BUSY_SECONDS = 2.0
"""Only a maintenance program may hold the file; the collector's loop must not stand still for long."""


class SqliteReader:
    """A connection that threads take turns to use."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._lock = threading.RLock()
        self._rederived: set[str] = set()  # assets of which this connection has written derived points since
        self._outlook: DerivedByAsset = {}
        self._outlook_version = -1

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """One thread at a time, no transaction left open, and the library's errors in our words."""
        with self._lock:
            try:
                yield
            except BaseException as error:
                with contextlib.suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise TransientError(f"{self._path}: the store does not answer: {error}") from error
                raise

    def noted(self, key: str) -> int | None:
        """See Store."""
        found = self._all("SELECT value FROM host WHERE key = ?", (key,))
        return int(found[0][0]) if found else None

    def noted_under(self, prefix: str) -> dict[str, int]:
        """See Store."""
        return dict(self._all("SELECT key, value FROM host WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)))

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """See Store."""
        rows = self._all(
            "SELECT time, value, quality, datatype FROM reading JOIN series ON series.id = reading.series "
            "WHERE asset = ? AND metric = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?",
            (asset, metric, start, end, limit),
        )
        return [Point(moment, typed(value, datatype), Quality(quality)) for moment, value, quality, datatype in rows]

    def scan(self, assets: Collection[str], start: int, end: int) -> list[Reading]:
        """See Store."""
        rows = self._all(
            "SELECT asset, metric, time, value, quality, datatype "
            "FROM reading JOIN series ON series.id = reading.series "
            "WHERE time >= ? AND time < ? AND asset IN (SELECT value FROM json_each(?)) ORDER BY time",
            (start, end, json.dumps(list(assets))),
        )
        return [
            Reading(asset, metric, moment, typed(value, datatype), Quality(quality))
            for asset, metric, moment, value, quality, datatype in rows
        ]

    def first(self) -> int | None:
        """See Store."""
        pruned = "SELECT min(time) FROM reading WHERE time >= coalesce((SELECT value FROM host WHERE key = ?), 0)"
        found = self._all(pruned, (PRUNED,))[0][0]
        return None if found is None else int(found)

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """See Store."""
        rows = self._all(
            "SELECT time, value FROM derived JOIN derived_series ON derived_series.id = derived.series "
            "WHERE asset = ? AND metric = ? AND time >= ? AND time < ? ORDER BY time",
            (asset, metric, start, end),
        )
        return [Point(moment, value, Quality.GOOD) for moment, value in rows]

    def derived_metrics(self, asset: str) -> list[str]:
        """See Store."""
        return [row[0] for row in self._all("SELECT metric FROM derived_series WHERE asset = ?", (asset,))]

    def first_derived(self, metric: str) -> Mapping[str, int]:
        """See Store."""
        rows = self._all(
            "SELECT asset, (SELECT min(time) FROM derived WHERE series = id) FROM derived_series WHERE metric = ?",
            (metric,),
        )
        return {asset: time for asset, time in rows if time is not None}

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """See Store."""
        rows = self._all(
            "SELECT part, time, sums FROM room_hour WHERE asset = ? AND time >= ? AND time < ? ORDER BY time",
            (asset, start, end),
        )
        return [RoomHour(*row) for row in rows]

    def derived_latest(self) -> DerivedByAsset:
        """See Store."""
        with self._translated():
            version = self.version()
            wanted = None if version != self._outlook_version else self._rederived
            if wanted is None or wanted:
                found: dict[str, dict[str, Point]] = {}
                for asset, metric, moment, value in derived.latest(self._connection, wanted):
                    found.setdefault(asset, {})[metric] = Point(moment, value, Quality.GOOD)
                before, gone = self._outlook, self._outlook.keys() if wanted is None else wanted
                others = {asset: it for asset, it in before.items() if asset not in gone}
                # what is as it was stays the same object
                now = {asset: before[asset] if before.get(asset) == it else it for asset, it in found.items()}
                self._outlook, self._outlook_version = {**others, **now}, version
                self._rederived.clear()
            return self._outlook

    def late(self) -> list[Late]:
        """See Store."""
        return [Late(*row) for row in self._all("SELECT asset, since, changed FROM late", ())]

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

    def tallies(self, since: int = 0) -> list[Tally]:
        """See Store."""
        rows = self._all(
            "SELECT reason, count(*), min(received), max(received) FROM quarantine WHERE received >= ? GROUP BY reason",
            (since,),
        )
        return [Tally(*row) for row in rows]

    def unassigned(self) -> list[Tally]:
        """See Store."""
        rows = self._all(
            "SELECT reason, count(*), min(received), max(received), topic FROM unassigned GROUP BY topic, reason", ()
        )
        return [Tally(*row) for row in rows]

    def newest_unassigned(self, topic: str, limit: int) -> list[Unassigned]:
        """See Store."""
        rows = self._all(
            "SELECT received, topic, reason, detail, payload, clock_set FROM unassigned WHERE topic = ? "
            "ORDER BY received DESC, id DESC LIMIT ?",
            (topic, limit),
        )
        return [Unassigned(*row) for row in rows]

    def waiting(self, topic: str, after: int, limit: int) -> list[tuple[int, Unassigned]]:
        """See Store."""
        rows = self._all(
            "SELECT id, received, topic, reason, detail, payload, clock_set FROM unassigned "
            "WHERE topic = ? AND id > ? ORDER BY id LIMIT ?",
            (topic, after, limit),
        )
        return [(number, Unassigned(*rest)) for number, *rest in rows]

    def available(self) -> bool:
        """Whether there is a store that answers."""
        try:
            self._all("SELECT 1 FROM series LIMIT 1", ())
        except TransientError:
            return False
        return True

    def version(self) -> int:
        """See Store."""
        return int(self._all("PRAGMA data_version", ())[0][0])

    def _all(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._translated():
            return self._connection.execute(sql, parameters).fetchall()


def typed(value: Value | None, datatype: int) -> Value | None:
    """SQLite has no booleans."""
    return bool(value) if datatype == DataType.BOOLEAN and value is not None else value


def connect(database: str, *, uri: bool) -> sqlite3.Connection:
    """Return a connection in autocommit mode; threads take turns by our lock."""
    try:
        return sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri)
    except sqlite3.Error as error:
        raise TransientError(f"{database}: the store cannot be opened: {error}") from error
