"""Takes changed settings while the API runs: one new context in the place of the old one, between two requests."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from fastapi.concurrency import run_in_threadpool

from sukusuku_api.access.view import Views
from sukusuku_api.dependencies import Context
from sukusuku_core.supervision import repeat, supervise
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.facility_document.restart import held_back
from sukusuku_server.facility_document.watching import LOOK_SECONDS, Watch, Wrong
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import Facility

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""Until it watches again after something unforeseen."""


class SettingsWatch:
    """Watches the document. `context` returns the context in use, `use` puts another in its place."""

    def __init__(self, document: Watch, context: Callable[[], Context], use: Callable[[Context], None]) -> None:
        self._document = document
        self._context = context
        self._use = use
        self._again = False

    async def run(self) -> None:
        """Watch until cancelled. A document that cannot be read is told once and outlived."""
        watch = partial(repeat, "settings", self.look, LOOK_SECONDS, asyncio.sleep, TransitionLog(log))
        await supervise("settings", watch, RETRY_SECONDS, asyncio.sleep, log)

    async def look(self) -> None:
        """Look once, and use what has changed. Raises TransientError when the document cannot be read."""
        if self._again:  # a request of before may have put a page of before into what pages keep
            self._again = False
            self._use(self._context())
        news = await run_in_threadpool(self._document.look)
        context = self._context()
        if news is None:
            return
        if isinstance(news, Wrong):
            for mistake in news.mistakes:
                log.error("the changed settings are wrong, going on with those of before: %s", mistake)
            self._use(replace(context, mistakes=news.mistakes))
            return
        facility, waiting = held_back(context.facility, news.facility)
        if _is_secure(facility) != _is_secure(context.facility):
            waiting = (*waiting, "web.url")  # it names the cookie of the session
        if waiting:
            log.warning("this change needs a restart: %s", ", ".join(waiting))
        if facility == context.facility:
            self._use(replace(context, mistakes=(), restart=waiting))
            return
        index = FacilitySchedules(facility)
        self._use(
            replace(
                context,
                index=index,
                timetables=timetables(facility),
                whole=index,
                scoped=Views(index),
                mistakes=(),
                restart=waiting,
            )
        )
        self._again = True
        log.info("the changed settings are in use: %d assets", len(self._context().index.assets))


def _is_secure(facility: Facility) -> bool:
    return facility.web.url.lower().startswith("https:")
