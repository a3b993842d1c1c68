"""Keeps the accounts as series beside the readings, so that they reach InfluxDB and its boards like everything else.

First all of the past, in steps; then again and again the last days, and whatever else was derived anew because
readings came late or somebody said something about the past. Only what is new or differs is written.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from sukusuku_core.clock import Clock
from sukusuku_core.model import Reading
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start, local_day
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi import daily_series
from sukusuku_server.kpi.daily_series import ON_TIME_DAYS, Diary
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import DerivedSeries, HistoryReader

LOOK_SECONDS = 5.0
"""Rest between two looks whether there is anything to do."""
SOON_MS = 5 * MINUTE_MS
"""How often the accounts of yesterday and today are written."""
ANEW_MS = 30_000
"""What was derived anew waits so long after the last time, for a backlog comes in many parts."""
AGAIN_MS = HOUR_MS
"""How often the last week is looked at again: crews answer, visits become late."""
WEEK_MS = 7 * DAY_MS
"""How far back that is, and how much is done in one step."""
SEEN_LATE_MS = DAY_MS
"""What is derived anew may show emptyings that lie that much earlier."""
_MOST_RUNS = 10_000

_log = logging.getLogger(__name__)


class KpiStore(HistoryReader, DerivedSeries, Protocol):
    """Where accounts are read from and kept."""


class Derived(Protocol):
    """How far derivation is."""

    @property
    def current(self) -> bool:
        """Whether everything is derived up to the present."""

    def revised(self) -> int | None:
        """From when on (UTC ms) something was derived anew since this was asked last; None: nothing was."""


class KpiWriter:
    """The accounts of one facility. `run` goes on until cancelled."""

    def __init__(
        self, index: FacilitySchedules, store: KpiStore, operations: Operations, derived: Derived, clock: Clock
    ) -> None:
        self._index = index
        self._store = store
        self._operations = operations
        self._rounds = Rounds(operations)
        self._derived = derived
        self._clock = clock
        self._since = 0
        """What is still to be written begins here, or nearer to the present."""
        self._anew = False
        """Whether that is because something was derived anew."""
        self._written = self._swept = -AGAIN_MS
        """When that was done last, and when for the whole week."""
        self._ending = False

    async def run(self, sure: Gate = always) -> None:
        """One look after another while the clock is `sure`.

        A store or database that does not answer is reported once and asked again.
        """
        await repeat("KPI series", self.look, LOOK_SECONDS, asyncio.sleep, TransitionLog(_log), sure)

    async def look(self) -> None:
        """Write what is due, step by step, once the past is derived. Raises TransientError; the rest waits then."""
        now, self._ending = self._clock(), False
        revised = self._derived.revised()
        if revised is not None:
            self._since, self._anew = min(self._since, revised - SEEN_LATE_MS), True
        if not self._derived.current or 0 <= now - self._written < (ANEW_MS if self._anew else SOON_MS):
            return
        sweep = not 0 <= now - self._swept < AGAIN_MS
        self._since = min(self._since, now - (WEEK_MS if sweep else DAY_MS))
        steps = await unbroken(partial(self._steps, now))
        for start, end in steps:
            await unbroken(partial(self.write, start, end, now), self._end)
            self._since = end
        if steps:
            self._written, self._swept, self._anew = now, now if sweep else self._swept, False

    def _end(self) -> None:
        """Have what is being written end after this centre: it is written again the next time."""
        self._ending = True

    def _steps(self, now: int) -> list[tuple[int, int]]:
        """Return what is to be written, in parts that begin at local midnights."""
        first = self._store.first()
        if first is None:
            return []
        start = day_start(local_day(max(first, self._since)))
        return [(begin, min(begin + WEEK_MS, now)) for begin in range(start, now, WEEK_MS)]

    def write(self, start: int, end: int, now: int) -> None:
        """Write the accounts of start <= time < end, as they look at `now`; `start` is a local midnight."""
        books = KpiQueries(self._index, self._store, self._operations, now)
        visits = books.visits(start - ON_TIME_DAYS * DAY_MS, end)
        for site in self._index.facility.site:
            if self._ending:
                return
            units = {unit.id: unit.collection.kg_on for unit in site.unit}
            own = [visit for visit in visits if visit.asset in units]
            diary = Diary(site.id, units, own, books.open_times(units, start, end))
            points = daily_series.of_site(diary, local_day(start), local_day(end - 1))
            self._put(SeriesOwner.SITE.named(site.id), start, end, points)
        runs = self._rounds.runs(start, end, _MOST_RUNS)
        for ident in set(self._index.rounds) | {run.plan.round for run in runs}:
            departures = [point for run in runs if run.plan.round == ident for point in daily_series.of_run(run)]
            self._put(SeriesOwner.ROUND.named(ident), start, end, departures)

    def _put(self, asset: str, start: int, end: int, points: Sequence[Reading]) -> None:
        """Make start <= time < end of a name these points, as far as they are not there yet."""
        metrics = {point.metric for point in points} | set(self._store.derived_metrics(asset))
        stored = {
            (metric, point.time, point.value)
            for metric in metrics
            for point in self._store.derived(asset, metric, start, end)
        }
        changed = [time for _, time, _ in stored ^ {(it.metric, it.time, it.value) for it in points}]
        if changed:
            after, until = min(changed) - 1, max(changed)
            self._store.put_derived(asset, after, until, [it for it in points if after < it.time <= until])
