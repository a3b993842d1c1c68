"""Time, as every process hands it to the rules: UTC milliseconds."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the present in UTC ms. Injected, so that tests and replays have their own present."""


def now_ms() -> int:
    """Return the clock of the machine."""
    return time.time_ns() // 1_000_000
