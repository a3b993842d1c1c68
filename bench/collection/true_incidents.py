"""What truly happened in the simulated half year that somebody should have been told of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.collection.simulated_sensors import Fault, Witness
from bench.collection.world import SimulatedUnit, World
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number, midnight, time_of_day

RISE = 80.0
MARGIN = 10.0
"""Percent by which an estimate may be off where it counts."""
HASTE = 30 * MINUTE_MS
SILENT_AFTER = 65 * MINUTE_MS
"""More than twice the time after which the simulated sensors repeat what has not changed."""
SETTLING = 3 * DAY_MS
"""At the beginning nothing is known of the bag that is in."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that truly happened to a unit. `clear`: a rule must have told of it; otherwise it may have."""

    unit: str
    start: int
    end: int
    clear: bool


def bags(unit: SimulatedUnit, world: World) -> Iterator[Incident]:
    """Every bag that was, or may have been, due for collection."""
    bounds = [world.start, *(emptying.time for emptying in unit.truth.emptyings), world.end]
    for start, end in pairwise(bounds):
        levels = [item for item in unit.truth.fill if start <= item[0] < end]
        hidden = start < world.start + SETTLING or any(
            trouble.start - HASTE < end + HASTE and start - HASTE < trouble.end + HASTE for trouble in unit.truth.blind
        )
        high = next((at for at, percent in levels if percent >= RISE + MARGIN), None)
        clear = high is not None and end - high >= HASTE and not hidden
        if clear or max((percent for _, percent in levels), default=0.0) >= RISE - MARGIN:
            yield Incident(unit.id, start, end, clear)
        elif hidden or _over_age(unit, levels, end) or _full_today(unit, world, levels):
            yield Incident(unit.id, start, end, clear=False)


def _over_age(unit: SimulatedUnit, levels: Sequence[tuple[int, float]], end: int) -> bool:
    first = next((at for at, percent in levels if percent > 0), end)
    return end - first >= (unit.collection.bag_hours / 2 - 24) * HOUR_MS  # warm hours count twice; told a day before


def _full_today(unit: SimulatedUnit, world: World, levels: Sequence[tuple[int, float]]) -> bool:
    """Whether at any moment the bag would have been full before the centre closed, or soon after it opened again."""
    for at, _ in levels:
        full = unit.truth.full_after(at)
        if full is None:
            continue
        day = day_number(at)
        later = day_number(full)
        while later > day and not world.is_open(midnight(later) + 12 * HOUR_MS):
            later -= 1
        if later == day or (later == day + 1 and time_of_day(full) < 12 * HOUR_MS):
            return True
    return False


def faults(unit: SimulatedUnit) -> Iterator[Incident]:
    """Jams and missing film, where the unit tells its state."""
    if Witness.STATE not in unit.witnesses:
        return
    silent = [trouble for trouble in unit.truth.troubles if trouble.fault in {Fault.SILENT, Fault.CLOCK}]
    for start, end in unit.truth.stopped:
        hidden = any(trouble.start < end and start < trouble.end + HOUR_MS for trouble in silent)
        yield Incident(unit.id, start, end, clear=not hidden and end - start >= 3 * MINUTE_MS)


def silences(unit: SimulatedUnit) -> Iterator[Incident]:
    """Stretches in which nothing came, or no level while other things did."""
    kinds = {Fault.SILENT} | ({Fault.LEVEL_BAD} if Witness.LEVEL in unit.witnesses else set())
    joined: list[tuple[int, int]] = []
    for trouble in unit.truth.troubles:
        if trouble.fault not in kinds:
            continue
        if joined and trouble.start <= joined[-1][1] + HOUR_MS:
            joined[-1] = joined[-1][0], max(joined[-1][1], trouble.end)
        else:
            joined.append((trouble.start, trouble.end))
    for start, end in joined:
        yield Incident(unit.id, start, end, clear=end - start >= SILENT_AFTER)
