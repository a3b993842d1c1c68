"""Which asset is derived how, by the settings."""

from typing import Protocol

from sukusuku_collector.derivation.runner import Subject
from sukusuku_server.rooms.booked import NOTHING, Plan
from sukusuku_server.rooms.derivation import RoomOccupancy
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.settings import Unit
from sukusuku_server.units.arrival_rates import Children, ChildrenAsKnown
from sukusuku_server.units.derivation import UnitDerivation


class BookingBook(Protocol):
    """What is booked in rooms, as it was known at any moment."""

    def plan(self, room: str, at: int, /) -> Plan:
        """Return the bookings of a room as they were known at a moment."""


def subjects(index: FacilitySchedules, book: BookingBook | None = None) -> dict[str, Subject]:
    """Every unit and room; the derivation of a unit also sees the children of the room that it is linked to."""
    found = {}
    for asset in index.assets.values():
        settings = asset.settings
        if isinstance(settings, Unit):
            room = settings.collection.room
            children = None if room is None else expected_children(index.schedules[room], book)
            derivation = UnitDerivation(asset.id, settings.collection, index.hours[asset.id], children)
            found[asset.id] = Subject(derivation, () if room is None else (room,))
        else:
            found[asset.id] = Subject(RoomOccupancy(index.schedules[asset.id]))
    return found


def expected_children(timetable: Timetable, book: BookingBook | None = None) -> ChildrenAsKnown:
    """Return the children expected in a room: those who are booked; where no booking is known, as many as usual.

    There are none while all its services are closed.
    """
    services = timetable.services.values()

    def known(at: int) -> Children:
        booked = NOTHING if book is None else book.plan(timetable.room.id, at)

        def expected(ms: int) -> float | None:
            return 0.0 if services and not any(hours.is_open(ms) for hours in services) else booked.children(ms)

        return expected

    return known
