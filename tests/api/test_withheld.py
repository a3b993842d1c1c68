"""What is withheld, over the real API and real stores, while data and settings change after it was handed out."""

import csv
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from zipfile import ZipFile

import httpx
import msgspec

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start
from sukusuku_server.db.withheld import WithheldCounts
from sukusuku_server.model.withheld import CountKey, Decision
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import HOUR, World

SEPTEMBER, OCTOBER = day_start(date(2026, 9, 1)), day_start(date(2026, 10, 1))
LATE = OCTOBER + 20 * DAY_MS


def _come(world: World, days: Iterable[tuple[int, int]], room: str = "tobu-room", minutes: int = 240) -> None:
    """So many children are in a room from nine o'clock of each day on."""
    for day, children in days:
        start, step = day + 9 * HOUR, 5 if minutes > 5 else 1
        points = [
            Reading(room, metric, start + minute * MINUTE_MS, value)
            for minute in range(0, minutes + 1, step)
            for metric, value in (
                ("Occupancy/ChildrenCorrected", 0.0 if minute in {0, minutes} else float(children)),
                ("Occupancy/Completeness", 100.0),
            )
        ]
        world.store.put_derived(room, start - 1, start + minutes * MINUTE_MS, points)


def _eight(month: int, days: int = 8) -> list[tuple[int, int]]:
    return [(month + n * DAY_MS, 8) for n in range(days)]


def _days(api: httpx.Client, month: str) -> dict[str, dict[str, str]]:
    answer = api.get(f"/api/v1/export/room_days/{month}.csv", params={"site": "tobu"})
    answer.raise_for_status()
    return {row["time"][:10]: row for row in csv.DictReader(io.StringIO(answer.text))}


def test_the_export_of_an_early_month_decides_the_later_ones_from_their_data(api: httpx.Client, world: World) -> None:
    _come(world, [*_eight(SEPTEMBER), *_eight(OCTOBER), (LATE, 2)])
    _days(api, "2026-09")
    assert _days(api, "2026-10")["2026-10-21"]["withheld"] == "true"


def test_a_small_day_whose_data_come_late_is_withheld_and_so_is_its_month(api: httpx.Client, world: World) -> None:
    _come(world, _eight(OCTOBER))
    assert _told(api) == "64"
    _come(world, [(LATE, 1)])
    assert _days(api, "2026-10")["2026-10-21"]["withheld"] == "true"
    assert _told(api) == "withheld", "65 less 64 would tell it"


def test_a_late_day_of_many_is_told_with_its_month(api: httpx.Client, world: World) -> None:
    _come(world, _eight(OCTOBER))
    _days(api, "2026-10")
    _come(world, [(LATE, 9)])
    assert _days(api, "2026-10")["2026-10-21"]["visits"] == "9"
    assert _told(api) == "73"


def test_a_day_that_was_told_and_becomes_small_is_withheld(api: httpx.Client, world: World) -> None:
    _come(world, _eight(OCTOBER))
    _days(api, "2026-10")
    _come(world, [(OCTOBER, 2)])
    assert _days(api, "2026-10")["2026-10-01"]["withheld"] == "true"


def test_a_room_that_is_no_longer_in_the_settings_is_not_told_by_the_rest(world: World) -> None:
    _come(world, _eight(OCTOBER))
    _come(world, [(OCTOBER + n * DAY_MS, 1) for n in range(3)], "seibu-room")
    alone = msgspec.structs.replace(world.facility, site=world.facility.site[:1])
    found = []
    for facility in (world.facility, alone):
        store = LazyStore(world.path)
        with client(create_app(facility, store, world.operations, lambda: NOW)) as api:
            found.append(_told(api))
        store.close()
    assert found == ["67", "withheld"]


def test_a_day_with_somebody_in_too_shortly_for_a_visit_is_withheld(api: httpx.Client, world: World) -> None:
    _come(world, _eight(OCTOBER))
    _come(world, [(LATE, 1)], minutes=4)
    assert _days(api, "2026-10")["2026-10-21"]["withheld"] == "true"


def test_reports_that_are_made_at_once_are_decided_one_after_the_other(world: World) -> None:
    cells = [frozenset({("all", f"2026-{month}")}) for month in ("09", "10", "11", "12")]
    records = WithheldCounts(world.operations)

    def also(cell: frozenset[CountKey]) -> Decision:
        return records.settle(2026, lambda kept: Decision(kept.withheld | cell), NOW)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(also, cells))
    assert records.of(2026).withheld == frozenset().union(*cells)
    assert sorted(len(decision.withheld) for decision in found) == [1, 2, 3, 4]


def _told(api: httpx.Client) -> str:
    """Return the child-visits of all rooms together that the report of October tells."""
    answer = api.get("/api/v1/reports/rooms/month/2026-10.zip", params={"lang": "en"})
    answer.raise_for_status()
    with ZipFile(io.BytesIO(answer.content)) as archive:
        summary = archive.read("rooms-2026-10-summary.csv").decode("utf-8-sig")
    rows = {row["Period"]: row["Child-visits (persons)"] for row in csv.DictReader(io.StringIO(summary))}
    return rows["2026-10"]
