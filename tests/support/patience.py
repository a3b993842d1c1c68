"""How long a test waits for what should happen: so long that a busy machine is no reason to fail."""

import time
from collections.abc import Callable

PATIENCE = 180.0
"""Seconds. A test that waits does so for an event, and gives up only when that will never come."""
_LOOK_SECONDS = 0.05


def until(seen: Callable[[], object], otherwise: str | Callable[[], str], seconds: float = PATIENCE) -> None:
    """Look again and again, at what tells of no event, until it is so. Fails with `otherwise` after so many seconds."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, otherwise if isinstance(otherwise, str) else otherwise()
        time.sleep(_LOOK_SECONDS)
