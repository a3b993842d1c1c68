"""Packs readings that are older than a day, little by little beside the work."""

import asyncio
import logging
import time
from functools import partial
from typing import Protocol

from sukusuku_core.clock import Clock
from sukusuku_core.errors import SukusukuError
from sukusuku_core.supervision import Gate, always
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.settings.store import StoreSettings
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries import PACKED
from sukusuku_server.timeseries.protocols import Compactable, NoteReader

REST = 3.0
"""Times as long as a step took it rests after it: it takes a quarter of a core at most, and others get to the disk."""
SHORTEST_REST = 0.01
ROUND_SECONDS = 600.0
"""Between two looks for readings that have become old enough, or came late."""
TOLD_SECONDS = 60.0
"""Between two lines of the log about a long past."""

_log = logging.getLogger("sukusuku_collector.maintenance.compaction")


class CompactedStore(Compactable, NoteReader, Protocol):
    """What packs, and notes how far it is."""


class CompactionTask:
    """Goes on until cancelled; `round_seconds` lie between two looks."""

    def __init__(
        self, settings: StoreSettings, store: CompactedStore, clock: Clock, round_seconds: float = ROUND_SECONDS
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._round_seconds = round_seconds
        self._told_at = -TOLD_SECONDS
        self._told: int | None = None

    async def run(self, sure: Gate = always) -> None:
        """Pack while the clock is `sure`. What goes wrong is reported once and tried again: nothing is lost by it."""
        problems = TransitionLog(_log)
        while True:
            try:
                while self._settings.compact_after_days and sure() and await self._step():
                    pass
                problems.recovered("packing old readings", "works again")
            except SukusukuError as error:
                problems.problem("packing old readings", "failed, they take more room until it works", error)
            await asyncio.sleep(self._round_seconds)

    async def _step(self) -> bool:
        before = self._clock() - self._settings.compact_after_days * DAY_MS
        begun = time.monotonic()
        more = await unbroken(partial(self._store.compact, before))
        ended = time.monotonic()
        self._tell(ended, whole=not more)
        if more:
            await asyncio.sleep(max(SHORTEST_REST, REST * (ended - begun)))
        return more

    def _tell(self, now: float, *, whole: bool) -> None:
        """Log how far it is: at the end, and now and then on the way."""
        packed = self._store.noted(PACKED)
        if packed in {None, self._told} or not (whole or now - self._told_at >= TOLD_SECONDS):
            return
        if self._told is not None:
            day = japan_time(packed).date().isoformat()
            _log.info("readings measured before %s are packed%s", day, "" if whole else ", others wait")
        self._told, self._told_at = packed, now
