"""What goes when the outbox is full: detail first, then the oldest values, events last; and the record of the loss.

Runs inside the transaction that adds readings, so a loss and its record become durable together.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from sukusuku_core.drop_record import DroppedRange
from sukusuku_core.time import MINUTE_MS

KEEP_EVERY = 10 * MINUTE_MS
"""ms; of a thinned series one reading is kept in so much time."""
MEASURED, EVENT, RECORD = 0, 1, 2
"""Values of the column `event`: what may be thinned, what goes last, what never goes."""
_SEEDS = 1000

_Found = tuple[int, str, int]
"""Row id, asset, time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait: rows, and bytes of the file that are in use."""

    rows: int
    bytes: int

    def excess(self, rows: int, in_use: int) -> int:
        """How many of `rows` must go; a hundredth of the bound at least, because the search is long."""
        over = max(rows - self.rows, rows - rows * self.bytes // max(in_use, 1), 0)
        return max(over, min(self.rows, rows) // 100) if over else 0


@dataclass(frozen=True, slots=True)
class Loss:
    """What was dropped at once, and how many readings in all since the outbox began."""

    count: int
    total: int
    dropped: DroppedRange


def bytes_in_use(file: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    size, pages, free = (
        file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
    )
    return int(size * (pages - free))


def make_room(file: sqlite3.Connection, excess: int) -> Loss:
    """Drop `excess` rows, or what there is to drop."""
    going = _thin(file, excess)
    _delete(file, going)
    if len(going) < excess:
        rest = file.execute(
            "SELECT id, asset, time FROM reading WHERE event < ? ORDER BY event, id LIMIT ?",
            (RECORD, excess - len(going)),
        ).fetchall()
        _delete(file, rest)
        going += rest
    total = _number(file, "dropped") + len(going)
    _set_number(file, "dropped", total)
    times = [time for _, _, time in going] or [0]
    dropped = DroppedRange(min(times), max(times), tuple(sorted({asset for _, asset, _ in going})))
    return Loss(len(going), total, dropped)


def _thin(file: sqlite3.Connection, wanted: int) -> list[_Found]:
    """The oldest measured values beyond the first of their series in each ten minutes. What was thinned stays known."""
    done = _number(file, "thinned")
    kept = {
        (asset, metric): time // KEEP_EVERY
        for asset, metric, time in reversed(
            file.execute(
                "SELECT asset, metric, time FROM reading WHERE id <= ? AND event = ? ORDER BY id DESC LIMIT ?",
                (done, MEASURED, _SEEDS),
            ).fetchall()
        )
    }
    going: list[_Found] = []
    found = file.execute(
        "SELECT id, asset, metric, time FROM reading WHERE id > ? AND event = ? ORDER BY id", (done, MEASURED)
    )
    for row, asset, metric, time in found:
        done = row
        bucket = time // KEEP_EVERY
        if kept.get((asset, metric)) != bucket:
            kept[asset, metric] = bucket
            continue
        going.append((row, asset, time))
        if len(going) == wanted:
            break
    found.close()
    _set_number(file, "thinned", done)
    return going


def _delete(file: sqlite3.Connection, rows: Iterable[_Found]) -> None:
    file.executemany("DELETE FROM reading WHERE id = ?", [(row,) for row, _, _ in rows])


def _number(file: sqlite3.Connection, name: str) -> int:
    row = file.execute("SELECT value FROM session WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def _set_number(file: sqlite3.Connection, name: str, value: int) -> None:
    file.execute("INSERT OR REPLACE INTO session (name, value) VALUES (?, ?)", (name, value))
