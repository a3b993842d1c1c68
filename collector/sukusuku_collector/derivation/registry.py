"""Which asset is derived how, by the settings."""

from sukusuku_collector.derivation.runner import Subject
from sukusuku_server.rooms.derivation import RoomOccupancy
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.settings import Unit
from sukusuku_server.units.arrival_rates import Children
from sukusuku_server.units.derivation import UnitDerivation


def subjects(index: FacilitySchedules) -> dict[str, Subject]:
    """Every unit and room; the derivation of a unit also sees the children of the room that it is linked to."""
    found = {}
    for asset in index.assets.values():
        settings = asset.settings
        if isinstance(settings, Unit):
            room = settings.collection.room
            children = None if room is None else expected_children(index.schedules[room])
            derivation = UnitDerivation(asset.id, settings.collection, index.hours[asset.id], children)
            found[asset.id] = Subject(derivation, () if room is None else (room,))
        else:
            found[asset.id] = Subject(RoomOccupancy(index.schedules[asset.id]))
    return found


def expected_children(timetable: Timetable) -> Children:
    """Return the children expected in a room: as many as usual, none while all its services are closed."""
    services = timetable.services.values()

    def expected(ms: int) -> float | None:
        return 0.0 if services and not any(hours.is_open(ms) for hours in services) else None

    return expected
