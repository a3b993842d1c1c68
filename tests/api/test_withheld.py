"""What is withheld, over the real API and real stores, while data and settings change after it was handed out."""

import csv
import io
from collections.abc import Iterable
from datetime import date

import httpx

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start
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
