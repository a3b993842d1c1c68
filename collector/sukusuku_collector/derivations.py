"""Which asset is derived how, by the settings."""

from sukusuku_collector.derive.unit import UnitDerivation
from sukusuku_collector.deriver import Subject
from sukusuku_collector.opening import opening_of_asset
from sukusuku_collector.rooms.occupancy import RoomOccupancy
from sukusuku_collector.rooms.timetable import Timetable
from sukusuku_collector.settings import Facility, Unit


def subjects(facility: Facility) -> dict[str, Subject]:
    """Every unit and room; the derivation of a unit also sees the children of the room that it is linked to."""
    found = {}
    for asset in facility.assets():
        settings = asset.settings
        if isinstance(settings, Unit):
            room = settings.collection.room
            derivation = UnitDerivation(asset.id, settings.collection, opening_of_asset(facility, asset.id))
            found[asset.id] = Subject(derivation, () if room is None else (room,))
        else:
            found[asset.id] = Subject(RoomOccupancy(Timetable(facility, settings)))
    return found
