"""The statements about histories that people have brought in, on a connection with an open transaction."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Any

from sukusuku_core.errors import PermanentError
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.imports import Imported, NewImport
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import packed_hours, rollups, sql_writes
from sukusuku_server.timeseries.database import Transaction
from sukusuku_server.timeseries.packed import Packed

_COLUMNS = "number, asset, metric, source, digest, time, first, last, readings, undone"
LISTED = f"SELECT {_COLUMNS} FROM import ORDER BY number"  # noqa: S608 - columns
"""Asks for all imports, also those that were taken back, oldest first."""
_NEW = """
INSERT INTO import (asset, metric, source, digest, time, first, last, readings) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
RETURNING number
"""


def add(run: Transaction, what: NewImport, rows: Sequence[Row], now: int) -> int:
    """Note an import and the keys of its readings, which the caller stores; return its number."""
    times = [row[0] for row in rows]
    made = run.execute(
        _NEW,
        (what.asset, what.metric, what.source, what.digest, now, min(times), max(times), len(rows)),
    )
    number = int(made.fetchall()[0][0])
    run.executemany("INSERT INTO imported VALUES (?, ?, ?)", [(number, row[1], row[0]) for row in rows])
    return number


def listed(rows: Iterable[tuple[Any, ...]]) -> list[Imported]:
    """Return what the rows that answer `LISTED` tell."""
    return [_read(*row) for row in rows]


def holding(run: Transaction, number: int) -> Imported:
    """Return an import that holds. Raises PermanentError for any other number."""
    found = run.execute(f"SELECT {_COLUMNS} FROM import WHERE number = ?", (number,)).fetchall()  # noqa: S608 - columns
    if not found:
        raise PermanentError(f"there is no import {number}; --list shows all")
    [what] = listed(found)
    if what.undone is not None:
        raise PermanentError(f"import {number} has been taken back already")
    return what


def _read(
    number: int,
    asset: str,
    metric: str,
    source: str,
    digest: str,
    *rest: Any,
) -> Imported:
    return Imported(number, NewImport(asset, metric, source, digest), *rest)


def take_back(
    run: Transaction, packed: Packed, what: Imported, now: int, pruned: int, numeric: Collection[int]
) -> Collection[int]:
    """Delete the readings of an import with what was rolled up of them; return the series that they were of.

    `pruned` is before what time (UTC ms) raw readings have been deleted: of such an hour that holds readings of others
    too nothing is left to compute it from, so it stays as it is.
    """
    keys = run.execute(
        "SELECT series, time FROM imported WHERE number = ? ORDER BY series, time", (what.number,)
    ).fetchall()
    packed.remove(run, [(time, series) for series, time in keys])
    for (series, hour), group in groupby(keys, key=lambda key: (key[0], key[1] // HOUR_MS)):
        packed_hours.unpack(run, series, hour)
        _sum_again(run, packed, series, hour, len(list(group)), pruned, numeric)
    touched = {series for series, _ in keys}
    packed.newest_again(run, touched, now)
    for series in touched:
        packed_hours.keep_newest(run, series)
    run.execute(
        "DELETE FROM room_hour WHERE asset = ? AND time >= ? AND time <= ?",
        (what.what.asset, what.first // HOUR_MS * HOUR_MS, what.last),
    )
    run.execute("DELETE FROM imported WHERE number = ?", (what.number,))
    run.execute("UPDATE import SET undone = ? WHERE number = ?", (now, what.number))
    return touched


def _sum_again(
    run: Transaction, packed: Packed, series: int, hour: int, gone: int, pruned: int, numeric: Collection[int]
) -> None:
    begin = hour * HOUR_MS
    if begin < pruned:
        run.execute("DELETE FROM hourly WHERE series = ? AND hour = ? AND count <= ?", (series, hour, gone))
        return
    left = packed.rows(run, series, begin, begin + HOUR_MS)
    run.execute("DELETE FROM hourly WHERE series = ? AND hour = ?", (series, hour))
    sql_writes.roll_up(run, rollups.summarise(left, numeric).hours)
