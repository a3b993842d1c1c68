"""Loops that outlive what fails in them. The caller passes its `sleep`, so that nothing here needs an event loop."""

import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from sukusuku_core.errors import TransientError
from sukusuku_core.transition_log import TransitionLog

Job = Callable[[], Awaitable[object]]
Gate = Callable[[], bool]
"""Tells whether something may be done now."""
Sleep = Callable[[float], Awaitable[object]]
"""Waits so many seconds, as `asyncio.sleep`."""


async def supervise(
    name: str,
    job: Job,
    pause: float,
    sleep: Sleep,
    log: logging.Logger,
    fatal: type[Exception] | tuple[type[Exception], ...] = (),
) -> NoReturn:
    """Keep a job running: start it again `pause` seconds after it ends, whatever it raises.

    The one place where an unforeseen error ends; each is logged with its traceback. Only `fatal` errors and a
    cancellation come out.
    """
    while True:
        try:
            await job()
        except fatal:
            raise
        except Exception:
            log.exception("%s failed; restarting in %g s", name, pause)
        await sleep(pause)


def always() -> bool:
    """Return True: a gate that is open."""
    return True


async def repeat(
    name: str, job: Job, pause: float, sleep: Sleep, problems: TransitionLog, gate: Gate = always
) -> NoReturn:
    """Do a job again and again, `pause` seconds apart, when its gate is open.

    A TransientError is logged once, and once that it is over. Raises everything else that the job raises.
    """
    while True:
        try:
            if gate():
                await job()
        except TransientError as error:
            problems.problem(name, "failed, retrying", error)
        else:
            problems.recovered(name, "works again")
        await sleep(pause)
