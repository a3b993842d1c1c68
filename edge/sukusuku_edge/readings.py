"""Readings that wait: the outbox's table `reading`. Runs inside the outbox's transactions."""

import sqlite3
from collections.abc import Sequence
from enum import IntEnum

from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType, Role
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.sparkplug import datatype_of

Row = tuple[int, Reading]
"""Row id (rising, never used twice) and reading."""


class Keep(IntEnum):
    """How long a reading stays when the outbox is full; the column `event`."""

    MEASURED = 0
    """May be thinned out."""
    EVENT = 1
    """Goes last: it says what cannot be said again."""
    RECORD = 2
    """Never goes."""


_EVENT_ROLES = {
    Role.STATE, Role.FAULT, Role.CONTACT, Role.PRESENCE, Role.CYCLE_COUNTER, Role.FLOW_COUNTER, Role.IDENTITY,
}  # fmt: skip
_EVENTS = frozenset(row.name for row in catalogue.METRICS if row.role in _EVENT_ROLES)


def insert(file: sqlite3.Connection, rows: Sequence[Row], keep: Keep | None = None) -> None:
    """Add rows at the end; without `keep`, each stays as long as its metric and quality say."""
    file.executemany(
        "INSERT INTO reading (id, asset, metric, time, value, type, quality, event) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row,
                reading.asset,
                reading.metric,
                reading.time,
                reading.value,
                None if reading.value is None else datatype_of(reading.value),
                reading.quality,
                _keep(reading) if keep is None else keep,
            )
            for row, reading in rows
        ],
    )


def peek(file: sqlite3.Connection, after: int, limit: int, until: int | None = None) -> list[Row]:
    """Return the first rows with an id above `after` and at most `until`."""
    rows = file.execute(
        "SELECT id, asset, metric, time, value, type, quality FROM reading WHERE id > ? AND id <= ? "
        "ORDER BY id LIMIT ?",
        (after, 2**63 - 1 if until is None else until, limit),
    )
    return [(row[0], _reading(*row[1:])) for row in rows]


def delete(file: sqlite3.Connection, ids: Sequence[int]) -> int:
    """Delete rows; return how many of them were there."""
    return file.executemany("DELETE FROM reading WHERE id = ?", [(row,) for row in ids]).rowcount


def count(file: sqlite3.Connection) -> int:
    """Count the rows, which reads the whole table."""
    rows: int = file.execute("SELECT count(*) FROM reading").fetchone()[0]
    return rows


def oldest(file: sqlite3.Connection) -> int | None:
    """Return the time (UTC ms) of the oldest row."""
    row = file.execute("SELECT time FROM reading ORDER BY id LIMIT 1").fetchone()
    return row[0] if row else None


def last_id(file: sqlite3.Connection) -> int:
    """Return the newest row id ever, also when that row is gone; 0 before the first."""
    row = file.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reading'").fetchone()
    return row[0] if row else 0


def _keep(reading: Reading) -> Keep:
    """Keep changes of a state and totals longest: nothing else says them again."""
    return Keep.EVENT if reading.metric in _EVENTS or reading.quality is Quality.STALE else Keep.MEASURED


def _reading(asset: str, metric: str, time: int, value: Value | None, kind: int | None, quality: int) -> Reading:
    if kind == DataType.BOOLEAN and value is not None:
        value = bool(value)
    return Reading(asset, metric, time, value, Quality(quality))
