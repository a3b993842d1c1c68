"""The rooms of the demo, derived from their simulated past: limits that bite in different ways, corrections, zones."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from sukusuku_demo import files
from sukusuku_demo.settings import Ports
from sukusuku_server.bookings import file
from sukusuku_server.model.bookings import Import
from sukusuku_server.model.collection import CorrectionKind
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.rooms.booked import Plan, overbooked, plan
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.rooms.derivation import RoomOccupancy, RoomState
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.rooms.vacancy import Foreseen, Sign, service_days
from sukusuku_server.settings import Room, read
from sukusuku_sim import history, scenario

THURSDAY = datetime(2026, 11, 19, 20, tzinfo=timezone(timedelta(hours=9)))
NOW = round(THURSDAY.timestamp() * 1000)
DAY = 86_400_000
Derived = dict[str, tuple[Room, Timetable, Advanced[RoomState]]]


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Derived:
    """Each room with what is derived of its last three days."""
    folder = tmp_path_factory.mktemp("demo")
    files.write(folder, Ports(), THURSDAY)
    facility = read(folder / "facility.toml")
    plan = msgspec.structs.replace(scenario.load(folder / "scenario.toml"), unit=(), event=())
    past = list(history.generate(plan, NOW - 3 * DAY, NOW, 300))
    found = {}
    for timetable in FacilitySchedules(facility).schedules.values():
        room = timetable.room
        derivation = RoomOccupancy(timetable)
        own = [reading for reading in past if reading.asset == room.id]
        found[room.id] = (room, timetable, derivation.advance(derivation.start(NOW - 3 * DAY), own, (), NOW))
    return found


def test_staff_limit_one_room_and_the_floor_the_other_at_any_hour(
    derived: Derived,
) -> None:
    for ident, rule in (("tobu-room", Rule.STAFF), ("seibu-room", Rule.AREA)):
        _, timetable, _ = derived[ident]
        limits = [timetable.limit(at, timetable.staff(at)) for at in range(NOW, NOW + 7 * DAY, 3_600_000)]
        assert {limit.limited_by for limit in limits} == {(rule,)}
        assert all(part is not None for limit in limits for part in limit.parts.values())


def test_the_counter_that_overlooks_people_is_put_right(
    derived: Derived,
) -> None:
    _, _, of_tobu = derived["tobu-room"]
    changed = [item for item in of_tobu.corrections if item.before != item.after]

    assert {item.channel for item in changed} == {"people", "children"}
    assert {item.kind for item in changed} >= {CorrectionKind.AGREED}


def test_what_is_booked_fits_and_the_board_of_vacancies_shows_more_than_one_sign(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("demo")
    files.write(folder, Ports(), THURSDAY)
    facility = read(folder / "facility.toml")
    told = file.read((folder / "bookings" / "bookings.csv").read_bytes(), facility, NOW)

    imported = Import(1, "folder", "", NOW, "", None, None, told.covers, told.spans)
    for ident, timetable in FacilitySchedules(facility).schedules.items():
        booked = plan(ident, [imported], NOW)
        assert list(overbooked(booked, timetable, NOW, NOW + 27 * DAY)) == []

        def expected(at: int, booked: Plan = booked) -> Foreseen | None:
            children = booked.children(at)
            return None if children is None else Foreseen(children, booked=True)

        days = service_days(timetable, timetable.room.service[0], expected, NOW, 14)
        assert {Sign.FREE, Sign.SOME} <= {day.sign for day in days}
        assert Sign.UNKNOWN not in {day.sign for day in days}


def test_rooms_are_used_up_to_their_limits_and_seldom_above(
    derived: Derived,
) -> None:
    for room, _, found in derived.values():
        use = [float(p.value or 0) for p in found.points if p.metric == "Occupancy/Utilisation"]
        assert max(use) >= 70
        assert sum(value > 100 for value in use) <= 0.1 * len(use)
        for zone in room.zone:
            assert any(p.value for p in found.points if p.metric == f"Zones/{zone.id}/Corrected")
