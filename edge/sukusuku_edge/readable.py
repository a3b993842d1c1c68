"""The rows of a damaged table that can still be read."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any

from sukusuku_edge import database, table_pages
from sukusuku_edge.database import Column, Table

UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
_LAST = 2**63 - 1
"""The highest row id."""
_PROBES = 50_000
"""Ranges of row ids that may fail to be read in one table: enough to find every row around a hundred bad pages."""
_SLOW = 500
"""Probes that a failed read of the disk counts for: the disk may have tried for a second."""

_Row = tuple[Any, ...]


def is_damage(error: sqlite3.Error) -> bool:
    """Tell damage of a file from what passes: that it is locked or read-only, or the disk full."""
    return not isinstance(error, sqlite3.OperationalError) or is_unreadable(error)


def is_unreadable(error: sqlite3.Error) -> bool:
    """Tell whether the disk could not read."""
    return getattr(error, "sqlite_errorcode", 0) in UNREADABLE


class Rows:
    """The rows of `table` in a damaged `file`, to be iterated over once; one row may come twice.

    A row that an outbox does not write is left out: a damaged page can turn texts and numbers into anything. `columns`
    are those that this file has of the table. `error` is the first one that kept a row from being read.
    """

    def __init__(self, file: sqlite3.Connection, table: Table) -> None:
        self.error: sqlite3.Error | None = None
        self.columns: tuple[Column, ...] = ()
        self._file = file
        self._file.text_factory = _text
        self._table = table
        try:
            there = database.column_names(file, table.name)
        except sqlite3.Error as error:
            self._note(error)
        else:
            self.columns = tuple(column for column in table.columns if column.name in there)
        self._names = ", ".join(column.name for column in self.columns)

    def __iter__(self) -> Iterator[_Row]:
        if not self.columns:
            return
        for row in self._by_row_id() if self._table.numbered else self._by_key():
            if all(column.accepts(value) for column, value in zip(self.columns, row, strict=True)):
                yield row

    def _by_row_id(self) -> Iterator[_Row]:
        """Read range by range, upward and from the other end; then halve what is left until each bad row is alone.

        The ranges are those of the table's pages, where its interior pages tell them. They take turns: before the
        first row of a table and after its last one, a bad page seems to go on for ever.
        """
        unread = deque((low, high, True) for low, high in self._ranges())
        left = _PROBES
        query = (
            f"SELECT rowid, {self._names} FROM {self._table.name} "  # noqa: S608 - names of the schema
            # a single row is then returned without a look at the next one, whose page may be bad
            "WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid {} LIMIT ?2 - ?1 + 1"
        )
        while unread and left > 0:
            low, high, upward = unread.popleft()
            whole = low, high
            try:
                for row in self._file.execute(query.format("ASC" if upward else "DESC"), whole):
                    if upward:
                        low = max(low, row[0] + 1)  # a damaged page may have its rows in any order
                    else:
                        high = min(high, row[0] - 1)
                    yield row[1:]
            except sqlite3.Error as error:
                self._note(error)
                left -= _SLOW if is_unreadable(error) else 1
                if (low, high) != whole or (upward and low < high):
                    unread.append((low, high, not upward))
                else:
                    unread.extend((*half, True) for half in _halves(low, high))

    def _ranges(self) -> list[tuple[int, int]]:
        try:
            ends = sorted({end for end in table_pages.last_ids(self._file, self._table.name) if 1 <= end < _LAST})
        except sqlite3.Error as error:
            self._note(error)
            ends = []
        return list(zip([1, *(end + 1 for end in ends)], [*ends, _LAST], strict=True))

    def _by_key(self) -> Iterator[_Row]:
        """Read from the start, and where that is stopped by damage, from the end. Meant for tables of few pages."""
        for order in ("ASC", "DESC"):
            by = ", ".join(f"{name} {order}" for name in self._table.key)
            query = f"SELECT {self._names} FROM {self._table.name} ORDER BY {by} LIMIT 1 OFFSET ?"  # noqa: S608 - as above
            try:
                for place in count():  # one by one: `sqlite3` would lose the row before a bad page, as it reads ahead
                    row = self._file.execute(query, (place,)).fetchone()
                    if row is None:
                        return
                    yield row
            except sqlite3.Error as error:
                self._note(error)

    def _note(self, error: sqlite3.Error) -> None:
        if not is_damage(error):
            raise error
        self.error = self.error or error


def _halves(low: int, high: int) -> list[tuple[int, int]]:
    middle = (low + high) // 2
    return [(low, middle), (middle + 1, high)] if low < high else []


def _text(stored: bytes) -> str | bytes:
    """Leave a damaged text as bytes, which no column accepts."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored
