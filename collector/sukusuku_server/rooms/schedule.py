"""What a room's settings say of a moment: open or not, staff on duty, places, limit. Pure; answers are kept."""

from sukusuku_core.time import DAY_MS, MINUTE_MS, day_number, midnight, time_of_day, weekday
from sukusuku_server.calendar.opening_hours import OpeningHours, opening_of_asset, opening_of_service
from sukusuku_server.rooms.capacity_limit import RoomLimit, room_limit
from sukusuku_server.rooms.standards import national
from sukusuku_server.settings import Facility, Room
from sukusuku_server.settings.base import WEEKDAYS
from sukusuku_server.settings.opening import minute, minutes


class Timetable:
    """The hours, shifts, bands and limits of one room. Moments are UTC ms."""

    def __init__(self, facility: Facility, room: Room) -> None:
        self.room = room
        self.hours: OpeningHours = opening_of_asset(facility, room.id)
        self._reset = minute(room.counting.reset_at) * MINUTE_MS % DAY_MS
        self._shifts = [(*minutes(shift.slot), frozenset(shift.days), shift.count) for shift in room.shift]
        self._services = [
            (opening_of_service(facility, room.id, service.id), [(*minutes(b.slot), b.places) for b in service.band])
            for service in room.service
        ]
        self._limits: dict[tuple[int, int | None], RoomLimit] = {}

    def is_open(self, ms: int) -> bool:
        """Whether the centre of the room is open."""
        return self.hours.is_open(ms)

    def next_opening(self, ms: int) -> int | None:
        """When the centre is open again; `ms` while it is."""
        return self.hours.next_opening(ms)

    def next_reset(self, ms: int) -> int:
        """The first moment after `ms` at which the room is taken to be empty."""
        return midnight(day_number(ms) + (time_of_day(ms) >= self._reset)) + self._reset

    def staff(self, ms: int) -> int | None:
        """Staff on duty by the shifts; None: there are none in the settings."""
        if not self._shifts:
            return None
        day, now = WEEKDAYS[weekday(ms)], time_of_day(ms) // MINUTE_MS
        return sum(count for start, end, days, count in self._shifts if start <= now < end and day in days)

    def places(self, ms: int) -> int:
        """Booked places: those of the band that runs, otherwise the capacity of the room."""
        now = time_of_day(ms) // MINUTE_MS
        for hours, bands in self._services:
            if hours.is_open(ms):
                return next((places for start, end, places in bands if start <= now < end), self.room.capacity)
        return self.room.capacity

    def limit(self, ms: int, staff: int | None) -> RoomLimit:
        """How many children may be in the room, with so many staff; None: not known."""
        key = (self.places(ms), staff)
        found = self._limits.get(key)
        if found is None:
            found = self._limits[key] = room_limit(key[0], self.room.standards, staff, national())
        return found
