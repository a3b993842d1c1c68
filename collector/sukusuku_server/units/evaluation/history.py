"""The derivation over a plain history of levels: nothing counts cycles, nothing tells of lids. Pure.

found = derive("paper", levels)                  # as read
found = derive("paper", drawn(levels, 30 * MINUTE_MS))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.collection import Emptying, Forecast
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units.derivation import Hours, UnitDerivation, UnitProgress

Levels = Sequence[tuple[int, float]]
"""(UTC ms, percent) as the sensor said it, in order of time, a time once."""
Shown = Callable[[float, float], None]
"""Is told how many levels are derived, and how many there are."""

HELD_MS = 6 * HOUR_MS
"""A value is repeated for so long at most; what lies beyond is a silence."""


class AlwaysOpen:
    """A place without opening hours: something may come at any time."""

    def is_open(self, ms: int) -> bool:  # noqa: ARG002 - the answer is the same for each moment
        """See `derivation.Hours`."""
        return True

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """See `derivation.Hours`."""
        return [(start, end)] if start < end else []


@dataclass(slots=True)
class Derived:
    """What was derived of a unit, in order."""

    points: list[Reading] = field(default_factory=list)
    emptyings: list[Emptying] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    state: UnitProgress | None = None
    """What is known in the end."""

    def add(self, advanced: Advanced[UnitProgress]) -> UnitProgress:
        """Take a step of the derivation; return its state."""
        self.points += advanced.points
        self.emptyings += advanced.emptyings
        self.forecasts += advanced.forecasts
        self.state = advanced.state
        return advanced.state

    def estimates(self) -> list[tuple[int, float]]:
        """(time, percent) of the fill level."""
        return [(point.time, float(point.value or 0)) for point in self.points if point.metric == "Fill/Estimate"]


def _unseen(_done: float, _whole: float) -> None:
    """Nobody watches."""


def drawn(levels: Levels, every: int) -> list[tuple[int, float]]:
    """Return what a sensor that repeats itself every `every` ms would have said: the last value, held.

    Silences of more than `HELD_MS` stay silences.
    """
    found: list[tuple[int, float]] = []
    for (time, percent), (after, _) in zip(levels, [*levels[1:], (levels[-1][0] + 1, 0.0)], strict=True):
        begin = -(-time // every) * every
        found += ((at, percent) for at in range(begin, min(after, time + HELD_MS), every))
    return found


def derive(
    asset: str,
    levels: Levels,
    settings: Collection | None = None,
    opening: Hours | None = None,
    shown: Shown = _unseen,
) -> Derived:
    """Derive a history day by day, as the collector would have done; everything is taken for GOOD."""
    derivation, found = UnitDerivation(asset, settings or Collection(), opening or AlwaysOpen()), Derived()
    if not levels:
        return found
    until = levels[0][0] - 1
    state, place = derivation.start(until), 0
    while place < len(levels):
        until += DAY_MS
        begin = place
        while place < len(levels) and levels[place][0] <= until:
            place += 1
        day = [Reading(asset, "Fill/Percent", time, percent) for time, percent in levels[begin:place]]
        state = found.add(derivation.advance(state, day, (), until))
        shown(float(place), float(len(levels)))
    return found
