"""The statements of one commit, as SQLite and PostgreSQL both understand them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sukusuku_server.model.series import Moved, Quarantined, Row
from sukusuku_server.timeseries import FAULT_CODE
from sukusuku_server.timeseries.database import Transaction, typed, without_nul

QUARANTINE_PAYLOAD = 4096
"""Bytes kept of a quarantined message."""

_HOUR = ("series", "hour", "count", "sum", "low", "high", "last", "last_time")
_ROLL_UP = """
ON CONFLICT (series, hour) DO UPDATE SET
    count = hourly.count + excluded.count,
    sum = hourly.sum + excluded.sum,
    low = CASE WHEN excluded.low < hourly.low THEN excluded.low ELSE hourly.low END,
    high = CASE WHEN excluded.high > hourly.high THEN excluded.high ELSE hourly.high END,
    last = CASE WHEN excluded.last_time > hourly.last_time THEN excluded.last ELSE hourly.last END,
    last_time = CASE WHEN excluded.last_time > hourly.last_time THEN excluded.last_time ELSE hourly.last_time END
"""
_NEWEST = """
INSERT INTO latest (series, time, quality, received, {values}) SELECT series, time, quality, ?, {values} FROM reading
WHERE series = ? ORDER BY time DESC LIMIT 1
"""
_MOVED = "SELECT 1 FROM moved WHERE series = ? AND original = ?"
_KNOWN = f"{_MOVED} UNION ALL SELECT 1 FROM reading WHERE series = ? AND time = ?"


def rows(run: Transaction, where: str, parameters: Sequence[int]) -> list[Row]:
    """Return readings as they once came. Booleans are 0 and 1."""
    found = run.execute(f"SELECT time, series, quality, {', '.join(run.values)} FROM reading {where}", parameters)
    return [(time, series, typed(value), quality) for time, series, quality, *value in found]


def latest(run: Transaction, newest: Mapping[int, Row], received: int) -> None:
    """Note the newest rows by series."""
    columns = ("series", "time", "quality", "received", *run.values)
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    rows = [
        (series, time, quality, received, *run.stored(value)) for series, (time, _, value, quality) in newest.items()
    ]
    run.put("latest", columns, rows, f"ON CONFLICT (series) DO UPDATE SET {changes}")


def note(run: Transaction, values: Mapping[str, int]) -> None:
    """Keep numbers under their names."""
    sql = "INSERT INTO host VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    run.executemany(sql, values.items())


def signed(original: int) -> int:
    """Return a time of 64 bits as databases keep it."""
    return original - (1 << 64) if original >= 1 << 63 else original


def unmoved(run: Transaction, rows: Sequence[Row], until: Mapping[int, int]) -> Sequence[Row]:
    """Return the rows that are not known as moved ones.

    `until` is the latest original time of the moved rows of a series.
    """
    suspects = [row for row in rows if row[0] <= until.get(row[1], -1)]
    if not suspects:
        return rows
    known = {(row[0], row[1]) for row in suspects if run.execute(_MOVED, (row[1], row[0])).fetchall()}
    return [row for row in rows if (row[0], row[1]) not in known]


def insert_moved(run: Transaction, moved: Sequence[Moved]) -> list[Row]:
    """Insert those that were never stored, each at its place or the next free millisecond; tell which and where."""
    fresh: list[Row] = []
    free: dict[tuple[int, int], int] = {}
    for item in moved:
        place, series, value, quality = item.row
        original = signed(item.original)
        if run.execute(_KNOWN, (series, original, series, original)).fetchall():
            continue
        time = free.get((series, place), place)
        while not run.insert([(time, series, value, quality)]):
            time += 1
        free[series, place] = time + 1
        if time != original:
            run.execute("INSERT INTO moved VALUES (?, ?, ?, ?)", (series, original, time, item.quality))
        fresh.append((time, series, value, quality))
    return fresh


def newest_again(run: Transaction, series: Iterable[int], received: int) -> None:
    """Note which readings are the newest ones of series of which some have been deleted."""
    newest = _NEWEST.format(values=", ".join(run.values))
    for number in series:
        run.execute("DELETE FROM latest WHERE series = ?", (number,))
        run.execute(newest, (received, number))


def roll_up(run: Transaction, hours: Mapping[tuple[int, int], Sequence[Any]]) -> None:
    """Add what new rows amount to; see `rollups.Summary.hours`."""
    rows = [(*key, hour[0], *map(float, hour[1:-1]), hour[-1]) for key, hour in hours.items()]
    run.put("hourly", _HOUR, rows, _ROLL_UP)


def quarantine(run: Transaction, quarantined: Sequence[Quarantined], keep: int) -> None:
    """Add rows to the quarantine, which keeps the newest."""
    if not quarantined:
        return
    run.executemany(
        "INSERT INTO quarantine (received, topic, reason, detail, payload) VALUES (?, ?, ?, ?, ?)",
        [
            (item.received, item.topic, item.reason, without_nul(item.detail), item.payload[:QUARANTINE_PAYLOAD])
            for item in quarantined
        ],
    )
    run.execute("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (keep,))


def prune(run: Transaction, start: int, before: int, rows: int) -> tuple[int, int]:
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
