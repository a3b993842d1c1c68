"""The statements about readings whose own time is not believed, as SQLite and PostgreSQL both understand them."""

from collections.abc import Mapping, Sequence

from sukusuku_server.model.series import Moved, Row
from sukusuku_server.timeseries.database import Transaction
from sukusuku_server.timeseries.packed import Packed

LATEST = "SELECT series, max(original) FROM moved GROUP BY series"
"""Asks for the latest original time of the moved readings of each series."""
_MOVED = "SELECT 1 FROM moved WHERE series = ? AND original = ?"


def signed(original: int) -> int:
    """Return a time of 64 bits as databases keep it."""
    return original - (1 << 64) if original >= 1 << 63 else original


def unmoved(run: Transaction, rows: Sequence[Row], until: Mapping[int, int]) -> Sequence[Row]:
    """Return the rows that are not known as moved ones.

    `until` is the latest original time of the moved rows of a series.
    """
    suspects = [row for row in rows if row[0] <= until.get(row[1], -1)]
    if not suspects:
        return rows
    known = {(row[0], row[1]) for row in suspects if run.execute(_MOVED, (row[1], row[0])).fetchall()}
    return [row for row in rows if (row[0], row[1]) not in known]


def insert(run: Transaction, packed: Packed, moved: Sequence[Moved]) -> list[Row]:
    """Insert those that were never stored, each at its place or the next free millisecond; tell which and where."""
    fresh: list[Row] = []
    free: dict[tuple[int, int], int] = {}
    for item in moved:
        place, series, value, quality = item.row
        original = signed(item.original)
        known = run.execute(_MOVED, (series, original)).fetchall()
        if known or packed.holds(run, series, original):
            continue
        time = free.get((series, place), place)
        while not packed.insert(run, [(time, series, value, quality)]):
            time += 1
        free[series, place] = time + 1
        if time != original:
            run.execute("INSERT INTO moved VALUES (?, ?, ?, ?)", (series, original, time, item.quality))
        fresh.append((time, series, value, quality))
    return fresh
