"""What of this store is still to be shipped to another one.

Shipping goes through time: `claimed` is a time (UTC ms) before which everything that was stored is shipped from the
table of readings. What is stored later with a time before `claimed` is listed by its key, in the same transaction, so
that nothing is missed whatever the order of things. Where nothing was ever claimed, nothing is listed.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from msgspec.structs import astuple

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, day_number, midnight
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import migrations, packed, packed_hours
from sukusuku_server.timeseries.database import Transaction
from sukusuku_server.timeseries.packed import Packed
from sukusuku_server.timeseries.sql_reader import SqlReader
from sukusuku_server.timeseries.sqlite_database import connect_read_only

CLAIMED = "ship/claimed"
UNTIL = "ship/until"
"""Readings from `ORIGIN` to this time (UTC ms) are shipped."""
ORIGIN = "ship/origin"
HISTORY = "ship/history"
"""Readings before this time are shipped, as far as they lie before `ORIGIN`."""
MARK = "ship/mark"
"""What was last written into the other store to recognise that it has not forgotten anything."""
SPOOL = "ship/spool"
"""The number by which the other store knows this one."""
_ALL = 1 << 62

_VANISHING = """
SELECT metric, time FROM derived JOIN derived_series ON derived_series.id = derived.series
WHERE asset = ? AND time > ? AND time <= ?
"""
_CHANGED = """
INSERT INTO outgoing_derived VALUES (?, ?, ?, ?, 1) ON CONFLICT (asset) DO UPDATE SET
    begin = min(begin, excluded.begin),
    until = max(until, excluded.until),
    gone = max(gone, excluded.gone),
    changed = changed + 1
"""


@dataclass(frozen=True, slots=True)
class Series:
    """A series of readings by its number."""

    number: int
    asset: str
    metric: str
    datatype: DataType


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of a series as it is accumulated. `hour` is UTC ms / 3 600 000, `last_time` is UTC ms."""

    series: int
    hour: int
    count: int
    sum: float
    low: float
    high: float
    last: float
    last_time: int


@dataclass(frozen=True, slots=True)
class Changed:
    """An asset of which derived points in begin < time <= until are new; `gone`: some are there no more."""

    asset: str
    begin: int
    until: int
    gone: bool
    changed: int


def list_late(run: Transaction, rows: Sequence[Row], claimed: int) -> None:
    """Within a commit: list what came after its time had been claimed."""
    if claimed:
        keys = [(row[0], row[1]) for row in rows if row[0] < claimed]
        if keys:
            run.executemany("INSERT OR IGNORE INTO outgoing VALUES (?, ?)", keys)


def list_derived(run: Transaction, asset: str, after: int, until: int, points: Sequence[Reading], claimed: int) -> None:
    """Before derived points are replaced: note the stretch, and whether points vanish."""
    if claimed:
        new = {(point.metric, point.time) for point in points}
        gone = any(key not in new for key in run.execute(_VANISHING, (asset, after, until)))
        run.execute(_CHANGED, (asset, after, until, gone))


@dataclass(frozen=True, slots=True)
class Gone:
    """A series (by its number) whose readings of begin <= time <= until must be forgotten; UTC ms."""

    series: int
    begin: int
    until: int


def list_gone(run: Transaction, known: Packed, series: int, begin: int, until: int, claimed: int) -> None:
    """Within a transaction that deletes readings: list the stretch, and what is left of its days to be told again."""
    if claimed:
        first, last = (midnight(day_number(time) + days) for time, days in ((begin, 0), (until, 1)))
        run.execute("INSERT OR REPLACE INTO outgoing_gone VALUES (?, ?, ?)", (series, begin, until))
        list_late(run, known.rows(run, series, first, min(last, claimed)), claimed)


