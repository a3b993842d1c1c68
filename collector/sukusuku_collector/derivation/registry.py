"""Which asset is derived how, by the settings."""

from sukusuku_collector.derivation.runner import Subject
from sukusuku_server.calendar.opening_hours import opening_of_asset, opening_of_service
from sukusuku_server.rooms.derivation import RoomOccupancy
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.settings import Facility, Unit
from sukusuku_server.units.arrival_rates import Children
from sukusuku_server.units.derivation import UnitDerivation


def subjects(facility: Facility) -> dict[str, Subject]:
    """Every unit and room; the derivation of a unit also sees the children of the room that it is linked to."""
    found = {}
    for asset in facility.assets():
        settings = asset.settings
        if isinstance(settings, Unit):
            room = settings.collection.room
            opening = opening_of_asset(facility, asset.id)
            children = None if room is None else expected_children(facility, room)
            derivation = UnitDerivation(asset.id, settings.collection, opening, children)
            found[asset.id] = Subject(derivation, () if room is None else (room,))
        else:
            found[asset.id] = Subject(RoomOccupancy(Timetable(facility, settings)))
    return found


def expected_children(facility: Facility, room_id: str) -> Children:
    """The children expected in a room: none while it has services and all are closed, otherwise as many as usual."""
    rooms = (room for site in facility.site for room in site.room if room.id == room_id)
    services = [opening_of_service(facility, room_id, service.id) for room in rooms for service in room.service]

    def expected(ms: int) -> float | None:
        return 0.0 if services and not any(hours.is_open(ms) for hours in services) else None

    return expected
