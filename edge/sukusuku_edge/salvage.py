"""A damaged outbox: found, put aside, and what can still be read of it saved."""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality

_log = logging.getLogger("sukusuku_edge.outbox")
_COLUMNS = {
    "session": "name, value",
    "counter": "asset, metric, origin, total, raw",
    "boot": "n, id, last",
    "held": "id, boot, uptime",
    "reading": "id, asset, metric, time, value, type, quality, event",
}


def damage(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> str | None:
    """What is wrong with the file, None when it is sound."""
    try:
        with contextlib.closing(connect(path)) as file:
            verdict = str(file.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # locked, read-only or disk full: not a damage of the file
        return str(error)
    return None if verdict == "ok" else verdict


def set_aside(path: Path) -> Path:
    """Rename the file; the new name."""
    n = 1
    while (aside := path.with_name(f"{path.stem}.corrupt-{n}")).exists():
        n += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def save(source: Path, target: sqlite3.Connection) -> None:
    """Copy the rows of a damaged file that can still be read."""
    for table, names in _COLUMNS.items():
        marks = ", ".join("?" * len(names.split(",")))
        saved = 0
        try:
            with contextlib.closing(sqlite3.connect(source)) as file:
                for row in file.execute(f"SELECT {names} FROM {table}"):  # noqa: S608 - literals above
                    if _whole(table, row):
                        target.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608 - literals above
                        saved += 1
        except sqlite3.Error as error:
            _log.warning("%s: the rest of table %s cannot be read: %s", source.name, table, error)
        _log.warning("%s: %d rows of table %s saved", source.name, saved, table)


def _whole(table: str, row: Sequence[Any]) -> bool:
    """Whether a row is what was once written: a damaged page can turn texts and numbers into anything."""
    if table == "session":
        return isinstance(row[0], str) and isinstance(row[1], int)
    if table == "boot":
        return isinstance(row[0], int) and isinstance(row[1], str) and isinstance(row[2], int | None)
    if table == "held":
        return all(isinstance(item, int) for item in row)
    if table == "counter":
        return all(isinstance(item, str) for item in row[:3]) and all(isinstance(item, int) for item in row[3:])
    row_id, asset, metric, time, value, kind, quality, event = row
    return (
        all(isinstance(item, int) for item in (row_id, time, event))
        and all(isinstance(item, str) for item in (asset, metric))
        and (value is None or isinstance(value, int | float | str))
        and (kind is None or kind in set(DataType))
        and quality in set(Quality)
    )
