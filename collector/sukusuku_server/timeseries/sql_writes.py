"""The statements of one commit, as SQLite and PostgreSQL both understand them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sukusuku_server.model.series import Quarantined, Row
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
