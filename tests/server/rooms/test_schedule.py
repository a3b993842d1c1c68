"""What the settings of a room say of a moment, and what centres, units and rooms share."""

from datetime import date

from sukusuku_core.settings import parse
from sukusuku_core.time import day_start, local_day
from sukusuku_server.calendar.opening_hours import Closed
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility
from tests.server.rooms.example_room import timetable

MINUTE = 60_000
MONDAY = day_start(local_day(1_790_000_000_000))  # 2026-09-21

SHIFTS = """
[[site.room.shift]]
slot = "09:00-17:00"
count = 2
[[site.room.shift]]
slot = "10:00-12:00"
count = 1
days = ["mon"]
"""


def test_staff_on_duty_follow_the_shifts() -> None:
    room = timetable(SHIFTS)
    assert [room.staff(MONDAY + minute * MINUTE) for minute in (539, 540, 600, 720, 1019, 1020)] == [0, 2, 3, 2, 2, 0]
    assert room.staff(MONDAY - 1440 * MINUTE + 600 * MINUTE) == 0, "no shift on a Sunday"
    assert timetable().staff(MONDAY) is None, "no shifts in the settings"


FACILITY = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}
[calendar]
year_end = []
[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
[site.opening]
sat = []
holidays = ["10:00-15:00"]
special = {2026-09-20 = ["10:00-12:00"]}
[[site.unit]]
id = "tobu-unit"
name = {ja = "機", en = "unit"}
edge = "pi"
[[site.room]]
id = "tobu-room"
name = {ja = "室", en = "room"}
edge = "pi"
capacity = 10
[[site.room.service]]
id = "hourly"
name = {ja = "一時", en = "hourly"}
[site.room.service.opening]
mon = []
wed = ["09:00-17:00"]
sat = []
"""


def at(day: int, hour: int, minute: int) -> int:
    """A local time in September 2026."""
    return day_start(date(2026, 9, day)) + (hour * 60 + minute) * MINUTE


def test_the_hours_of_a_centre_and_of_a_service_within_them() -> None:
    index = FacilitySchedules(parse(FACILITY, Facility, "facility.toml"))
    site, service = index.hours["tobu"], index.schedules["tobu-room"].services["hourly"]
    assert site.is_open(at(16, 17, 30))
    assert not service.is_open(at(16, 17, 30))
    assert service.is_open(at(16, 16, 30))
    assert site.is_open(at(22, 14, 0))
    assert service.closed_reason(date(2026, 9, 22)) is Closed.HOLIDAY
    assert site.is_open(at(20, 11, 0))
    assert site.closed_reason(date(2026, 12, 30)) is None


def test_a_centre_and_all_that_is_in_it_share_the_same_hours() -> None:
    index = FacilitySchedules(parse(FACILITY, Facility, "facility.toml"))
    shared = index.hours["tobu"]
    assert index.hours == {"tobu": shared, "tobu-unit": shared, "tobu-room": shared}
    assert index.schedules["tobu-room"].hours is shared
