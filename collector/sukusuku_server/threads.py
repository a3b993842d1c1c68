"""Work in a thread that no cancellation leaves running."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def _wait() -> None:
    """Let the work come to its end by itself."""


async def unbroken(work: Callable[[], _T], stop: Callable[[], object] = _wait) -> _T:
    """Run `work` in a thread. When cancelled, tell it to `stop`, and wait for its end before the cancel goes on."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop()
        await asyncio.gather(task, return_exceptions=True)
        raise
