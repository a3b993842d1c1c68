"""Growing pauses between attempts, shortened at random so that a hundred nodes do not come back in the same second."""

import math
import random
from collections.abc import Callable


class Backoff:
    """Pauses: `first`, then each `factor` (above 1) times the one before, at most `limit`; all in one unit of time.

    Each is shortened by up to `jitter` (0 to 1) of itself; `chance` gives numbers from 0 to below 1.
    """

    def __init__(
        self,
        first: float,
        limit: float,
        *,
        factor: float = 2.0,
        jitter: float = 0.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._limit = limit
        self._factor = factor
        self._jitter = jitter
        self._chance = chance
        self._growing = math.log(limit / first, factor)
        """How often a pause grows before it reaches the limit."""
        self._failures = 0

    def after(self, failures: int) -> float:
        """Return the pause after so many failures in a row, 1 or more."""
        grown = failures - 1
        pause = self._limit if grown >= self._growing else self._first * self._factor**grown
        return pause * (1 - self._jitter * self._chance())

    def next(self) -> float:
        """Return the pause after one more failure."""
        self._failures += 1
        return self.after(self._failures)

    def reset(self) -> None:
        """Begin again: an attempt has succeeded."""
        self._failures = 0
