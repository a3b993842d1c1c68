"""The statements that thin out the past of rooms, as SQLite and PostgreSQL both understand them."""

import json
from collections.abc import Collection, Sequence

from sukusuku_server.model.series import RoomHour
from sukusuku_server.timeseries import packed
from sukusuku_server.timeseries.database import Transaction

_HOURS = """
INSERT INTO room_hour (asset, part, time, sums) VALUES (?, ?, ?, ?)
ON CONFLICT (asset, time, part) DO UPDATE SET sums = excluded.sums
"""
_READINGS = """
DELETE FROM reading WHERE time >= ? AND time < ? AND series IN (SELECT id FROM series WHERE asset IN ({}))
"""


def keep_hours(run: Transaction, asset: str, hours: Sequence[RoomHour]) -> None:
    """Keep hours of a room; what is there already is replaced."""
    run.executemany(_HOURS, [(asset, hour.part, hour.time, hour.sums) for hour in hours])


def drop_readings(run: Transaction, assets: Collection[str], start: int, end: int) -> None:
    """Delete the raw readings of some assets with start <= time < end."""
    run.execute(_READINGS.format(run.each), (start, end, json.dumps(list(assets))))
    packed.drop(run, assets, start, end)
