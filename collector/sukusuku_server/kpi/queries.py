"""Reads what accounting needs of units from the store and the operations data. It takes its time: use threads."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial

from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, HOUR_MS, local_day
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.fixed_rounds import Comparison, FixedRounds, Terms, Travel, UnitFlow, compare, compare_alike
from sukusuku_server.kpi.inflow import flow, of_their_bags
from sukusuku_server.kpi.intervals import Spans, both, standing, union
from sukusuku_server.kpi.unit_month import Kpi, OpenTime, SiteWeight, UnitMonth, open_time, site_weight, total, unit_kpi
from sukusuku_server.kpi.visits import LATE_MS, Visit, visits
from sukusuku_server.model.collection import Emptying, EmptyingState, Forecast
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.travel_matrix import Spot, estimated
from sukusuku_server.settings import Unit, leaves
from sukusuku_server.timeseries import FAULT_CODE
from sukusuku_server.timeseries.protocols import HistoryReader
from sukusuku_server.units.evaluation.judgement import Watched, watched
from sukusuku_server.units.evaluation.truth import SEEN_FULL, Course

HEARD = ("Fill/Percent", "Cycles/Total", "State", "Fault/Code", "Temperature", "Film/Remaining")
"""Any reading of these in an hour says that the unit was not silent in it."""
COUNTING = frozenset(EmptyingState) - {EmptyingState.REJECTED}
_MOST_FAULTS = 10_000_000
_MOST_ALERTS = 100_000
_MOST_RUNS = 10_000
_UP = 1.0
_RECENTLY_MS = 31 * DAY_MS
"""A unit that was heard within so long before is known to have been there, without a look at all of the past."""
_NEEDLESS = 30.0
"""Percent, where no round says what a needless visit is."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison; `ways` says how kilometres were measured, None: no depot with centres on the map."""

    comparison: Comparison
    ways: str | None


@dataclass(frozen=True, slots=True)
class Bag:
    """The bag of a unit at a moment: when it was put in (None: not known), and all emptyings around; UTC ms, in order.

    The bag before it is read, too: it tells which points still show it after it was taken out.
    """

    time: int
    put_in: int | None
    around: Sequence[int]

    @property
    def since(self) -> int:
        """A day before it was put in, `_RECENTLY_MS` before the moment at the earliest."""
        return max(self.time - _RECENTLY_MS, (self.put_in or 0) - DAY_MS)

    def emptied(self, end: int) -> list[int]:
        """Return the emptyings from `since` to before `end`."""
        return [time for time in self.around if self.since <= time < end]


@dataclass(frozen=True, slots=True)
class Presence:
    """From when (UTC ms) until when a centre had a unit within a stretch of time, and the days on which one was heard.

    `begins` and `ends` are the same where it had none.
    """

    begins: int
    ends: int
    heard: frozenset[date]

    @property
    def days(self) -> int:
        """How many local days there are in it."""
        return self.days_in(local_day(self.begins), local_day(self.ends) + timedelta(days=1))

    def days_in(self, first: date, end: date) -> int:
        """How many of its local days lie from `first` to the day before `end`."""
        if self.begins >= self.ends:
            return 0
        last = min(local_day(self.ends - 1), end - timedelta(days=1))
        return max(0, (last - max(local_day(self.begins), first)).days + 1)


