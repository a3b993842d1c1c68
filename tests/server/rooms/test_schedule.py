"""What the settings of a room say of a moment."""

from sukusuku_core.time import day_start, local_day
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
