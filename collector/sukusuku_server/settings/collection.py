"""What collection must know of a unit: how much a bag takes, how long it may stay, what is consumed."""

from datetime import date
from typing import Annotated

import msgspec

from sukusuku_core.settings import Id, Percent, Settings
from sukusuku_server.settings.base import Later, as_of

Weight = Annotated[float, msgspec.Meta(gt=0, le=5)]
Positive = Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]


class LaterCollection(Later, frozen=True, kw_only=True):
    """What is new from a day on."""

    kg_per_nappy: Weight | None = None


class Collection(Settings, frozen=True, kw_only=True):
    """A unit as collection sees it. Capacity is counted in nappies of ordinary size."""

    nappies_per_bag: Positive = 60.0
    """How many nappies fill a bag to 100 %."""
    nappies_per_cycle: Annotated[float, msgspec.Meta(gt=0, le=50)] = 1.7
    """Mean number of nappies that one compression cycle takes, to begin with; it is learnt from the level."""
    kg_per_nappy: Weight = 0.15
    bag_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 72.0
    """How long used nappies may stay in the bag at 20 degrees Celsius: the centre's own rule, no law gives one."""
    bag_warm: Annotated[float, msgspec.Meta(ge=0, le=60)] = 25.0
    """Degrees Celsius above which that time counts double."""
    film_cycles: Positive = 500.0
    """Cycles that a new film cassette lasts."""
    film_low: Percent = 15.0
    """Percent of film below which somebody should fetch a new cassette."""
    room: Id | None = None
    """The room whose children use this unit: its expected occupancy drives the forecast."""
    later: tuple[LaterCollection, ...] = ()
    """What is another value from a day on, in order."""

    def kg_on(self, day: date) -> float:
        """Return the weight of a nappy that holds on a day."""
        return as_of(self, self.later, day).kg_per_nappy
