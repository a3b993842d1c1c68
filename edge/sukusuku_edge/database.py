"""The outbox's database: its tables, how a file comes to have them, and one transaction on it.

The schema below is the only list of columns. Code that needs such a list, as `salvage` does, asks `tables`.
"""

import contextlib
import functools
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError
from sukusuku_core.model import Quality

FORMAT = 1
"""Of the file (`PRAGMA user_version`; 0: of before there was one). Raise it only for what earlier versions cannot read:
the package of an earlier version refuses to be installed then, and an update has no way back."""
LOG_PAGES = 1000
"""Pages of the log (WAL, 4 MB) before they are copied to where they belong. Most are overwritten several times until
then, and a page that is written in place costs a card a whole erase block."""
_SCHEMA = """
-- Readings that wait for the collector. `event` is a readings.Keep; `type` is NULL where `value` is.
CREATE TABLE IF NOT EXISTS reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL, metric TEXT NOT NULL, time INTEGER NOT NULL, value, type INTEGER, quality INTEGER NOT NULL,
    event INTEGER NOT NULL
);
-- Totals. `raw` and `lower` are NULL for a device that reports what it counted in a period; `seen` is JSON.
CREATE TABLE IF NOT EXISTS counter (
    asset TEXT NOT NULL, metric TEXT NOT NULL, origin TEXT NOT NULL, total INTEGER NOT NULL, raw INTEGER,
    lower INTEGER, seen TEXT,
    PRIMARY KEY (asset, metric)
) WITHOUT ROWID;
-- Numbers that outlast a run; see session_numbers.Number.
CREATE TABLE IF NOT EXISTS session (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
-- Boots of the computer, counted, with the time of the last commit of each.
CREATE TABLE IF NOT EXISTS boot (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, last INTEGER);
-- Readings whose times are not final: `id` is that of the reading, `boot` the number of its boot.
CREATE TABLE IF NOT EXISTS held (id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, uptime INTEGER NOT NULL);
"""
_TYPES: Mapping[str, type | tuple[type, ...]] = {"INTEGER": int, "TEXT": str, "": (int, float, str)}
"""What SQLite returns for a column, by its declared type; without one, it holds any value of a reading."""
_CODES: Mapping[str, frozenset[int]] = {"type": frozenset(DataType), "quality": frozenset(Quality)}
"""Columns that hold a number of an enumeration. No CHECK in the schema: files would refuse numbers that come later."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as declared; `type` is "" where any value may stand."""

    name: str
    type: str
    nullable: bool

    def accepts(self, value: object) -> bool:
        """Tell whether an outbox writes such a value here."""
        if value is None:
            return self.nullable
        return isinstance(value, _TYPES[self.type]) and (self.name not in _CODES or value in _CODES[self.name])


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `key` names the columns that order it: `rowid`, a whole number from 1 on, unless it has none."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def numbered(self) -> bool:
        """Whether rows have row ids."""
        return self.key == ("rowid",)


LAST_IDS = Table(
    "sqlite_sequence", (Column("name", "TEXT", nullable=False), Column("seq", "INTEGER", nullable=False)), ("rowid",)
)
"""SQLite's own table of the highest row id that each AUTOINCREMENT table ever had."""


@functools.cache
def tables() -> tuple[Table, ...]:
    """Return all tables of an outbox as SQLite understands the schema."""
    with contextlib.closing(sqlite3.connect(":memory:")) as file:
        file.executescript(_SCHEMA)
        listed = file.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main'").fetchall()
        return tuple(
            _table(file, name, numbered=not without_row_id)
            for name, without_row_id in sorted(listed)
            if not name.startswith("sqlite_")
        )


def _table(file: sqlite3.Connection, name: str, *, numbered: bool) -> Table:
    rows = file.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid', (name,)).fetchall()
    key = sorted((place, column) for column, _, _, place in rows if place)
    return Table(
        name,
        tuple(Column(column, kind, nullable=not required) for column, kind, required, _ in rows),
        ("rowid",) if numbered else tuple(column for _, column in key),
    )


def column_names(file: sqlite3.Connection, table: str) -> set[str]:
    """Return the columns that a table has in this file, which another version may have made; none: no table."""
    return {name for (name,) in file.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def connect(path: Path) -> sqlite3.Connection:
    """Open a file for writing and make what it lacks: tables, and columns that earlier versions did not have.

    A column that is added to the schema must therefore be one that may be NULL. Raises PermanentError for a file that
    only a newer version reads.
    """
    file = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"wal_autocheckpoint={LOG_PAGES}",
            f"journal_size_limit={LOG_PAGES * 4096}",
        ):
            file.execute(f"PRAGMA {pragma}").fetchall()
        written = _format(file, path)
        file.executescript(_SCHEMA)
        if written < FORMAT:
            file.execute(f"PRAGMA user_version = {FORMAT}")
            file.execute("PRAGMA wal_checkpoint").fetchall()  # packages look into the file alone
        for table in tables():
            there = column_names(file, table.name)
            for column in table.columns:
                if column.name not in there:
                    file.execute(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {column.type}")
    except BaseException:
        file.close()  # a file that cannot be used must not stay open: it will be put aside
        raise
    return file


def _format(file: sqlite3.Connection, path: Path) -> int:
    written: int = file.execute("PRAGMA user_version").fetchone()[0]
    if written > FORMAT:
        raise PermanentError(
            f"outbox {path} is of a newer version (format {written}, this one reads {FORMAT}): install that one again"
        )
    return written


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that an agent may be writing, as it is."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)


@contextlib.contextmanager
def transaction(file: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one transaction, on disk at the end."""
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
        file.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
            file.execute("ROLLBACK")
        raise
