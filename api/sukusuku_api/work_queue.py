"""A queue for answers that take long: so many are made at a time, so many wait, others are to come again later.

Whoever waits here holds no thread. The threads that make every other answer are few, and a report of a year takes
seconds of a processor and hundreds of megabytes: without a queue thirty of them stop everything else.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

from sukusuku_api.problems import ProblemError

_T = TypeVar("_T")

RETRY_SECONDS = 30


class WorkQueue:
    """Makes `at_once` answers at a time, in threads, while `waiting` others wait. For one event loop."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._inside = 0

    async def run(self, work: Callable[[], _T]) -> _T:
        """Return what `work` returns when its turn has come. Raises ProblemError (503) when too many wait."""
        if self._inside >= self._most:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"Too many of these are being made. Try again in {RETRY_SECONDS} seconds.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        self._inside += 1
        try:
            async with self._free:
                return await run_in_threadpool(work)
        finally:
            self._inside -= 1
