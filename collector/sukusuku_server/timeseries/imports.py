"""The statements about histories that people have brought in, on a connection with an open transaction."""

import sqlite3
from collections.abc import Collection, Sequence
from itertools import groupby

from sukusuku_core.errors import PermanentError
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.imports import Imported, NewImport
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import rollups, sqlite_writes

_COLUMNS = "number, asset, metric, source, digest, time, first, last, readings, undone"
_NEW = """
INSERT INTO import (asset, metric, source, digest, time, first, last, readings) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


def add(run: sqlite3.Connection, what: NewImport, rows: Sequence[Row], now: int) -> int:
    """Note an import and the keys of its readings, which the caller stores; return its number."""
    times = [row[0] for row in rows]
    cursor = run.execute(
        _NEW,
        (what.asset, what.metric, what.source, what.digest, now, min(times), max(times), len(rows)),
    )
    number = int(cursor.lastrowid or 0)
    run.executemany("INSERT INTO imported VALUES (?, ?, ?)", [(number, row[1], row[0]) for row in rows])
    return number


def listed(run: sqlite3.Connection) -> list[Imported]:
    """Return all imports, also those that were taken back, oldest first."""
    return [_read(row) for row in run.execute(f"SELECT {_COLUMNS} FROM import ORDER BY number")]  # noqa: S608 - columns


def holding(run: sqlite3.Connection, number: int) -> Imported:
    """Return an import that holds. Raises PermanentError for any other number."""
    found = run.execute(f"SELECT {_COLUMNS} FROM import WHERE number = ?", (number,)).fetchone()  # noqa: S608 - columns
    if found is None:
        raise PermanentError(f"there is no import {number}; --list shows all")
    what = _read(found)
    if what.undone is not None:
        raise PermanentError(f"import {number} has been taken back already")
    return what


def _read(row: tuple[int, str, str, str, str, int, int, int, int, int | None]) -> Imported:
    number, asset, metric, source, digest, time, first, last, readings, undone = row
    return Imported(number, NewImport(asset, metric, source, digest), time, first, last, readings, undone)


def take_back(
    run: sqlite3.Connection, what: Imported, now: int, pruned: int, numeric: Collection[int]
) -> Collection[int]:
    """Delete the readings of an import with what was rolled up of them; return the series that they were of.

    `pruned` is before what time (UTC ms) raw readings have been deleted: of such an hour that holds readings of others
    too nothing is left to compute it from, so it stays as it is.
    """
    keys = run.execute(
        "SELECT series, time FROM imported WHERE number = ? ORDER BY series, time", (what.number,)
    ).fetchall()
    run.executemany("DELETE FROM reading WHERE series = ? AND time = ?", keys)
    for (series, hour), group in groupby(keys, key=lambda key: (key[0], key[1] // HOUR_MS)):
        _sum_again(run, series, hour, len(list(group)), pruned, numeric)
    touched = {series for series, _ in keys}
    sqlite_writes.newest_again(run, touched, now)
    run.execute(
        "DELETE FROM room_hour WHERE asset = ? AND time >= ? AND time <= ?",
        (what.what.asset, what.first // HOUR_MS * HOUR_MS, what.last),
    )
    run.execute("DELETE FROM imported WHERE number = ?", (what.number,))
    run.execute("UPDATE import SET undone = ? WHERE number = ?", (now, what.number))
    return touched


def _sum_again(
    run: sqlite3.Connection, series: int, hour: int, gone: int, pruned: int, numeric: Collection[int]
) -> None:
    begin = hour * HOUR_MS
    if begin < pruned:
        run.execute("DELETE FROM hourly WHERE series = ? AND hour = ? AND count <= ?", (series, hour, gone))
        return
    left: list[Row] = run.execute(
        "SELECT time, series, value, quality FROM reading WHERE series = ? AND time >= ? AND time < ?",
        (series, begin, begin + HOUR_MS),
    ).fetchall()
    run.execute("DELETE FROM hourly WHERE series = ? AND hour = ?", (series, hour))
    sqlite_writes.roll_up(run, rollups.summarise(left, numeric).hours)
