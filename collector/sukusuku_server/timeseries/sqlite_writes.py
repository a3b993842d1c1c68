"""The statements of one commit, on a connection with an open transaction. `sqlite.py` owns both."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sukusuku_server.model.series import Moved, Quarantined, Row
from sukusuku_server.timeseries import FAULT_CODE

QUARANTINE_PAYLOAD = 4096
"""Bytes kept of a quarantined message."""
CHUNK = 64
"""Rows of one INSERT: half the time of one row each, as the interpreter is entered less often."""

_INSERT = "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)"
_INSERT_CHUNK = _INSERT + ", (?, ?, ?, ?)" * (CHUNK - 1)
_ROLL_UP = """
INSERT INTO hourly VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series, hour) DO UPDATE SET
    count = count + excluded.count,
    sum = sum + excluded.sum,
    low = min(low, excluded.low),
    high = max(high, excluded.high),
    last = CASE WHEN excluded.last_time > last_time THEN excluded.last ELSE last END,
    last_time = max(last_time, excluded.last_time)
"""
_NEWEST = """
INSERT OR REPLACE INTO latest SELECT series, time, value, quality, ? FROM reading
WHERE series = ? ORDER BY time DESC LIMIT 1
"""
_MOVED = "SELECT 1 FROM moved WHERE series = ? AND original = ?"
_KNOWN = """
SELECT 1 FROM moved WHERE series = ?1 AND original = ?2 UNION ALL SELECT 1 FROM reading WHERE series = ?1 AND time = ?2
"""


def insert(run: sqlite3.Connection, rows: Sequence[Row]) -> Sequence[Row]:
    """Insert what is new, and tell which rows that were. Duplicates are rare, so all are first tried at once."""
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


def signed(original: int) -> int:
    """Return a time of 64 bits as SQLite keeps it."""
    return original - (1 << 64) if original >= 1 << 63 else original


def unmoved(run: sqlite3.Connection, rows: Sequence[Row], until: Mapping[int, int]) -> Sequence[Row]:
    """Return the rows that are not known as moved ones.

    `until` is the latest original time of the moved rows of a series.
    """
    suspects = [row for row in rows if row[0] <= until.get(row[1], -1)]
    if not suspects:
        return rows
    known = {(row[0], row[1]) for row in suspects if run.execute(_MOVED, (row[1], row[0])).fetchone()}
    return [row for row in rows if (row[0], row[1]) not in known]


def insert_moved(run: sqlite3.Connection, moved: Sequence[Moved]) -> list[Row]:
    """Insert those that were never stored, each at its place or the next free millisecond; tell which and where."""
    fresh: list[Row] = []
    free: dict[tuple[int, int], int] = {}
    for item in moved:
        place, series, value, quality = item.row
        original = signed(item.original)
        if run.execute(_KNOWN, (series, original)).fetchone():
            continue
        time = free.get((series, place), place)
        while run.execute(_INSERT, (time, series, value, quality)).rowcount == 0:
            time += 1
        free[series, place] = time + 1
        if time != original:
            run.execute("INSERT INTO moved VALUES (?, ?, ?, ?)", (series, original, time, item.quality))
        fresh.append((time, series, value, quality))
    return fresh


def newest_again(run: sqlite3.Connection, series: Iterable[int], received: int) -> None:
    """Note which readings are the newest ones of series of which some have been deleted."""
    for number in series:
        run.execute("DELETE FROM latest WHERE series = ?", (number,))
        run.execute(_NEWEST, (received, number))


def roll_up(run: sqlite3.Connection, hours: Mapping[tuple[int, int], Sequence[Any]]) -> None:
    """Add what new rows amount to; see `rollup.Summary.hours`."""
    run.executemany(_ROLL_UP, [(*key, hour[0], float(hour[1]), *hour[2:]) for key, hour in hours.items()])


def quarantine(run: sqlite3.Connection, quarantined: Sequence[Quarantined], keep: int) -> None:
    """Add rows to the quarantine, which keeps the newest."""
    if not quarantined:
        return
    run.executemany(
        "INSERT INTO quarantine (received, topic, reason, detail, payload) VALUES (?, ?, ?, ?, ?)",
        [
            (item.received, item.topic, item.reason, item.detail, item.payload[:QUARANTINE_PAYLOAD])
            for item in quarantined
        ],
    )
    run.execute("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (keep,))


def prune(run: sqlite3.Connection, start: int, before: int, rows: int) -> tuple[int, int]:
    """Delete the oldest readings of start <= time < before, about `rows` of them; tells where to go on, how many went.

    All of one millisecond go together. Fault codes stay.
    """
    found = run.execute(
        "SELECT time FROM reading WHERE time >= ? AND time < ? ORDER BY time LIMIT 1 OFFSET ?",
        (start, before, rows - 1),
    ).fetchone()
    mark = max(start, before) if found is None else int(found[0]) + 1
    gone = run.execute(
        "DELETE FROM reading WHERE time >= ? AND time < ? AND series NOT IN (SELECT id FROM series WHERE metric = ?)",
        (start, mark, FAULT_CODE),
    ).rowcount
    if found is None:
        run.execute("DELETE FROM moved WHERE time >= ? AND time < ?", (start, mark))
    return mark, gone
