"""The outbox's memory of boots, and of readings whose times are not final. Runs inside the outbox's transactions."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from sukusuku_edge import readings
from sukusuku_edge.readings import Row
from sukusuku_edge.timeline import Held, settle

_REMEMBERED = 8
"""Boots."""


@dataclass(frozen=True, slots=True)
class Start:
    """What is known when a run begins.

    `floor` is the time of the last reading before it, `oldest` the uptime of the first one of this boot that is held.
    """

    floor: int | None
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """When readings are committed; `offset` (time less uptime) when their times are not final."""

    now: int
    offset: int | None = None


def begin(file: sqlite3.Connection, boot: str) -> tuple[int, Start]:
    """Return the number of a boot, and what is known of it."""
    floor = file.execute("SELECT last FROM boot WHERE last IS NOT NULL ORDER BY n DESC LIMIT 1").fetchone()
    file.execute("INSERT OR IGNORE INTO boot (id) VALUES (?)", (boot,))
    number = file.execute("SELECT n FROM boot WHERE id = ?", (boot,)).fetchone()[0]
    oldest = file.execute("SELECT min(uptime) FROM held WHERE boot = ?", (number,)).fetchone()[0]
    file.execute(
        "DELETE FROM boot WHERE n <= ? AND n NOT IN (SELECT boot FROM held)",
        (number - _REMEMBERED,),
    )
    return number, Start(floor[0] if floor else None, oldest)


def note(file: sqlite3.Connection, boot: int, stamp: Stamp, rows: Iterable[tuple[int, int]]) -> None:
    """Remember the time of a commit, and its rows (id, time) when their times are not final."""
    file.execute("UPDATE boot SET last = ? WHERE n = ?", (stamp.now, boot))
    if stamp.offset is not None:
        file.executemany(
            "INSERT INTO held (id, boot, uptime) VALUES (?, ?, ?)",
            [(row, boot, time - stamp.offset) for row, time in rows],
        )


def release(file: sqlite3.Connection, boot: int, offset: int | None, now: int) -> list[Row]:
    """Give every held row its final time and return it so. `offset` is the true one of this boot, None when unknown."""
    held = [
        Held(*row)
        for row in file.execute(
            "SELECT held.id, held.boot, held.uptime, reading.time FROM held JOIN reading ON reading.id = held.id"
        )
    ]
    last = dict(file.execute("SELECT n, last FROM boot WHERE last IS NOT NULL").fetchall())
    final = settle(held, last, boot, offset, now)
    file.executemany("UPDATE reading SET time = ? WHERE id = ?", [(time, row) for row, time in final.items()])
    file.execute("DELETE FROM held")
    file.execute("UPDATE boot SET last = ? WHERE n = ? AND last IS NOT NULL", (now, boot))
    return [row for at in sorted(final) for row in readings.peek(file, at - 1, 1, at)]
