"""What a door is, and what it is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from sukusuku_core.clock import Clock
from sukusuku_core.supervision import Gate
from sukusuku_server.db import Operations
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.timeseries.protocols import LiveReader


@dataclass(frozen=True, slots=True)
class World:
    """What doors may use: facility, newest values, operations data, the time and whether it is believed."""

    index: FacilitySchedules
    operations: Operations
    clock: Clock
    sure: Gate
    store: LiveReader


class Door(Protocol):
    """A module `door` of a folder beside this file has `open_door(world)`; None: the settings do not ask for it."""

    def __call__(self, world: World, /) -> Callable[[], Awaitable[None]] | None:
        """Return the job of the door, which goes on until cancelled. Raises ConfigError."""
