"""The statements that thin out the past of rooms, on a connection of the store with an open transaction."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from sukusuku_server.model.series import RoomHour

_HOURS = "INSERT OR REPLACE INTO room_hour (asset, part, time, sums) VALUES (?, ?, ?, ?)"
_READINGS = """
DELETE FROM reading WHERE time >= ? AND time < ?
AND series IN (SELECT id FROM series WHERE asset IN (SELECT value FROM json_each(?)))
"""


def keep_hours(run: sqlite3.Connection, asset: str, hours: Sequence[RoomHour]) -> None:
    """Keep hours of a room; what is there already is replaced."""
    run.executemany(_HOURS, [(asset, hour.part, hour.time, hour.sums) for hour in hours])


def drop_readings(run: sqlite3.Connection, assets: Collection[str], start: int, end: int) -> None:
    """Delete the raw readings of some assets with start <= time < end."""
    run.execute(_READINGS, (start, end, json.dumps(list(assets))))
