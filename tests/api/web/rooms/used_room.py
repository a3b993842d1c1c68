"""A room with a limit of nine by staff, one with nothing but places; five weeks of use of the first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api import two_centres as worlds
from tests.api.two_centres import World
from tests.support.stores import commit

HOUR = 60 * MINUTE_MS
DAY = day_start(date(2026, 11, 18))
NOW = DAY + 14 * HOUR + 30 * MINUTE_MS
"""A Wednesday afternoon."""
ROOM = "tobu-room"
ZONE = '[[site.room.zone]]\nid = "eating"'
STANDARDS = """
[[site.room.shift]]
slot = "09:00-18:00"
count = 2
[site.room.standards]
effective_m2 = 36
ages = { "0" = 3, "1" = 4, "2" = 3 }
"""


def make(folder: Path) -> World:
    """The world of both rooms."""
    settings = parse(worlds.FACILITY.replace(ZONE, f"{STANDARDS}{ZONE}", 1), Facility, "facility.toml")
    return replace(worlds.make(folder, fill=five_weeks), facility=settings)


def five_weeks(store: SqliteStore, operations: Operations) -> None:
    """Fill the first room's five weeks."""
    commit(store, list(worlds.room(ROOM, NOW - 5_000, 8, 6, eating=5, play=1)), now_ms())
    points = [point for n in range(35, -1, -1) for point in _day(DAY - n * DAY_MS)]
    store.put_derived(ROOM, NOW - 40 * DAY_MS, NOW, [point for point in points if point.time < NOW])
    found = [
        Correction(ROOM, DAY + 4 * HOUR, CorrectionKind.RESET, "people", 1, 0),
        Correction(ROOM, DAY + 11 * HOUR, CorrectionKind.AGREED, "children", 5, 6),
        Correction(ROOM, DAY + 11 * HOUR, CorrectionKind.AGREED, "people", 7, 8),
        Correction(ROOM, DAY + 12 * HOUR, CorrectionKind.SOURCE, "children", 6, None, "flow > -"),
    ]
    RoomRecords(operations).replace(ROOM, NOW - 7 * DAY_MS, NOW, found)


def _day(start: int) -> Iterator[Reading]:
    """Six children from 10:00 to 16:00, but nothing is known of the hour from noon."""
    for minute in range(9 * 60, 18 * 60, 15):
        known = not 12 * 60 <= minute < 13 * 60
        children = 6 if 10 * 60 <= minute < 16 * 60 else 0
        values = {"Occupancy/Completeness": 100.0 if known else 0.0}
        if known:
            values |= {"Occupancy/ChildrenCorrected": float(children), "Occupancy/Corrected": children + 2.0}
        for metric, value in values.items():
            yield Reading(ROOM, metric, start + minute * MINUTE_MS, value)
