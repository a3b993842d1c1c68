"""A damaged outbox: found, put aside, and what can still be read of it saved.

The new file is made beside the damaged one and takes its place when everything saved is on the disk. Whenever the power
fails or the disk refuses before that, nothing has changed, and the next start does it again.
"""

import contextlib
import logging
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality
from sukusuku_edge import database

_log = logging.getLogger("sukusuku_edge.outbox")
_COLUMNS = {
    "session": "name, value",
    "counter": "asset, metric, origin, total, raw",
    "boot": "n, id, last",
    "held": "id, boot, uptime",
    "reading": "id, asset, metric, time, value, type, quality, event",
}
_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
_CODE = re.compile(r"error code=(\d+)")
_KEEP = 2
"""Damaged files that stay for somebody to look at."""
_TRIES = 3
_PAUSE = 0.5
"""Seconds. A page that cannot be read now may be readable then: it need not be the disk, it may be the way to it."""

Connect = Callable[[Path], sqlite3.Connection]


def damage(path: Path, connect: Connect = database.connect) -> str | None:
    """What is wrong with the file, None when it is sound."""
    for _ in range(_TRIES - 1):
        found, unreadable = _examine(path, connect)
        if not unreadable:
            return found
        time.sleep(_PAUSE)
    return _examine(path, connect)[0]


def _examine(path: Path, connect: Connect) -> tuple[str | None, bool]:
    """What is wrong, and whether it is that something cannot be read."""
    try:
        with contextlib.closing(connect(path)) as file:
            verdict = str(file.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if (code := getattr(error, "sqlite_errorcode", 0)) not in _UNREADABLE and isinstance(
            error, sqlite3.OperationalError
        ):
            raise  # locked, read-only or disk full: not a damage of the file
        return str(error), code in _UNREADABLE
    codes = {int(code) for code in _CODE.findall(verdict)}
    return (None if verdict == "ok" else verdict), bool(codes & _UNREADABLE)


def replace(path: Path, connect: Connect = database.connect) -> Path:
    """Put a file with what can be saved in the place of the damaged one; where that one is now."""
    new = _new(path)
    _remove(new)
    try:
        with contextlib.closing(connect(new)) as file:
            with database.transaction(file):
                _save(path, file)
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if new.with_name(new.name + "-wal").exists():
            raise OSError(f"{new} cannot be written as one file")  # noqa: TRY301 - cleaned up as any other failure
    except BaseException:
        _remove(new)
        raise
    aside = _set_aside(path)
    finish(path)
    return aside


def finish(path: Path) -> None:
    """Go on with a replacement that the power cut short after the damaged file was put aside."""
    new = _new(path)
    if path.exists() or not new.exists():
        return
    for suffix in ("-wal", "-shm"):  # of the damaged file
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _new(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _remove(path: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _set_aside(path: Path) -> Path:
    """Rename the file; the new name. The file itself goes first: nobody must find it without its log."""
    before = _asides(path)
    number = int(before[-1].name.rpartition("-")[2]) + 1 if before else 1
    aside = path.with_name(f"{path.stem}.corrupt-{number}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    for old in before[: 1 - _KEEP]:
        _remove(old)
    return aside


def _asides(path: Path) -> list[Path]:
    """The damaged files of earlier times, the oldest first."""
    found = path.parent.glob(f"{path.stem}.corrupt-*")
    return sorted(
        (file for file in found if file.name.rpartition("-")[2].isdigit()),
        key=lambda file: int(file.name.rpartition("-")[2]),
    )


def _save(source: Path, target: sqlite3.Connection) -> None:
    """Copy the rows that can still be read: from the begin, and where that is stopped by damage, from the end."""
    for table, names in _COLUMNS.items():
        insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(names.split(',')))})"  # noqa: S608 - literals above
        before = target.total_changes
        for order in ("ASC", "DESC"):
            rows = _Rows(source, f"SELECT {names} FROM {table} ORDER BY {names.partition(',')[0]} {order}")  # noqa: S608 - literals above
            target.executemany(insert, (row for row in rows if _whole(table, row)))
            if rows.error is None:
                break
            _log.warning("%s: a part of table %s cannot be read: %s", source.name, table, rows.error)
        _log.warning("%s: %d rows of table %s saved", source.name, target.total_changes - before, table)


class _Rows:
    """The rows of a query as far as they can be read; `error` is what ended them early."""

    def __init__(self, source: Path, query: str) -> None:
        self._source = source
        self._query = query
        self.error: sqlite3.Error | None = None

    def __iter__(self) -> Iterator[Sequence[Any]]:
        try:
            with contextlib.closing(sqlite3.connect(self._source)) as file:
                yield from file.execute(self._query)
        except sqlite3.Error as error:
            self.error = error


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
