"""What the figures must reach, by kind of sensing. Shares, not percent."""

import math
from dataclasses import dataclass

INSIDE = (0.75, 0.85)
HIGH_WRONGLY = 0.02


@dataclass(frozen=True, slots=True)
class Goals:
    """Least share of emptyings found, highest share of false ones, least gain of the forecast over the better rule."""

    found: float = 0.99
    false: float = 0.01
    better: float = 0.25


BY_KIND: dict[str, Goals | None] = {
    "level only": Goals(found=0.98),
    "level every 30 min": Goals(found=0.98, false=0.02),
    "level every 2-3 h": Goals(found=0.95, false=0.03, better=0.15),
    "level once a day": None,
}
"""Kinds that others do not: a level alone, and one that is read seldom. None: whole bags come and go between two
readings, so that the figures are printed and have no goal."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal: the lowest and the highest value that reach it (None: no bound), and how it is said."""

    low: float | None = None
    high: float | None = None
    said: str = "-"

    @property
    def judges(self) -> bool:
        """False: the figure is printed and has no goal."""
        return self.low is not None or self.high is not None

    def lacks(self, value: float | None) -> float:
        """Return by how much a value misses the goal, below 0 by how much it reaches it; endless without a value."""
        if value is None:
            return math.inf if self.judges else -math.inf
        gaps = [] if self.low is None else [self.low - value]
        return max([*gaps, *([] if self.high is None else [value - self.high])], default=-value)

    def reached(self, value: float | None) -> bool:
        """Whether a value is good enough. What could not be measured is not."""
        return not self.judges or self.lacks(value) <= 0


def at_least(least: float) -> Goal:
    """Return the goal of a share that should be high."""
    return Goal(low=least, said=f">= {least:.0%}")


def at_most(most: float) -> Goal:
    """Return the goal of a share that should be low."""
    return Goal(high=most, said=f"<= {most:.0%}")


def between(low: float, high: float) -> Goal:
    """Return the goal of a share that should be neither too low nor too high."""
    return Goal(low, high, f"{low:.0%} to {high:.0%}")
