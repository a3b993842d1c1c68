"""Reads what the report on collection needs: the figures of `/kpi`, `/counterfactual` and `/score` of its period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from sukusuku_api.reports.period import Period
from sukusuku_core.time import day_start, local_day
from sukusuku_server.db import Operations
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.queries import Compared, KpiQueries, Presence
from sukusuku_server.kpi.unit_month import Kpi, SiteWeight
from sukusuku_server.kpi.visits import Visit
from sukusuku_server.model.rounds import Run, RunState, StopRecord
from sukusuku_server.model.run_state import state_of
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.timeseries.protocols import HistoryReader
from sukusuku_server.units.evaluation.judgement import Watched
from sukusuku_server.units.forecast_score import Score, Scored, score

_MOST_RUNS = 10_000
_WENT = (RunState.DONE, RunState.UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Headlines:
    """The figures of a period. `days` is on how many of its days there was a unit that was heard.

    `fees` is what disposal costs (yen), by centre: the weight of each day by the tariff of that day.
    """

    period: Period
    total: Kpi
    units: Sequence[Kpi]
    weights: Sequence[SiteWeight]
    fees: Mapping[str, float]
    compared: Compared | None
    scores: Sequence[Score]
    days: int


@dataclass(frozen=True, slots=True)
class Trip:
    """A round that went, with its stops; `whole` is whether all of them are of this report."""

    run: Run
    records: Sequence[StopRecord]
    whole: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened in a period beside its figures. `presences` is by centre."""

    visits: Sequence[Visit]
    presences: dict[str, Presence]
    trips: Sequence[Trip]
    stayed: int
    """How many rounds with stops did not go."""
    scored: Sequence[Scored]
    watched: Watched


class Reader:
    """Reads the accounts of the centres of `index` at the moment `now` (UTC ms)."""

    def __init__(self, index: FacilitySchedules, store: HistoryReader, operations: Operations, now: int) -> None:
        self._index = index
        self._operations = operations
        self._books = KpiQueries(index, store, operations, now)
        self._now = now

    def headlines(self, period: Period) -> Headlines:
        """Return the figures of a period."""
        start, end = self._stretch(period)
        total, units = self._books.kpis(start, end)
        return Headlines(
            period=period,
            total=total,
            units=units,
            weights=self._books.weights(start, end),
            fees=self._fees(start, end),
            compared=self._books.compare(None, start, end),
            scores=score(self._scored(start, end)),
            days=max((presence.days for presence in self._books.presences(start, end).values()), default=0),
        )

    def facts(self, period: Period) -> Facts:
        """Return what happened in a period."""
        start, end = self._stretch(period)
        units = self._index.units
        trips, stayed = self._trips(start, end)
        return Facts(
            visits=[visit for visit in self._books.visits(start, end) if visit.asset in units],
            presences=self._books.presences(start, end),
            trips=trips,
            stayed=stayed,
            scored=self._scored(start, end),
            watched=self._books.watched(units, start, end),
        )

    def _fees(self, start: int, end: int) -> dict[str, float]:
        found = {site.id: 0.0 for site in self._index.facility.site}
        for visit in self._books.visits(start, end):
            if visit.emptied is not None and visit.asset in self._index.units:
                site, unit = self._index.units[visit.asset]
                day = local_day(visit.time)
                found[site.id] += all_fees().on(day).by_weight((visit.nappies or 0.0) * unit.collection.kg_on(day))
        return found

    def _stretch(self, period: Period) -> tuple[int, int]:
        start = day_start(period.first)
        return start, max(start, min(day_start(period.end), self._now))

    def _scored(self, start: int, end: int) -> list[Scored]:
        found = Forecasts(self._operations).scored(None, start, end)
        return [item for item in found if item.forecast.asset in self._index.units]

    def _trips(self, start: int, end: int) -> tuple[list[Trip], int]:
        book, units = Rounds(self._operations), self._index.units
        trips, stayed = [], 0
        for run, records in book.with_stops(book.runs(start, end, _MOST_RUNS)[::-1]):
            joined = [record for record in records if record.stop.joined]
            own = [record for record in joined if record.stop.asset in units]
            if not own:
                continue
            if state_of(run, self._now) in _WENT:
                trips.append(Trip(run, own, whole=len(own) == len(joined)))
            else:
                stayed += 1
        return trips, stayed


def of_site(index: FacilitySchedules, site: str | None) -> FacilitySchedules:
    """Return the facility with one of its centres only; None: with all."""
    if site is None:
        return index
    only = tuple(it for it in index.facility.site if it.id == site)
    return FacilitySchedules(msgspec.structs.replace(index.facility, site=only))