class KpiQueries:
    """The accounts of a facility at the moment `now` (UTC ms)."""

    def __init__(self, index: FacilitySchedules, store: HistoryReader, operations: Operations, now: int) -> None:
        self._index = index
        self._facility = index.facility
        self._store = store
        self._emptyings = Emptyings(operations)
        self._rounds = Rounds(operations)
        self._operations = operations
        self._now = now
        self._heard = cache(partial(_heard, store))  # most figures rest on it, and six series are read for each unit

    def visits(self, start: int, end: int, units: Collection[str] | None = None) -> list[Visit]:
        """Visits of some units (all when None) with start <= time < end, in order."""
        before = start - LATE_MS - DAY_MS  # what is planned for one day may be emptied on a later one
        after = end + LATE_MS + DAY_MS  # and a late emptying belongs to the next stop as soon as that has begun
        if units is None:
            runs = self._rounds.with_stops(self._rounds.runs(before, after, _MOST_RUNS))
        else:
            runs = self._rounds.visited(units, before, after)
        needless = {round_.id: round_.needless_percent for round_ in self._facility.round}
        found = visits(runs, self._emptyings.of(units, before, after), needless, self._now)
        return [visit for visit in found if start <= visit.time < end]

    def kpis(self, start: int, end: int) -> tuple[Kpi, list[Kpi]]:
        """All together, and each unit, over start <= time < end, as far as that has come."""
        end = max(start, min(end, self._now))
        found = self.visits(start, end)
        alerts = self._operations.alerts(open_only=False, limit=_MOST_ALERTS)
        fired = [alert.asset for alert in alerts if alert.fired is not None and start <= alert.fired < end]
        kpis = []
        there = self._there(start, end)
        bags = self._bags(there, start)
        for unit, stop in there:
            bag = bags[unit.id]
            percent = self._derived(unit.id, "Fill/Estimate", bag.since, stop)
            heard = self._heard(unit.id, start, stop)
            watched, bad = self._bad(unit.id, heard, start, stop)
            emptied = bag.emptied(stop)
            month = UnitMonth(
                asset=unit.id,
                start=start,
                end=stop,
                opened=self._index.hours[unit.id].spans(watched, stop),
                percent=of_their_bags(percent, emptied),
                emptied=emptied,
                heard=heard,
                bad=bad,
                visits=[visit for visit in found if visit.asset == unit.id],
                due_percent=self._facility.levels(unit).fill_rise,
                bag_ms=unit.collection.bag_hours * HOUR_MS,
                before=bag.put_in,
                kg_per_nappy=unit.collection.kg_on,
                alerts=fired.count(unit.id),
            )
            kpis.append(unit_kpi(month))
        return total(kpis, start, end), kpis

    def open_times(self, units: Iterable[str], start: int, end: int) -> Iterator[tuple[str, OpenTime]]:
        """Yield for each of these units the open time of which the level is known, and that over full, in start to end.

        A unit that has left before is not among them.
        """
        there = self._there(start, end, units)
        bags = self._bags(there, start)
        for unit, stop in there:
            bag = bags[unit.id]
            emptied = bag.emptied(stop)
            points = of_their_bags(self._derived(unit.id, "Fill/Estimate", bag.since, stop), emptied)
            opened = self._index.hours[unit.id].spans(start, stop)
            heard = self._heard(unit.id, start, stop) if points and opened else ()  # most of the questions
            yield unit.id, open_time(points, emptied, opened, heard, stop)

    def watched(self, units: Collection[str], start: int, end: int) -> Watched:
        """Judge the forecasts of units issued in start <= time < end by what was seen of their bags: full, or gone.

        Seen is what the estimate showed. Whatever was measured of the inflow has no part in it.
        """
        issued = defaultdict[str, list[Forecast]](list)
        for forecast in Forecasts(self._operations).issued(None, start, end):
            if forecast.asset in units:
                issued[forecast.asset].append(forecast)
        return watched((own, self._course(unit, own[0].issued)) for unit, own in issued.items())

    def _course(self, asset: str, start: int) -> Course:
        emptied = self._emptied(asset, start - DAY_MS, self._now)
        shown = of_their_bags(self._derived(asset, "Fill/Estimate", start - DAY_MS, self._now), emptied)
        times, percents = [time for time, _ in shown], [percent for _, percent in shown]
        return Course(times or [start], percents or [SEEN_FULL], emptied)

    def weights(self, start: int, end: int) -> list[SiteWeight]:
        """Return what each centre put out in start <= time < end, as far as that has come.

        The days of a centre count from the one on which its first unit was heard, or said to be emptied.
        """
        found = []
        for site, presence in self.presences(start, end).items():
            kg = {unit.id: unit.collection.kg_on for unit in self._index.sites[site].unit}
            own = self._counting(kg, start, end)
            put_out = [(day := local_day(it.time), it.nappies * kg[it.asset](day)) for it in own]
            found.append(site_weight(site, put_out, presence.days, all_fees()))
        return found

    def presences(self, start: int, end: int) -> dict[str, Presence]:
        """Return for each centre since when it has a unit that was heard, and on which days one was."""
        end = max(start, min(end, self._now))
        found = {}
        for site in self._facility.site:
            heard = {unit.id: self._heard(unit.id, start, end) for unit in site.unit}
            there = (self._bad(unit, spans, start, end)[0] for unit, spans in heard.items())
            begins = min([end, *there, *(it.time for it in self._counting(heard, start, end))])
            gone = [leaves(unit) for unit in site.unit]
            stop = end if not gone or None in gone else min(end, max(time for time in gone if time is not None))
            days = {day for spans in heard.values() for span in spans for day in _days(*span)}
            found[site.id] = Presence(begins, max(begins, stop), frozenset(days))
        return found

    def compare(self, per_week: int | None, start: int, end: int) -> Compared | None:
        """Return what fixed rounds would have done; None: there is no estimate in that time.

        Without `per_week` they go as seldom as they can without letting bags be full for longer than they were.
        """
        end = min(end, self._now)
        units = []
        for site, unit in self._index.units.values():
            points = self._derived(unit.id, "Fill/Nappies", start, end)
            if points:
                stop = min(leaves(unit) or end, end)
                opened = self._index.hours[unit.id].spans(points[0][0], stop)
                emptied = self._emptied(unit.id, points[0][0], stop)
                came = flow(of_their_bags(points, emptied), emptied, points[0][0], stop)
                bag = unit.collection
                units.append(UnitFlow(unit.id, site.id, came, bag.nappies_per_bag, bag.kg_on, opened))
        if not units:
            return None
        begins = min(unit.flow.start for unit in units)
        really = {unit.asset: self._emptied(unit.asset, begins, end) for unit in units}
        travel, ways = self._travel()
        round_ = next(iter(self._facility.round), None)
        hour, minute = (12, 0) if round_ is None else map(int, round_.departs.split(":"))
        needless = _NEEDLESS if round_ is None else round_.needless_percent
        at, terms = hour * 60 + minute, Terms(needless, travel, all_fees())
        if per_week is not None:
            return Compared(compare(units, really, FixedRounds(per_week, at), terms, begins, end), ways)
        return Compared(compare_alike(units, really, at, terms, begins, end), ways)

    def _there(self, start: int, end: int, units: Iterable[str] | None = None) -> list[tuple[Unit, int]]:
        """Return the units that had not left at `start`, each with when it left, `end` at the latest; None: of all."""
        known = self._index.units
        each = ((unit, leaves(unit)) for _, unit in (known[it] for it in (known if units is None else units)))
        return [(unit, end if gone is None else min(gone, end)) for unit, gone in each if gone is None or gone > start]

    def _bags(self, there: Sequence[tuple[Unit, int]], time: int) -> dict[str, Bag]:
        """Return the bag that each of these units had up to a moment, and when it was emptied until it leaves.

        An emptying at that very moment ends it: it is the first of the time that begins there.
        """
        units, end = [unit.id for unit, _ in there], max((stop for _, stop in there), default=time)
        put_in = self._emptyings.last_times(units, time - 1)
        emptied = defaultdict[str, list[int]](list)
        for it in self._emptyings.of(units, time - _RECENTLY_MS, end):
            if it.state in COUNTING:
                emptied[it.asset].append(it.time)
        return {unit: Bag(time, put_in.get(unit), emptied[unit]) for unit in units}

    def _counting(self, units: Collection[str], start: int, end: int) -> list[Emptying]:
        found = self._emptyings.of(None, start, min(end, self._now))
        return [it for it in found if it.asset in units and it.state in COUNTING]

    def _emptied(self, asset: str, start: int, end: int) -> list[int]:
        found = self._emptyings.of(asset, start, end)
        return [emptying.time for emptying in found if emptying.state in COUNTING]

    def _derived(self, asset: str, metric: str, start: int, end: int) -> list[tuple[int, float]]:
        points = self._store.derived(asset, metric, start, end)
        return [(point.time, float(point.value)) for point in points if isinstance(point.value, int | float)]

    def _bad(self, asset: str, heard: Spans, start: int, end: int) -> tuple[int, Sequence[tuple[int, int]]]:
        """Return from when on the unit was there, and when it was silent, by the hour, or said that it has a fault.

        A unit that was first heard in the middle was not there before; one that was never heard is there from `end` on.
        """
        known = self._heard(asset, start - _RECENTLY_MS, start) or self._heard(asset, 0, start)
        begins = start if known else heard[0][0] if heard else end
        edges = [begins, *(moment for span in heard for moment in span), end]
        silent = list(zip(edges[::2], edges[1::2], strict=True))
        codes = self._store.raw(asset, FAULT_CODE, start - DAY_MS, end, _MOST_FAULTS)
        faults = [(p.time, _UP if p.quality is Quality.GOOD and p.value else 0.0) for p in codes]
        return begins, both(union([*silent, *standing(faults, _UP, end, DAY_MS)]), [(start, end)])

    def _travel(self) -> tuple[Travel, str | None]:
        """How ways are measured. Centres that are not on the map are no way off."""
        facility = self._facility
        spots = [Spot(site.id, site.place.lat, site.place.lon) for site in facility.site if site.place is not None]
        if not spots or not facility.depot or not facility.vehicle:
            return Travel("", lambda _, __: 0.0, 0.0, 0.0), None
        vehicle = facility.vehicle[0]
        depot = next(depot for depot in facility.depot if depot.id == vehicle.depot)
        matrix = estimated([Spot(depot.id, depot.lat, depot.lon), *spots], facility.routing)
        place = {spot.id: n for n, spot in enumerate(matrix.spots)}

        def km(one: str, other: str) -> float:
            return matrix.km[place[one]][place[other]] if one in place and other in place else 0.0

        return Travel(depot.id, km, vehicle.yen_per_km, vehicle.kg_co2_per_km), matrix.source


def _heard(store: HistoryReader, asset: str, start: int, end: int) -> Spans:
    """Return when a unit was heard, by the hour."""
    first = start - start % HOUR_MS
    hours = {bucket.time for metric in HEARD for bucket in store.hourly(asset, metric, first, end)}
    return both(union((hour, hour + HOUR_MS) for hour in hours), [(start, end)])


def _days(start: int, end: int) -> Iterator[date]:
    """Yield the local days of a stretch of time."""
    first, last = local_day(start), local_day(end - 1)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
