"""A centre whose room is used on two weeks of November 2026, with a gap in one of them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sukusuku_api.reports import period
from sukusuku_api.reports.generate import asked, make
from sukusuku_api.reports.model import Report, Table, shown
from sukusuku_api.reports.request import Asked
from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, Language
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.databases import both

HOUR = 60 * MINUTE_MS
MONDAY = day_start(date(2026, 11, 2))
OCTOBER = day_start(date(2026, 10, 5))
NOW = day_start(date(2026, 11, 22)) + 12 * HOUR
MADE = day_start(date(2026, 12, 1)) + 12 * HOUR
"""When reports of November are made: what is handed out covers whole months."""

FACILITY = """
[operator]
id = "toshima"
name = { ja = "としま市", en = "Toshima City" }
[[ward_plan]]
year = 2026
demand = 6000
supply = 4800
[[site]]
id = "tobu"
name = { ja = "東部こども家庭センター", en = "Tobu Child and Family Centre" }
[[site.room]]
id = "tobu-room"
name = { ja = "=一時保育室", en = "=Childcare room" }
edge = "tobu-pi"
capacity = 10
[[site.room.change]]
date = 2026-10-19
note = { ja = "棚を移動", en = "Shelves moved" }
[[site.room.zone]]
id = "eating"
name = { ja = "食事", en = "Eating" }
capacity = 4
[[site.room.zone]]
id = "play"
name = { ja = "遊び", en = "Play" }
"""


World = tuple[Facility, SqliteStore, Operations]


def facility() -> Facility:
    """Its name of the room begins like a formula."""
    return parse(FACILITY, Facility, "facility.toml")


def day(start: int, children: int, play: int | None = None) -> Iterator[Reading]:
    """Children come at 10:00 and go at 15:00; the counts are told every 15 minutes from 9:00 to 18:00."""
    for minute in range(9 * 60, 18 * 60, 15):
        count = children if 10 * 60 <= minute < 15 * 60 else 0
        for metric, value in (
            ("Occupancy/ChildrenCorrected", count),
            ("Occupancy/Completeness", 100.0),
            ("Zones/eating/Corrected", count // 2),
            ("Zones/play/Corrected", count if play is None or not count else play),
        ):
            yield Reading("tobu-room", metric, start + minute * MINUTE_MS, float(value))


def fill(store: SqliteStore, operations: Operations) -> None:
    """Weekdays from 2 to 14 November with eight children, but 2 on Wednesday 4 and nothing heard on Thursday 5.

    In October six children on weekdays from the 5th to the 30th; from the 19th on they play more.
    """
    points: list[Reading] = []
    for n in range(26):
        if n % 7 < 5:
            points += day(OCTOBER + n * DAY_MS, 6, play=3 if n < 14 else 5 + n % 2)
    for n in range(13):
        if n != 3:
            points += day(MONDAY + n * DAY_MS, 2 if n == 2 else 8)
    store.put_derived("tobu-room", OCTOBER - 1, NOW, points)
    found = Correction("tobu-room", MONDAY + 4 * HOUR, CorrectionKind.RESET, "children", 1, 0)
    RoomRecords(operations).replace("tobu-room", MONDAY - 1, NOW, [found])


def write(folder: Path) -> World:
    """All of it in files."""
    return facility(), *both(folder, fill)


def made_report(world: World, wanted: Asked) -> Report:
    """Return a report of a world as it is made in December."""
    facility, store, operations = world
    return make(FacilitySchedules(facility), store, operations, wanted, MADE)


def report_of(world: World, language: Language = "ja", *, year: bool = False, outward: bool = True) -> Report:
    """Return the report of November, or of the fiscal year."""
    wanted = period.fiscal_year("2026") if year else period.month("2026-11")
    return made_report(world, asked(ReportKind.ROOMS, wanted, None, language, outward=outward))


def table_of(report: Report, key: str) -> Table:
    return next(table for _, table in report.tables if table.key == key)


def rows_of(report: Report, key: str) -> dict[str, tuple[str, ...]]:
    table = table_of(report, key)
    kinds = [column.kind for column in table.columns]
    return {
        str(row[0]): tuple(shown(cell, kind, report.words) for cell, kind in zip(row, kinds, strict=True))[1:]
        for row in table.rows
    }
