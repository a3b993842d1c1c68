"""What is booked in the rooms of the demo: a table as a ward's booking system exports it. Pure."""

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO

from sukusuku_core.time import MINUTE_MS, day_start
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.settings.opening import minute

DAYS = 28
"""From today on."""
_SHARES = (0.4, 0.7, 1.0)
"""Of the limit that are booked: every third time slot is full."""


def table(index: FacilitySchedules, today: date) -> str:
    """Return the bookings of every time slot of the coming days as CSV; the same for the same day."""
    text = StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["日付", "時間帯", "部屋", "人数"])
    for room, timetable in index.schedules.items():
        chance = random.Random(f"{room} {today}")
        for number in range(DAYS):
            day = today + timedelta(days=number)
            rows.writerows([day, slot, room, n] for slot, n in _booked(timetable, day, chance))
    return text.getvalue()


def _booked(timetable: Timetable, day: date, chance: random.Random) -> Iterator[tuple[str, int]]:
    for service in timetable.room.service:
        for band in service.band:
            begins = day_start(day) + minute(band.slot.partition("-")[0]) * MINUTE_MS
            if timetable.is_open(begins):
                limit = timetable.limit(begins, timetable.staff(begins)).children
                yield band.slot, round(chance.choice(_SHARES) * limit)
