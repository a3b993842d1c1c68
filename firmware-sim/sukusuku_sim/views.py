"""What a device sees of a unit or a room."""

from collections.abc import Mapping
from dataclasses import dataclass

from sukusuku_core.model import Value
from sukusuku_sim.room import Room, RoomParameters
from sukusuku_sim.unit import Unit, UnitParameters

Values = Mapping[str, Value]
"""Value by point name, scaled, before the profile turns it into registers or JSON."""


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit as one of its devices sees it."""

    unit: Unit
    parameters: UnitParameters
    empty_mm: float
    full_mm: float
    serial: str
    firmware: str

    @property
    def distance(self) -> int:
        """What a distance sensor measures, mm."""
        return round(self.unit.distance(self.parameters, self.empty_mm, self.full_mm))

    @property
    def lid_open(self) -> bool:
        """Whether the lid switch tells that the lid is open."""
        return self.unit.lid_shown(self.parameters)


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as one of its sensors sees it. `zone` is a place in the room's zones, None for the whole room."""

    room: Room
    parameters: RoomParameters
    zone: int | None
    ms: int
    """Simulated moment, for the daylight."""
