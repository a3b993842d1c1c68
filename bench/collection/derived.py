"""What derivation makes of the simulated half year, unit by unit, as the collector would have derived it."""

import heapq
from collections.abc import Iterator

from bench.collection.world import SimulatedUnit, World
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS
from sukusuku_server.model.collection import FillEstimate
from sukusuku_server.units.derivation import UnitDerivation, UnitProgress
from sukusuku_server.units.evaluation.history import Derived
from sukusuku_server.units.forecast_state import Ahead, Foresight


class WithoutForecasts(UnitDerivation):
    """Emptyings do not depend on what is ahead, which is most of the work."""

    def _ahead(self, state: UnitProgress, now: FillEstimate, time: int) -> tuple[Foresight, Ahead]:  # noqa: ARG002
        return state.foresight, Ahead(())


def derive(unit: SimulatedUnit, world: World, *, forecasts: bool = True) -> Derived:
    """One unit, day by day. The readings of its linked room are among those that it is derived from."""
    derivation = (UnitDerivation if forecasts else WithoutForecasts)(unit.id, unit.collection, world)
    state, found = derivation.start(world.start - 1), Derived()
    for until, readings in _days(unit, world):
        state = found.add(derivation.advance(state, readings, (), until))
    return found


def _days(unit: SimulatedUnit, world: World) -> Iterator[tuple[int, list[Reading]]]:
    room = world.room(unit)
    readings = heapq.merge(unit.readings, () if room is None else room.readings, key=lambda reading: reading.time)
    until = world.start - 1 + DAY_MS
    day: list[Reading] = []
    for reading in readings:
        while reading.time > until:
            yield until, day
            until, day = until + DAY_MS, []
        day.append(reading)
    yield until, day
