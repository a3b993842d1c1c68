"""Where the pages of a table end, read from the file itself: SQLite asks a damaged page before it tells of the next.

The format is that of sqlite.org/fileformat2.html, section 1.6 (b-tree pages).
"""

import sqlite3
from pathlib import Path
from typing import BinaryIO

_INTERIOR = 0x05
_HEADER = 12
"""Bytes before the cell pointers of an interior page."""
_MOST = 100_000
"""Pages that are looked at: what a damaged page points to may be anything."""


def last_ids(file: sqlite3.Connection, table: str) -> set[int]:
    """Return the row ids at which pages of a table end, as far as its interior pages tell them.

    What lies in the write-ahead log is not seen, and a damaged page may tell anything: the ids are hints, no more.
    Raises sqlite3.Error when not even the schema can be read.
    """
    found = file.execute("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)).fetchone()
    place = file.execute("PRAGMA database_list").fetchone()[2]
    (size,) = file.execute("PRAGMA page_size").fetchone()
    if found is None or not isinstance(place, str) or not place:
        return set()
    try:
        with Path(place).open("rb") as pages:
            return _ends(pages, size, found[0])
    except OSError:
        return set()


def _ends(pages: BinaryIO, size: int, root: int) -> set[int]:
    ends: set[int] = set()
    seen: set[int] = set()
    waiting = [root]
    while waiting and len(seen) < _MOST:
        number = waiting.pop()
        if number in seen or number <= 1:
            continue
        seen.add(number)
        pages.seek((number - 1) * size)
        page = pages.read(size)
        if len(page) < size or page[0] != _INTERIOR:
            continue
        waiting.append(int.from_bytes(page[8:12], "big"))
        for cell in range(int.from_bytes(page[3:5], "big")):
            pointer = _HEADER + 2 * cell
            at = int.from_bytes(page[pointer : pointer + 2], "big")
            waiting.append(int.from_bytes(page[at : at + 4], "big"))
            ends.add(_varint(page[at + 4 : at + 13]))
    return ends


def _varint(data: bytes) -> int:
    """Read a number of up to nine bytes; as a signed one."""
    value = 0
    for place, byte in enumerate(data):
        if place == 8:  # noqa: PLR2004 - the ninth byte counts whole
            value = value << 8 | byte
            break
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the last one
            break
    return value - (1 << 64) if value >= 1 << 63 else value
