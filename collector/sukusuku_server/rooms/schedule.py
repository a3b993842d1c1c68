"""What a room's settings say of a moment: open or not, staff on duty, places, limit. Pure; answers are kept.

As answers are kept, a process makes the hours and schedules of its facility once and shares them among its threads.
"""

from collections.abc import Mapping
from typing import Final

from sukusuku_core.time import DAY_MS, MINUTE_MS, day_number, day_start, midnight, time_of_day, weekday
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.rooms.capacity_limit import RoomLimit, room_limit
from sukusuku_server.rooms.standards import national
from sukusuku_server.settings import Facility, FacilityIndex, Room, Site
from sukusuku_server.settings.base import WEEKDAYS
from sukusuku_server.settings.opening import Calendar, minute, minutes

_WEEK = 7 * DAY_MS // MINUTE_MS


class Timetable:
    """The hours, shifts, bands and limits of one room. Moments are UTC ms.

    `hours` are those of its centre, `services` those of each service of the room, within them.
    """

    def __init__(self, room: Room, hours: OpeningHours, services: Mapping[str, OpeningHours]) -> None:
        self.room = room
        self.hours = hours
        self.services = services
        self._reset = minute(room.counting.reset_at) * MINUTE_MS % DAY_MS
        self._shifts = [(*minutes(shift.slot), frozenset(shift.days), shift.count) for shift in room.shift]
        self._services = [
            (services[service.id], [(*minutes(b.slot), b.places) for b in service.band]) for service in room.service
        ]
        self._capacities = [(day_start(item.since), item.capacity) for item in room.later if item.capacity is not None]
        self._on_duty: dict[int, int] = {}
        self._limits: dict[tuple[int, int | None], RoomLimit] = {}

    def is_open(self, ms: int) -> bool:
        """Whether the centre of the room is open."""
        return self.hours.is_open(ms)

    def next_opening(self, ms: int) -> int | None:
        """When the centre is open again; `ms` while it is."""
        return self.hours.next_opening(ms)

    def next_reset(self, ms: int) -> int:
        """Return the first moment after `ms` at which the room is taken to be empty."""
        return midnight(day_number(ms) + (time_of_day(ms) >= self._reset)) + self._reset

    def staff(self, ms: int) -> int | None:
        """Staff on duty by the shifts; None: there are none in the settings."""
        if not self._shifts:
            return None
        of_week = ms // MINUTE_MS % _WEEK
        if (known := self._on_duty.get(of_week)) is None:
            day, now = WEEKDAYS[weekday(ms)], time_of_day(ms) // MINUTE_MS
            known = sum(count for start, end, days, count in self._shifts if start <= now < end and day in days)
            self._on_duty[of_week] = known
        return known

    def capacity(self, ms: int) -> int:
        """Return the capacity of the room, as it is from some day on."""
        return next((found for since, found in reversed(self._capacities) if since <= ms), self.room.capacity)

    def places(self, ms: int) -> int:
        """Booked places: those of the band that runs, otherwise the capacity of the room."""
        now, capacity = time_of_day(ms) // MINUTE_MS, self.capacity(ms)
        for hours, bands in self._services:
            if hours.is_open(ms):
                return next((places for start, end, places in bands if start <= now < end), capacity)
        return capacity

    def limit(self, ms: int, staff: int | None) -> RoomLimit:
        """How many children may be in the room, with so many staff; None: not known."""
        key = (self.places(ms), staff)
        found = self._limits.get(key)
        if found is None:
            found = self._limits[key] = room_limit(key[0], self.room.standards, staff, national())
        return found


class FacilitySchedules(FacilityIndex):
    """A facility by id, with the opening hours and schedules that its settings give.

    `hours` are those of a centre, by its own id and by that of each unit and room in it; `schedules` go by room.
    """

    hours: Final[Mapping[str, OpeningHours]]
    schedules: Final[Mapping[str, Timetable]]

    def __init__(self, facility: Facility) -> None:
        super().__init__(facility)
        hours = {site.id: OpeningHours(facility.calendar, (site.opening,)) for site in facility.site}
        hours |= {asset.id: hours[asset.site.id] for asset in self.assets.values()}
        self.hours = hours
        self.schedules = {
            room.id: Timetable(room, hours[room.id], _services(facility.calendar, site, room))
            for site, room in self.rooms.values()
        }


def _services(calendar: Calendar, site: Site, room: Room) -> dict[str, OpeningHours]:
    """Return the opening hours of a service within those of its centre."""
    return {
        service.id: OpeningHours(calendar, (site.opening, *(() if service.opening is None else (service.opening,))))
        for service in room.service
    }
