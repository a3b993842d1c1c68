"""Messages that wait for facility.toml to be put right: statements on a connection of `sqlite.py`'s."""

import sqlite3
from collections.abc import Sequence

from sukusuku_server.model.series import Unassigned

OVERHEAD = 200
"""Bytes that a row counts beyond its payload."""
DROPPED = "unassigned/dropped"
"""Under which the number of messages is noted that had to make room."""


def size(run: sqlite3.Connection) -> int:
    """Bytes of everything that waits."""
    return int(run.execute("SELECT coalesce(sum(size), 0) FROM unassigned").fetchone()[0])


def add(run: sqlite3.Connection, items: Sequence[Unassigned]) -> int:
    """Keep messages; tells by how many bytes there are more."""
    rows = [
        (it.received, it.topic, it.reason, it.detail, it.clock_set, len(it.payload) + OVERHEAD, it.payload)
        for it in items
    ]
    run.executemany(
        "INSERT INTO unassigned (received, topic, reason, detail, clock_set, size, payload) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    return sum(row[5] for row in rows)


def make_room(run: sqlite3.Connection, excess: int) -> tuple[int, int]:
    """Drop the oldest until so many bytes are free; tells how many messages and bytes went. The number is noted."""
    gone = freed = last = 0
    for ident, bytes_of_it in run.execute("SELECT id, size FROM unassigned ORDER BY id"):
        if freed >= excess:
            break
        gone, freed, last = gone + 1, freed + bytes_of_it, ident
    run.execute("DELETE FROM unassigned WHERE id <= ?", (last,))
    run.execute(
        "INSERT INTO host VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = value + ?2",
        (DROPPED, gone),
    )
    return gone, freed


def remove(run: sqlite3.Connection, idents: Sequence[int]) -> int:
    """Forget messages that have found their place; tells how many bytes went."""
    found = (run.execute("DELETE FROM unassigned WHERE id = ? RETURNING size", (ident,)).fetchone() for ident in idents)
    return sum(row[0] for row in found if row is not None)
