"""The parts of a seed that are simulated and judged at a time."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.figures import goals, rooms, units
from bench.figures.measured import Found
from bench.figures.world import CAPACITY, UNITS, live

PARTS = ("rooms", *(unit for units_ in UNITS.values() for unit in units_))
"""What is simulated at a time: all rooms together, and each unit."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a seed, up to the day `last` (not included)."""

    seed: int
    name: str
    last: date

    def file(self, folder: Path) -> Path:
        """Return where its figures are kept."""
        return folder / f"seed-{self.seed}-{self.name}-until-{self.last}.json"


def judged(part: Part) -> list[Found]:
    """Simulate a part and return how far each figure of each of its rooms or units is off."""
    only = tuple(CAPACITY) if part.name == "rooms" else (part.name,)
    with tempfile.TemporaryDirectory() as folder:
        world = live(Path(folder), goals.FIRST, part.last, part.seed, only=only)
        try:
            if part.name != "rooms":
                return _found(part, part.name, units.judged(world, part.name))
            each = [line for room in CAPACITY for line in _found(part, room, rooms.judged(world, room))]
            return [*each, *_found(part, "all rooms", rooms.withheld(world))]
        finally:
            world.close()


def _found(part: Part, where: str, figures: Mapping[str, float]) -> list[Found]:
    return [Found(name, figure, where, part.seed) for name, figure in figures.items()]
