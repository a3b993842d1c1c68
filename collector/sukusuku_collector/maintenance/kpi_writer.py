"""Keeps the accounts as series beside the readings, so that they reach InfluxDB and its boards like everything else.

First all of the past, in steps; then again and again the last days, and whatever else was derived anew because
readings came late or somebody said something about the past. Accounts are made of those centres of which something
has changed (`ledger.py`), and only what is new or differs is written, that of many centres in one transaction.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from sukusuku_collector.maintenance.ledger import Ledger
from sukusuku_core.clock import Clock
from sukusuku_core.model import Reading
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start, local_day
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi import daily_series, series
from sukusuku_server.kpi.daily_series import ON_TIME_DAYS, Diary
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.kpi.unit_month import FULL_UNTIL
from sukusuku_server.kpi.visits import Visit
from sukusuku_server.live.freshness import last_time
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Site
from sukusuku_server.threads import unbroken
from sukusuku_server.timeseries.protocols import DerivedSeries, HistoryReader, LiveReader

LOOK_SECONDS = 5.0
"""Rest between two looks whether there is anything to do."""
SOON_MS = 5 * MINUTE_MS
"""How often the accounts of yesterday and today are written."""
GAP_MS = 3 * SOON_MS
"""After a longer pause between two looks it is not known any more what has changed: all accounts are made anew."""
ANEW_MS = 30_000
"""What was derived anew waits so long after the last time, for a backlog comes in many parts."""
AGAIN_MS = HOUR_MS
"""How often the last week is looked at again: crews answer, visits become late."""
WEEK_MS = 7 * DAY_MS
"""How far back that is, and how much is done in one step."""
SEEN_LATE_MS = DAY_MS
"""What is derived anew may show emptyings that lie that much earlier."""
TOGETHER = 50
"""Centres whose accounts are stored together."""
_MOST_RUNS = 10_000

_log = logging.getLogger(__name__)


class KpiStore(HistoryReader, DerivedSeries, LiveReader, Protocol):
    """Where accounts are read from and kept."""


class Derived(Protocol):
    """How far derivation is."""

    @property
    def current(self) -> bool:
        """Whether everything is derived up to the present."""

    def revised(self) -> Mapping[str, int]:
        """Return from when on (UTC ms) assets were derived anew since this was asked last."""


class KpiWriter:
    """The accounts of one facility. `run` goes on until cancelled.

    Of an operator that is divided, those of its rounds are written where it `leads`. `first` tells the time of the
    oldest reading of the whole operator then; None: that of the store.
    """

    def __init__(
        self,
        index: FacilitySchedules,
        store: KpiStore,
        operations: Operations,
        derived: Derived,
        clock: Clock,
        first: Callable[[], int | None] | None = None,
        *,
        leads: bool = True,
    ) -> None:
        self._leads = leads
        self._first = first or store.first
        self._index = index
        self._store = store
        self._operations = operations
        self._rounds = Rounds(operations)
        self._derived = derived
        self._clock = clock
        self._ledger = Ledger()
        self._since = 0
        """What is still to be written begins here, or nearer to the present."""
        self._anew: dict[str, int] = {}
        """From when on the accounts of centres are to be written because something was derived anew."""
        self._written = self._swept = self._corrected = -AGAIN_MS
        """When that was done last, when for the whole week, and when for what was derived anew."""
        self._ending = False

    async def run(self, sure: Gate = always) -> None:
        """One look after another while the clock is `sure`.

        A store or database that does not answer is reported once and asked again.
        """
        await repeat("KPI series", self.look, LOOK_SECONDS, asyncio.sleep, TransitionLog(_log), sure)

    async def look(self) -> None:
        """Write what is due, step by step, once the past is derived. Raises TransientError; the rest waits then."""
        now, self._ending = self._clock(), False
        for asset, since in self._derived.revised().items():
            if asset in self._index.units:
                site = self._index.units[asset][0].id
                self._anew[site] = min(since - SEEN_LATE_MS, self._anew.get(site, since))
        if not self._derived.current:
            return
        if self._anew and not 0 <= now - max(self._written, self._corrected) < ANEW_MS:
            await self._correct(now)
        if not 0 <= now - self._written < SOON_MS:
            await self._account(now)

    async def _correct(self, now: int) -> None:
        """Write what was derived anew."""
        for start, end in await unbroken(partial(self._steps, min(self._anew.values()), now)):
            sites = [site for site in self._index.facility.site if self._anew.get(site.id, end) < end]
            await unbroken(partial(self._write, sites, start, end, now), self._end)
        self._anew.clear()
        self._corrected = now

    async def _account(self, now: int) -> None:
        """Write what has changed in the last days."""
        if not 0 <= now - self._written <= GAP_MS:
            self._ledger.forget()
        sweep = not 0 <= now - self._swept < AGAIN_MS
        self._since = min(self._since, now - (WEEK_MS if sweep else DAY_MS))
        steps = await unbroken(partial(self._steps, self._since, now))
        for start, end in steps:
            await unbroken(partial(self.write, start, end, now), self._end)
            self._since = end
        if steps:
            self._written, self._swept = now, now if sweep else self._swept
            self._ledger.forget(day_start(local_day(now - WEEK_MS)))

    def _end(self) -> None:
        """Have what is being written end: the centres at hand, fifty at most, are written the next time."""
        self._ending = True

    def _steps(self, since: int, now: int) -> list[tuple[int, int]]:
        """Return what is to be written, in parts that begin at local midnights."""
        first = self._first()
        if first is None:
            return []
        start = day_start(local_day(max(first, since)))
        return [(begin, min(begin + WEEK_MS, now)) for begin in range(start, now, WEEK_MS)]

    def write(self, start: int, end: int, now: int) -> None:
        """Write the accounts of start <= time < end, as they look at `now`, of all of which something has changed.

        `start` is a local midnight.
        """
        recent = self._by_site(KpiQueries(self._index, self._store, self._operations, now).visits(start, end))
        full, heard = set(self._full()), set(self._heard(now))
        due = [
            site
            for site in self._index.facility.site
            if self._ledger.is_due(start, site.id, recent[site.id], full=site.id in full, heard=site.id in heard)
        ]
        today = day_start(local_day(end - 1))
        for points in self._write(due, start, end, now):
            for site, own in points.items():
                known = any(point.metric == series.OVER_FULL and point.time == today for point in own)
                self._ledger.made(start, site, recent[site], full=site in full, known=known)
        if self._leads:
            self._depart(start, end)

    def _write(self, sites: Sequence[Site], start: int, end: int, now: int) -> list[Mapping[str, Sequence[Reading]]]:
        """Write the accounts of these centres; return what was made, by centre, as far as it was not told to end."""
        books, made = KpiQueries(self._index, self._store, self._operations, now), []
        for place in range(0, len(sites), TOGETHER):
            if self._ending:
                break
            some = sites[place : place + TOGETHER]
            points = self._accounts(books, some, start, end)
            self._put({SeriesOwner.SITE.named(site): own for site, own in points.items()}, start, end)
            made.append(points)
        return made

    def _accounts(
        self, books: KpiQueries, sites: Sequence[Site], start: int, end: int
    ) -> Mapping[str, Sequence[Reading]]:
        """Return the series of centres, by their ids; of none when it was told to end meanwhile."""
        all_units = [unit.id for site in sites for unit in site.unit]
        visits = self._by_site(books.visits(start - ON_TIME_DAYS * DAY_MS, end, all_units))
        opened, found = {}, {}
        for unit, times in books.open_times(all_units, start, end):
            if self._ending:
                return {}
            opened[unit] = times
        for site in sites:
            units = {unit.id: unit.collection.kg_on for unit in site.unit}
            diary = Diary(site.id, units, visits[site.id], {unit: opened[unit] for unit in units if unit in opened})
            found[site.id] = daily_series.of_site(diary, local_day(start), local_day(end - 1))
        return found

    def _depart(self, start: int, end: int) -> None:
        """Write the departures of the rounds that have others than at the last look."""
        runs = self._rounds.runs(start, end, _MOST_RUNS)
        departures = {name: list[Reading]() for name in {*self._index.rounds, *(run.plan.round for run in runs)}}
        for run in runs:
            departures[run.plan.round] += daily_series.of_run(run)
        owners = {SeriesOwner.ROUND.named(name): points for name, points in departures.items()}
        due = {
            owner: points
            for owner, points in owners.items()
            if self._ledger.is_due(start, owner, points, full=False, heard=False)
        }
        self._put(due, start, end)
        for owner, points in due.items():
            self._ledger.made(start, owner, points)

    def _by_site(self, visits: Iterable[Visit]) -> Mapping[str, list[Visit]]:
        found = defaultdict[str, list[Visit]](list)
        for visit in visits:
            if visit.asset in self._index.units:
                found[self._index.units[visit.asset][0].id].append(visit)
        return found

    def _full(self) -> Iterator[str]:
        """Yield the centres with a bag that is nearly over full, or still is."""
        newest = self._store.derived_latest()
        for asset, (site, _) in self._index.units.items():
            point = newest.get(asset, {}).get("Fill/Estimate")
            if point is not None and isinstance(point.value, int | float) and point.value >= FULL_UNTIL:
                yield site.id

    def _heard(self, now: int) -> Iterator[str]:
        """Yield the centres that are open and of which a unit was heard of late."""
        latest = self._store.latest()
        for asset, (site, _) in self._index.units.items():
            if self._index.hours[asset].is_open(now) and (last_time(latest.get(asset, {})) or 0) > now - HOUR_MS:
                yield site.id

    def _put(self, accounts: Mapping[str, Sequence[Reading]], start: int, end: int) -> None:
        """Make start <= time < end of each name its points, as far as they are not there yet."""
        together = defaultdict[tuple[int, int], dict[str, Sequence[Reading]]](dict)
        for name, points in accounts.items():
            changed = self._changed(name, start, end, points)
            if changed:
                after, until = min(changed) - 1, max(changed)
                together[after, until][name] = [it for it in points if after < it.time <= until]
        for (after, until), some in together.items():
            self._store.put_all_derived(after, until, some)

    def _changed(self, name: str, start: int, end: int, points: Sequence[Reading]) -> Collection[int]:
        """Return the times at which what is stored differs from these points."""
        metrics = {point.metric for point in points} | set(self._store.derived_metrics(name))
        stored = {
            (metric, point.time, point.value)
            for metric in metrics
            for point in self._store.derived(name, metric, start, end)
        }
        return [time for _, time, _ in stored ^ {(it.metric, it.time, it.value) for it in points}]
