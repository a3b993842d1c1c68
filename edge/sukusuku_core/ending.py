"""How tasks are ended, and waited for, without losing the word that the one who waits is to end as well.

Whoever awaits a task that was cancelled gets its CancelledError, and cannot tell it from an own one: to suppress it is
to go on although one was told to stop. So nothing here awaits a task itself; `asyncio.wait` raises only what is meant
for whoever waits.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeVar

_T = TypeVar("_T")

AGAIN_SECONDS = 0.5
"""After which a task that goes on is told again: `wait_for` of Python 3.11 loses a word that meets an answer."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """End tasks and wait for their end. Raises what the first of them has failed with, in their order.

    A cancellation of the caller is raised at once; the tasks have been told to end by then.
    """
    told = list(tasks)
    pending = set(told)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    for task in told:
        if not task.cancelled():
            task.result()


async def outcome(task: asyncio.Task[_T]) -> _T | None:
    """Return what a task returns that others may end; None: it was ended. Raises what it raises.

    A cancellation of the caller ends the task, too.
    """
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        raise
    return None if task.cancelled() else task.result()
