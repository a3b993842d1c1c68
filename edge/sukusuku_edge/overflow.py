"""What goes when the outbox is full: detail first, then the oldest values, events last; and the record of the loss.

Runs inside the transaction that adds readings, so a loss and its record become durable together.
"""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core import drop_record
from sukusuku_core.drop_record import DroppedRange
from sukusuku_core.time import MINUTE_MS
from sukusuku_edge import readings, session_numbers
from sukusuku_edge.readings import Keep, Row
from sukusuku_edge.session_numbers import Number

KEEP_EVERY = 10 * MINUTE_MS
"""ms; of a thinned series one reading is kept in so much time."""
_SEEDS = 1000

_log = logging.getLogger("sukusuku_edge.outbox")

_Victim = tuple[int, str, int]
"""Row id, asset, time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait: rows, and bytes of the file that are in use."""

    rows: int
    bytes: int

    def excess(self, rows: int, in_use: int) -> int:
        """Return how many of `rows` must go; a hundredth of the bound at least, because the search is long."""
        over = max(rows - self.rows, rows - rows * self.bytes // max(in_use, 1), 0)
        return max(over, min(self.rows, rows) // 100) if over else 0


def make_room(
    file: sqlite3.Connection, bounds: Bounds, waiting: int, added: Sequence[Row], node: str
) -> tuple[int, list[Row]]:
    """Drop what is beyond the bounds now that `added` are among the `waiting` rows.

    Returns how many rows were dropped, and the rows of the record of it, which is a reading of `node`.
    """
    excess = bounds.excess(waiting, _bytes_in_use(file)) if added else 0
    if not excess:
        return 0, []
    victims = _drop(file, excess)
    total = (session_numbers.get(file, Number.DROPPED) or 0) + len(victims)
    session_numbers.put(file, Number.DROPPED, total)
    time = max(*(reading.time for _, reading in added), (session_numbers.get(file, Number.DROPPED_AT) or 0) + 1)
    session_numbers.put(file, Number.DROPPED_AT, time)
    _log.error("the outbox is full: %d of the oldest readings were thinned out, %d in all", len(victims), total)
    times = [time for _, _, time in victims] or [0]
    dropped = DroppedRange(min(times), max(times), tuple(sorted({asset for _, asset, _ in victims})))
    record = list(enumerate(drop_record.record(node, time, total, dropped), added[-1][0] + 1))
    readings.insert(file, record, Keep.RECORD)
    return len(victims), record


def _bytes_in_use(file: sqlite3.Connection) -> int:
    """Return how many bytes of the file hold something."""
    size, pages, free = (
        file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
    )
    return int(size * (pages - free))


def _drop(file: sqlite3.Connection, excess: int) -> list[_Victim]:
    """Drop `excess` rows, or what there is to drop."""
    victims = _thin(file, excess)
    readings.delete(file, [row for row, _, _ in victims])
    if len(victims) < excess:
        rest = file.execute(
            "SELECT id, asset, time FROM reading WHERE event < ? ORDER BY event, id LIMIT ?",
            (Keep.RECORD, excess - len(victims)),
        ).fetchall()
        readings.delete(file, [row for row, _, _ in rest])
        victims += rest
    return victims


def _thin(file: sqlite3.Connection, wanted: int) -> list[_Victim]:
    """Find the oldest measured values beyond the first of their series in each ten minutes.

    Where the search ended is remembered.
    """
    done = session_numbers.get(file, Number.THINNED) or 0
    kept = {
        (asset, metric): time // KEEP_EVERY
        for asset, metric, time in reversed(
            file.execute(
                "SELECT asset, metric, time FROM reading WHERE id <= ? AND event = ? ORDER BY id DESC LIMIT ?",
                (done, Keep.MEASURED, _SEEDS),
            ).fetchall()
        )
    }
    victims: list[_Victim] = []
    rows = file.execute(
        "SELECT id, asset, metric, time FROM reading WHERE id > ? AND event = ? ORDER BY id", (done, Keep.MEASURED)
    )
    for row, asset, metric, time in rows:
        done = row
        bucket = time // KEEP_EVERY
        if kept.get((asset, metric)) != bucket:
            kept[asset, metric] = bucket
            continue
        victims.append((row, asset, time))
        if len(victims) == wanted:
            break
    rows.close()
    session_numbers.put(file, Number.THINNED, done)
    return victims
