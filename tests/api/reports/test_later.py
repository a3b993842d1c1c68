"""A new capacity, new hours and a room that leaves change what comes after their day, and nothing before it."""

from collections.abc import Iterator
from dataclasses import replace as replaced
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from sukusuku_api.queries.room_history import Gatherer
from sukusuku_api.reports import period
from sukusuku_api.reports.generate import asked, make
from sukusuku_api.reports.model import Report
from sukusuku_core.time import day_start
from sukusuku_server.db import Operations
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, Room
from sukusuku_server.settings.opening import LaterOpening
from sukusuku_server.settings.rooms import LaterRoom
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.reports import report_cases
from tests.api.reports.test_thinned import thin

NOVEMBER = date(2026, 11, 1)
MIDDLE = date(2026, 11, 9)
World = tuple[Facility, SqliteStore, Operations]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Without the change of 19 October: its comparison tells of the weeks after October, too."""
    facility, store, operations = report_cases.write(tmp_path)
    yield changed(facility, change=()), store, operations
    store.close()
    operations.close()


def changed(facility: Facility, **values: object) -> Facility:
    """The room has other values; `opening` is that of its centre."""
    site = facility.site[0]
    if "opening" in values:
        return replace(facility, site=(replace(site, opening=values["opening"]),))
    return replace(facility, site=(replace(site, room=(replace(site.room[0], **values),)),))


def report(world: World, facility: Facility, month: str) -> Report:
    wanted = asked(ReportKind.ROOMS, period.month(month), None, "en", outward=False)
    made = make(FacilitySchedules(facility), world[1], world[2], wanted, report_cases.MADE)
    return replaced(made, made="")


def utilisation(world: World, room: Room, facility: Facility) -> dict[date, float | None]:
    gatherer = Gatherer(FacilitySchedules(facility), world[1], world[2], report_cases.MADE)
    hours = gatherer.room(facility.site[0], room, day_start(NOVEMBER), report_cases.MADE).hours
    return {hour.day: hour.tally.average_utilisation for hour in hours if hour.hour == 12 and hour.tally.known_ms}


def test_a_capacity_from_a_day_on_leaves_the_months_before_as_they_were(world: World) -> None:
    later = changed(world[0], later=(LaterRoom(since=NOVEMBER, capacity=12),))
    assert report(world, later, "2026-10") == report(world, world[0], "2026-10")
    assert report(world, later, "2026-11") != report(world, world[0], "2026-11")
    within = changed(world[0], later=(LaterRoom(since=MIDDLE, capacity=12),))
    notes = [note for _, table in report(world, within, "2026-11").tables for note in table.notes]
    assert "=Childcare room: capacity 12 from 2026-11-09 on. Earlier days count with the earlier capacity." in notes


@pytest.mark.parametrize("thinned", [False, True])
def test_a_capacity_that_changes_within_a_month_holds_from_its_day_on(world: World, *, thinned: bool) -> None:
    later = changed(world[0], later=(LaterRoom(since=MIDDLE, capacity=16),))
    if thinned:
        thin(later, world[1], world[2], report_cases.MADE + 200 * 86_400_000)
    found = utilisation(world, later.site[0].room[0], later)
    assert found[date(2026, 11, 6)] == pytest.approx(80.0), "eight children, ten places"
    assert found[date(2026, 11, 9)] == pytest.approx(50.0), "eight children, sixteen places"


def test_hours_from_a_day_on_leave_the_months_before_as_they_were(world: World) -> None:
    opening = replace(world[0].site[0].opening, later=(LaterOpening(since=NOVEMBER, mon=("10:00-12:00",)),))
    later = changed(world[0], opening=opening)
    assert report(world, later, "2026-10") == report(world, world[0], "2026-10")
    assert report(world, later, "2026-11") != report(world, world[0], "2026-11")


def test_a_room_that_has_left_stays_in_the_months_in_which_it_was_there(world: World) -> None:
    gone = changed(world[0], until=date(2026, 10, 31))
    october = [[table.rows for _, table in report(world, found, "2026-10").tables] for found in (gone, world[0])]
    assert october[0] == october[1]
    assert report(world, gone, "2026-11").sections == (), "there is no room"


def test_a_room_that_leaves_within_a_month_counts_until_its_last_day(world: World) -> None:
    gone = changed(world[0], until=date(2026, 11, 8))
    found = utilisation(world, gone.site[0].room[0], gone)
    assert max(found) == date(2026, 11, 7), "the 8th is a Sunday"
    notes = [note for _, table in report(world, gone, "2026-11").tables for note in table.notes]
    assert "The last day of this room was 2026-11-08." in notes
