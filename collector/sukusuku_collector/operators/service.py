"""A collector for all operators of a folder: each folder in it with a `facility.toml` is one.

An operator whose folder comes is taken up while everything runs; one whose folder goes is given up.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from pathlib import Path

from sukusuku_collector.operators import structs
from sukusuku_collector.operators.served import Served
from sukusuku_collector.operators.shared import Shared
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.facility_document.folder import documents
from sukusuku_server.facility_document.watching import LOOK_SECONDS

_log = logging.getLogger(__name__)


async def run(folder: Path, stop: asyncio.Event, *, trust_clock: bool = False) -> None:
    """Run until `stop` is set; then end the work for all operators, and give back what is held."""
    structs.prepare()
    shared = Shared()
    served: dict[str, Served] = {}
    problems = TransitionLog(_log)
    while not stop.is_set():
        try:
            found = documents(folder)
        except OSError as error:
            problems.problem(str(folder), "cannot be read, going on with the operators of before", error)
        else:
            problems.recovered(str(folder), "read again")
            if not found:
                problems.problem(str(folder), "no folder with a facility.toml in it, so there is nothing to do")
            await _follow(found, served, shared, trust_clock=trust_clock)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
    await _end(list(served.values()))
    await asyncio.to_thread(shared.close)
    _log.info("stopped")


async def _follow(found: Mapping[str, Path], served: dict[str, Served], shared: Shared, *, trust_clock: bool) -> None:
    """Begin to work for operators that are new, and end for those that have gone."""
    gone = [name for name in served if name not in found]
    for name in gone:
        _log.info("%s: its settings have gone, so nothing is done for it any more", name)
    await _end([served.pop(name) for name in gone])
    for name, file in found.items():
        if name not in served:
            served[name] = Served(name, file, shared, trust_clock=trust_clock)
            served[name].start()


async def _end(ending: list[Served]) -> None:
    for one in ending:
        one.end()
    for one in ending:
        await asyncio.to_thread(one.join)
