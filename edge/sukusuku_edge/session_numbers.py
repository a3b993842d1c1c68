"""Whole numbers that outlast a run: the outbox's table `session`. Runs inside the outbox's transactions."""

import sqlite3
from enum import StrEnum

from sukusuku_core.sparkplug import BDSEQ_MODULUS


class Number(StrEnum):
    """Names of the numbers."""

    BDSEQ = "bdseq"
    """Of the latest CONNECT."""
    LAST_BIRTH = "last_birth"
    """Timestamp of the latest NBIRTH."""
    DROPPED = "dropped"
    """How many readings were dropped since the outbox began."""
    DROPPED_AT = "dropped_at"
    """Timestamp of the latest record of dropped readings."""
    THINNED = "thinned"
    """Id of the last row that was looked at for thinning."""


def get(file: sqlite3.Connection, number: Number) -> int | None:
    """Return a number; None before it was first put."""
    row = file.execute("SELECT value FROM session WHERE name = ?", (number,)).fetchone()
    return row[0] if row else None


def put(file: sqlite3.Connection, number: Number, value: int) -> None:
    """Replace a number."""
    file.execute("INSERT OR REPLACE INTO session (name, value) VALUES (?, ?)", (number, value))


def next_bdseq(file: sqlite3.Connection) -> int:
    """Count up the bdSeq; the first one is 0."""
    last = get(file, Number.BDSEQ)
    bdseq = 0 if last is None else (last + 1) % BDSEQ_MODULUS
    put(file, Number.BDSEQ, bdseq)
    return bdseq
