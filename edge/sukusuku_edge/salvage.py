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
from collections.abc import Callable
from pathlib import Path

from sukusuku_edge import database, readable
from sukusuku_edge.database import Table
from sukusuku_edge.readable import Rows

_log = logging.getLogger("sukusuku_edge.outbox")
_CODE = re.compile(r"error code=(\d+)")
_KEEP = 2
"""Damaged files that stay for somebody to look at."""
_TRIES = 3
_PAUSE = 0.5
"""Seconds. A page that cannot be read now may be readable then: it need not be the disk, it may be the way to it."""

Connect = Callable[[Path], sqlite3.Connection]


def damage(path: Path, connect: Connect = database.connect) -> str | None:
    """Return what is wrong with the file, None when it is sound."""
    for _ in range(_TRIES - 1):
        found, unreadable = _examine(path, connect)
        if not unreadable:
            return found
        time.sleep(_PAUSE)
    return _examine(path, connect)[0]


def _examine(path: Path, connect: Connect) -> tuple[str | None, bool]:
    """Return what is wrong, and whether it is that something cannot be read."""
    try:
        with contextlib.closing(connect(path)) as file:
            verdict = str(file.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if not readable.is_damage(error):
            raise
        return str(error), readable.is_unreadable(error)
    codes = {int(code) for code in _CODE.findall(verdict)}
    return (None if verdict == "ok" else verdict), bool(codes & readable.UNREADABLE)


def replace(path: Path, connect: Connect = database.connect) -> Path:
    """Put a file with what can be saved in the place of the damaged one; return where that one is now."""
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
    """Rename the file and return its new name. The file itself goes first: nobody must find it without its log."""
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
    """Return the damaged files of earlier times, the oldest first."""
    found = path.parent.glob(f"{path.stem}.corrupt-*")
    return sorted(
        (file for file in found if file.name.rpartition("-")[2].isdigit()),
        key=lambda file: int(file.name.rpartition("-")[2]),
    )


def _save(source: Path, target: sqlite3.Connection) -> None:
    """Copy what can still be read of every table; the last row ids first, so that an id never comes again."""
    with contextlib.closing(sqlite3.connect(source)) as file:
        for table in (database.LAST_IDS, *database.tables()):
            rows = Rows(file, table)
            saved = _save_table(rows, table, target)
            if rows.error is not None:
                _log.warning("%s: a part of table %s cannot be read: %s", source.name, table.name, rows.error)
            _log.warning("%s: %d rows of table %s saved", source.name, saved, table.name)


def _save_table(rows: Rows, table: Table, target: sqlite3.Connection) -> int:
    if not rows.columns:
        return 0
    names, marks = ", ".join(column.name for column in rows.columns), ", ".join("?" for _ in rows.columns)
    before = target.total_changes
    target.executemany(f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names of the schema
    return target.total_changes - before
