"""The operators of a process that are being opened: edge nodes wait for them, so what can wait lets them go first.

Of the processor time until everything has been looked at once, hearing the edge nodes takes a third.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

LONGEST = 5.0
"""For so many seconds one waits for its own broker, and as long for the other operators."""
_LOOK_SECONDS = 0.1


class Openings:
    """See the module. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[object] = set()

    @contextlib.contextmanager
    def one(self) -> Iterator["Opening"]:
        """Provide the opening of an operator; it is over at the end of the block at the latest."""
        opening = Opening(self)
        with self._lock:
            self._open.add(opening)
        try:
            yield opening
        finally:
            self.end(opening)

    def end(self, opening: object) -> None:
        """Take note that one is over."""
        with self._lock:
            self._open.discard(opening)

    def any(self) -> bool:
        """Whether one is not over."""
        return bool(self._open)


class Opening:
    """The opening of one operator."""

    def __init__(self, openings: Openings) -> None:
        self._openings = openings

    async def over(self, heard: Callable[[], bool]) -> None:
        """Wait until this operator's edge nodes can be heard, then until those of the others can; not for ever."""
        await _until(heard)
        self._openings.end(self)
        await _until(lambda: not self._openings.any())


async def _until(holds: Callable[[], bool]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST):
            while not holds():  # noqa: ASYNC110 - other threads tell, and they have no event of this loop
                await asyncio.sleep(_LOOK_SECONDS)
