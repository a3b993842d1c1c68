"""When the points of rooms are thinned out, reports, metrics and effects stay as they were, to the last digit."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sukusuku_api.reports import period
from sukusuku_api.reports.generate import asked, make
from sukusuku_api.reports.model import Report
from sukusuku_collector.maintenance.room_retention import Thinning
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.usage_hours import COMPLETENESS, SERIES
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import thinned_key
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.reports import report_cases
from tests.server.timeseries.packing import pack
from tests.support.databases import both
from tests.support.stores import commit

ROOM = "tobu-room"
FIRST = day_start(date(2026, 10, 5))
DAYS = 35
NOW = FIRST + 60 * DAY_MS
LATER = FIRST + (31 + 20) * DAY_MS
"""At this moment the first 20 days are old enough, later all of them."""


def points(rng: Random) -> Iterator[Reading]:
    """By the minute from 8:00 to 19:00, with gaps, days without children's counts, and days without anything."""
    for start in range(FIRST, FIRST + DAYS * DAY_MS, DAY_MS):
        if rng.random() < 0.1:
            continue
        children_known = rng.random() < 0.8
        count = zone = 0
        silent = rng.randrange(480, 1140)
        for minute in range(480, 1140):
            moved = rng.random() < 0.05
            if moved:
                count, zone = max(0, count + rng.choice((-1, 1, 1))), rng.randrange(4)
            if silent <= minute < silent + 70 or not (moved or minute % 15 == 0):
                continue
            time = start + minute * MINUTE_MS
            yield Reading(ROOM, COMPLETENESS, time, rng.choice((100.0, 100.0, 50.0)))
            yield Reading(ROOM, SERIES["people"], time, float(count + 2))
            yield Reading(ROOM, "Zones/play/Corrected", time, float(zone))
            if children_known:
                yield Reading(ROOM, SERIES["children"], time, float(count))


def corrections(rng: Random, channel: str) -> Iterator[Correction]:
    for start in range(FIRST, FIRST + DAYS * DAY_MS, DAY_MS):
        yield Correction(ROOM, start + 4 * report_cases.HOUR, CorrectionKind.RESET, channel, rng.randrange(3), 0)
        if rng.random() < 0.5:
            time = start + rng.randrange(540, 1080) * MINUTE_MS
            yield Correction(ROOM, time, CorrectionKind.ENTERED, channel, rng.randrange(1, 6), rng.randrange(1, 6))


def told(facility: Facility, store: SqliteStore, operations: Operations) -> tuple[Report, Report]:
    """A month for staff, and the year for everybody."""
    month = asked(ReportKind.ROOMS, period.month("2026-10"), None, "en", outward=False)
    year = asked(ReportKind.ROOMS, period.fiscal_year("2026"), None, "en", outward=True)
    index = FacilitySchedules(facility)
    return make(index, store, operations, month, NOW), make(index, store, operations, year, NOW)


def thin(facility: Facility, store: SqliteStore, operations: Operations, now: int) -> int:
    """As many steps as there are."""
    steps = Thinning(FacilitySchedules(facility), store, RoomRecords(operations), lambda: True, lambda: now)
    done = 0
    while steps.step():
        done += 1
    return done


def raw(store: SqliteStore) -> list[int]:
    return [point.time for point in store.raw(ROOM, "Occupancy/Count", 0, 2**62, 10_000)]


@given(st.integers(0, 10_000), st.sampled_from(["children", "people"]))
@settings(max_examples=4)
def test_no_figure_changes(seed: int, channel: str) -> None:
    rng = Random(seed)
    facility = report_cases.facility()
    facility = replace(facility, store=replace(facility.store, keep_occupancy_days=31))
    with TemporaryDirectory() as folder:
        store, operations = both(Path(folder))
        store.put_derived(ROOM, FIRST - 1, NOW, tuple(points(rng)))
        RoomRecords(operations).replace(ROOM, FIRST - 1, NOW, tuple(corrections(rng, channel)))
        whole = told(facility, store, operations)

        thin(facility, store, operations, LATER)
        assert told(facility, store, operations) == whole, "half of it is thinned out"
        thin(facility, store, operations, NOW + DAYS * DAY_MS)
        assert told(facility, store, operations) == whole

        fine = store.derived(ROOM, SERIES["people"], FIRST, NOW)
        assert all(point.time % (15 * MINUTE_MS) == 0 for point in fine)
        store.close()
        operations.close()


def test_readings_go_too_but_hours_latest_values_and_other_assets_stay(tmp_path: Path) -> None:
    facility, store, operations = report_cases.write(tmp_path)
    times = [report_cases.OCTOBER + n * DAY_MS + 10 * report_cases.HOUR for n in range(14)]
    commit(store, [Reading(ROOM, "Occupancy/Count", time, 5) for time in times], NOW)
    commit(store, [Reading("tobu-unit-1", "Fill/Percent", time, 5.0) for time in times], NOW)
    hours = store.hourly(ROOM, "Occupancy/Count", 0, 2**60)

    thin(facility, store, operations, report_cases.OCTOBER + (90 + 3) * DAY_MS + 5 * report_cases.HOUR)

    assert store.noted(thinned_key(ROOM)) == report_cases.OCTOBER + 3 * DAY_MS
    assert raw(store) == times[3:]
    assert store.hourly(ROOM, "Occupancy/Count", 0, 2**60) == hours
    assert store.latest()[ROOM]["Occupancy/Count"].value == 5
    assert len(store.raw("tobu-unit-1", "Fill/Percent", 0, 2**62, 100)) == 14
    store.close()
    operations.close()


def test_readings_of_a_packed_day_go_at_once(tmp_path: Path) -> None:
    facility, store, operations = report_cases.write(tmp_path)
    times = [report_cases.OCTOBER + n * report_cases.HOUR for n in range(2 * 24)]
    commit(store, [Reading(ROOM, "Occupancy/Count", time, 5) for time in times], NOW)
    now = report_cases.OCTOBER + 91 * DAY_MS
    thin(facility, store, operations, now - DAY_MS)  # the points
    pack(store)
    assert raw(store) == times

    assert thin(facility, store, operations, now) <= 3, "a day of points of two rooms, and one of readings"
    assert raw(store) == times[24:]
    store.close()
    operations.close()


def test_nothing_is_thinned_out_before_everything_is_derived_nor_when_it_is_switched_off(tmp_path: Path) -> None:
    facility, store, operations = report_cases.write(tmp_path)
    records, later = RoomRecords(operations), NOW + 500 * DAY_MS
    off = replace(facility, store=replace(facility.store, keep_occupancy_days=0))

    assert not Thinning(FacilitySchedules(facility), store, records, lambda: False, lambda: later).step()
    assert not Thinning(FacilitySchedules(off), store, records, lambda: True, lambda: later).step()
    assert store.noted(thinned_key(ROOM)) is None
    assert thin(facility, store, operations, later) > 0
    store.close()
    operations.close()


def test_a_room_that_is_no_longer_in_the_settings_is_thinned_out_too(tmp_path: Path) -> None:
    facility, store, operations = report_cases.write(tmp_path)
    points = store.derived(ROOM, SERIES["children"], 0, NOW)

    thin(replace(facility, site=()), store, operations, NOW + 500 * DAY_MS)

    thinned = store.derived(ROOM, SERIES["children"], 0, NOW)
    assert {point.time for point in thinned} != {point.time for point in points}
    assert sum(point.value or 0 for point in thinned) > 0  # type: ignore[misc] # numbers
    assert store.room_hours(ROOM, 0, NOW) == []
    store.close()
    operations.close()
