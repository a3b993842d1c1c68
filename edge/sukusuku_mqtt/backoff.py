"""Growing pauses between attempts, with jitter so that a hundred nodes do not come back in the same second."""

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Pauses in seconds: from `first`, doubling, at most `most`; each is shortened by up to a half at random."""

    first: float = 0.5
    most: float = 5.0
    _attempt: int = 0

    def next(self) -> float:
        """The pause before the next attempt."""
        pause = min(self.most, self.first * 2.0 ** min(self._attempt, 30))
        self._attempt += 1
        return pause * (0.5 + random.random() / 2)

    def reset(self) -> None:
        """An attempt has succeeded."""
        self._attempt = 0
