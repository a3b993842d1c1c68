"""The questions to a store in a database, as SQLite and PostgreSQL both understand them."""

import json
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import TransientError
from sukusuku_core.model import QUALITIES, Quality, Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, day_number, midnight
from sukusuku_server.model.series import (
    Bucket,
    DerivedByAsset,
    Late,
    Point,
    Quarantined,
    RoomHour,
    Row,
    Tally,
    Unassigned,
)
from sukusuku_server.timeseries import PRUNED, derived, packed, packed_hours, resolutions
from sukusuku_server.timeseries.database import Database, typed
from sukusuku_server.timeseries.resolutions import FIVE_MINUTES_MS

_ALL = 1 << 62


class SqlReader:
    """Answers from one connection, and long questions about the past from another one where there is one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._past: Database = database
        self._rederived: set[str] = set()  # assets of which this connection has written derived points since
        self._outlook: DerivedByAsset = {}
        self._outlook_version = -1

    @property
    def name(self) -> str:
        """Return where the store is, for messages."""
        return self._database.name

    def close(self) -> None:
        """Give back files and connections."""
        with self._past.turn(), self._database.turn():
            self._past.close()
            self._database.close()

    def noted(self, key: str) -> int | None:
        """See Store."""
        found = self._all("SELECT value FROM host WHERE key = ?", (key,))
        return int(found[0][0]) if found else None

    def noted_under(self, prefix: str) -> dict[str, int]:
        """See Store."""
        return dict(self._all("SELECT key, value FROM host WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)))

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """See Store."""
        ask = self._past.ask
        with self._past.snapshot():
            found = ask("SELECT id, datatype FROM series WHERE asset = ? AND metric = ?", (asset, metric))
            if not found:
                return []
            [(series, datatype)] = found
            loose = self._rows("WHERE series = ? AND time >= ? AND time < ?", (series, start, end), limit)
            chunks = list(packed.of_series(ask, asset, series, start, end, limit))
        rows = packed.merged(loose, chunks)[:limit] if chunks else loose
        if datatype == DataType.BOOLEAN:
            return [Point(time, typed((value,), datatype), QUALITIES[number]) for time, _, value, number in rows]
        return [Point(time, value, QUALITIES[number]) for time, _, value, number in rows]

    def scan(self, assets: Collection[str], start: int, end: int) -> list[Reading]:
        """See Store."""
        ask, each, wanted = self._past.ask, self._past.each, json.dumps(list(assets))
        with self._past.snapshot():
            chunks = packed.of_assets(ask, each, assets, start, end)
            names = {
                number: (asset, metric, datatype == DataType.BOOLEAN)
                for number, asset, metric, datatype in ask(
                    f"SELECT id, asset, metric, datatype FROM series WHERE asset IN ({each})", (wanted,)
                )
            }
            rows = self._rows(
                f"WHERE time >= ? AND time < ? AND series IN (SELECT id FROM series WHERE asset IN ({each}))",
                (start, end, wanted),
            )
        found = []
        for time, series, value, quality in packed.merged(rows, chunks) if chunks else rows:
            asset, metric, boolean = names[series]
            told = bool(value) if boolean and value is not None else value
            found.append(Reading(asset, metric, time, told, QUALITIES[quality]))
        return found

    def first(self) -> int | None:
        """See Store."""
        since = self.noted(PRUNED) or 0
        loose = self._all("SELECT min(time) FROM reading WHERE time >= ?", (since,))[0][0]
        return min((int(it) for it in (loose, packed.first(self._database.ask, since)) if it is not None), default=None)

    def _rows(self, where: str, parameters: tuple[Any, ...], limit: int = _ALL) -> list[Row]:
        """Return readings that are not in chunks, in order. Booleans are 0 and 1."""
        found = self._past.ask(
            f"SELECT time, series, quality, {self._values()} FROM reading {where} ORDER BY time, series LIMIT ?",
            (*parameters, limit),
        )
        if len(self._past.values) == 1:
            return [(time, series, value, quality) for time, series, quality, value in found]
        return [(time, series, typed(value), quality) for time, series, quality, *value in found]

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """See Store."""
        rows = self._past.ask(
            "SELECT time, value FROM derived JOIN derived_series ON derived_series.id = derived.series "
            "WHERE asset = ? AND metric = ? AND time >= ? AND time < ? ORDER BY time",
            (asset, metric, start, end),
        )
        return [Point(moment, value, Quality.GOOD) for moment, value in rows]

    def derived_metrics(self, asset: str) -> list[str]:
        """See Store."""
        return [row[0] for row in self._past.ask("SELECT metric FROM derived_series WHERE asset = ?", (asset,))]

    def first_derived(self, metric: str) -> Mapping[str, int]:
        """See Store."""
        rows = self._past.ask(
            "SELECT asset, (SELECT min(time) FROM derived WHERE series = id) FROM derived_series WHERE metric = ?",
            (metric,),
        )
        return {asset: time for asset, time in rows if time is not None}

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """See Store."""
        rows = self._past.ask(
            "SELECT part, time, sums FROM room_hour WHERE asset = ? AND time >= ? AND time < ? ORDER BY time",
            (asset, start, end),
        )
        return [RoomHour(*row) for row in rows]

    def derived_latest(self) -> DerivedByAsset:
        """See Store."""
        with self._database.turn():
            version = self.version()
            wanted = None if version != self._outlook_version else self._rederived
            if wanted is None or wanted:
                found: dict[str, dict[str, Point]] = {}
                for asset, metric, moment, value in self._newest_derived(wanted):
                    found.setdefault(asset, {})[metric] = Point(moment, value, Quality.GOOD)
                before, gone = self._outlook, self._outlook.keys() if wanted is None else wanted
                others = {asset: it for asset, it in before.items() if asset not in gone}
                # what is as it was stays the same object
                now = {asset: before[asset] if before.get(asset) == it else it for asset, it in found.items()}
                self._outlook, self._outlook_version = {**others, **now}, version
                self._rederived.clear()
            return self._outlook

    def _newest_derived(self, assets: Collection[str] | None) -> list[tuple[Any, ...]]:
        """Return the newest points of all derived series, or of those of some assets."""
        if assets is None:
            return self._all(derived.LATEST)
        return self._all(f"{derived.LATEST} AND asset IN ({self._database.each})", (json.dumps(list(assets)),))

    def late(self) -> list[Late]:
        """See Store."""
        return [Late(*row) for row in self._all("SELECT asset, since, changed FROM late")]

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        with self._past.snapshot():
            found = self._past.ask("SELECT id FROM series WHERE asset = ? AND metric = ?", (asset, metric))
            first, last = -(-start // HOUR_MS), -(-end // HOUR_MS)
            return [hour for (number,) in found for hour in packed_hours.told(self._past.ask, number, first, last)]

    def five_minutes(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        first, last = (resolutions.next_begin(time, FIVE_MINUTES_MS) for time in (start, end))
        edges = [first, *(midnight(day) for day in range(day_number(first) + 1, day_number(last) + 1)), last]
        return [  # day by day, as a month of readings takes much memory
            bucket
            for begin, until in pairwise(edges)
            for bucket in resolutions.of_points(self.raw(asset, metric, begin, until, _ALL), FIVE_MINUTES_MS)
        ]

    def daily(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        first, last = (resolutions.next_begin(time, DAY_MS) for time in (start, end))
        return resolutions.of_hours(self.hourly(asset, metric, first, last))

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
            self._all("SELECT 1 FROM series LIMIT 1")
        except TransientError:
            return False
        return True

    def version(self) -> int:
        """See Store."""
        return self._database.version()

    def _all(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self._database.ask(sql, parameters)

    def _values(self) -> str:
        return ", ".join(self._database.values)