class Outgoing(SqlReader):
    """A connection of its own that reads what is to be shipped while the collector writes."""

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Raise TransientError when there is no store (or an older one), PermanentError when it is a newer one."""
        return cls(migrations.checked(connect_read_only(Path(path))))

    def series(self) -> list[Series]:
        """Every series of readings."""
        rows = self._all("SELECT id, asset, metric, datatype FROM series", ())
        return [Series(number, asset, metric, DataType(datatype)) for number, asset, metric, datatype in rows]

    def rows(self, start: int, end: int, limit: int = _ALL) -> list[Row]:
        """Return readings of all series with start <= time < end, in order of time. Booleans are 0 and 1."""
        with self._database.snapshot():
            loose: list[Row] = self._all(
                "SELECT time, series, value, quality FROM reading WHERE time >= ? AND time < ? ORDER BY time LIMIT ?",
                (start, end, limit),
            )
            found = list(packed.first_of_all(self._database.ask, start, end, limit))
        return packed.merged(loose, found)[:limit] if found else loose

    def rows_of(self, series: Collection[int], start: int, end: int) -> list[Row]:
        """Return readings of these series with start <= time < end, in order of time."""
        wanted = json.dumps(list(series))
        with self._database.snapshot():
            loose: list[Row] = self._all(
                "SELECT time, series, value, quality FROM reading WHERE time >= ? AND time < ? "
                "AND series IN (SELECT value FROM json_each(?)) ORDER BY time",
                (start, end, wanted),
            )
            assets = self._all(
                "SELECT DISTINCT asset FROM series WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
            )
            found = packed.of_assets(self._database.ask, self._database.each, [it for (it,) in assets], start, end)
        return packed.merged(loose, [row for row in found if row[1] in series])

    def listed(self, limit: int) -> tuple[list[tuple[int, int]], list[Row]]:
        """Return the first keys that are listed, and the readings that they name, as far as they are still there."""
        with self._database.snapshot():  # of one moment: a key without its reading is taken for gone
            keys: list[tuple[int, int]] = self._all(
                "SELECT time, series FROM outgoing ORDER BY time, series LIMIT ?", (limit,)
            )
            loose: list[Row] = self._all(
                "SELECT time, series, value, quality FROM reading WHERE (time, series) IN "
                "(SELECT time, series FROM outgoing ORDER BY time, series LIMIT ?)",
                (limit,),
            )
            found = packed.of_keys(self._database.ask, keys)
        return keys, packed.merged(loose, found)

    def hours(self, series: Collection[int], start: int, end: int) -> list[Hour]:
        """Hours of these series with start <= hour < end."""
        with self._database.snapshot():
            found = packed_hours.of_series(self._database.ask, self._database.each, series, start, end)
        return [Hour(number, *astuple(hour)) for number, hour in found]

    def changed(self) -> list[Changed]:
        """Assets with derived points that are to be shipped."""
        rows = self._all("SELECT asset, begin, until, gone, changed FROM outgoing_derived ORDER BY asset", ())
        return [Changed(asset, begin, until, bool(gone), changed) for asset, begin, until, gone, changed in rows]

    def points(self, asset: str, after: int, until: int, limit: int) -> list[tuple[int, str, float]]:
        """Time, metric and value of derived points of an asset in after < time <= until, in order of time."""
        return self._all(
            "SELECT time, metric, value FROM derived JOIN derived_series ON derived_series.id = derived.series "
            "WHERE asset = ? AND time > ? AND time <= ? ORDER BY time LIMIT ?",
            (asset, after, until, limit),
        )

    def days(self, start: int, end: int) -> dict[int, int]:
        """How many readings there are on each day in Japan, by the beginning (UTC ms) of the day."""
        loose = dict(
            self._all(
                "SELECT (time + 32400000) / 86400000 AS day, count(*) FROM reading "
                "WHERE time >= ? AND time < ? GROUP BY day",
                (start, end),
            )
        )
        chunks = packed.counts(self._database.ask, start, end)
        counts = loose | chunks
        for day in chunks:
            begin, after = max(start, midnight(day)), min(end, midnight(day + 1))
            if day in loose or after - begin < DAY_MS:  # some may be in both, or some chunk too long
                counts[day] = len(self.rows(begin, after))
        return {midnight(day): counts[day] for day in sorted(counts) if counts[day]}

    def gone(self) -> list[Gone]:
        """Return stretches that are to be forgotten."""
        return [
            Gone(*row) for row in self._all("SELECT series, begin, until FROM outgoing_gone ORDER BY series, begin", ())
        ]

    def length(self) -> int:
        """How many readings are listed."""
        return int(self._all("SELECT count(*) FROM outgoing", ())[0][0])
