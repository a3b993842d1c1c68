"""A collector for several operators: all that are in a folder, or in a database.

An operator whose document comes is taken up while everything runs; one whose document goes is given up.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from sukusuku_collector.operators.served import Served
from sukusuku_collector.operators.shared import Shared
from sukusuku_core.errors import SukusukuError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.facility_document.source import FacilitySource, FacilitySources
from sukusuku_server.facility_document.watching import LOOK_SECONDS
from sukusuku_server.threads import unbroken

_log = logging.getLogger(__name__)


async def run(sources: FacilitySources, stop: asyncio.Event, *, trust_clock: bool = False) -> None:
    """Run until `stop` is set; then end the work for all operators, and give back what is held."""
    shared = Shared()
    served: dict[str, Served] = {}
    problems = TransitionLog(_log)
    while not stop.is_set():
        try:
            found = await unbroken(sources.operators)
        except SukusukuError as error:
            problems.problem(sources.name, "cannot be read, going on with the operators of before", error)
        else:
            if found:
                problems.recovered(sources.name, "read again")
            else:
                problems.problem(sources.name, "no document of any operator in it, so there is nothing to do")
            await _follow(found, served, shared, trust_clock=trust_clock)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
    await _end(list(served.values()))
    await asyncio.to_thread(shared.close)
    _log.info("stopped")


async def _follow(
    found: Mapping[str, FacilitySource], served: dict[str, Served], shared: Shared, *, trust_clock: bool
) -> None:
    """Begin to work for operators that are new, and end for those that have gone."""
    gone = [name for name in served if name not in found]
    for name in gone:
        _log.info("%s: its settings have gone, so nothing is done for it any more", name)
    await _end([served.pop(name) for name in gone])
    for name, source in found.items():
        if name not in served:
            served[name] = Served(name, source, shared, trust_clock=trust_clock)
            served[name].start()


async def _end(ending: list[Served]) -> None:
    for one in ending:
        one.end()
    for one in ending:
        await asyncio.to_thread(one.join)
