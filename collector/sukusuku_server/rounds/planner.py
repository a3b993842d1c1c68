"""Plans a round from what the store and the operations data know. Used by the scheduler and the command line."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from sukusuku_core.errors import PermanentError
from sukusuku_core.model import FaultCode
from sukusuku_core.time import DAY_MS, HOUR_MS, local_day
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.modes import Mode, Modes, is_out
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.live.views import unit_view
from sukusuku_server.model.rounds import FAILING, Answer, Candidate, Plan
from sukusuku_server.model.run_state import is_expected
from sukusuku_server.model.series import LatestByAsset
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds import plan, pyvrp_solver
from sukusuku_server.rounds.candidates import Known, candidate, is_retired, is_silent
from sukusuku_server.rounds.next_visit import Runs
from sukusuku_server.rounds.osrm import measured
from sukusuku_server.rounds.plan import PlanningInput
from sukusuku_server.rounds.routing_problem import Problem, Route
from sukusuku_server.rounds.timetable import Timetable, Trip, reaches, serves
from sukusuku_server.rounds.travel_matrix import Matrix, Spot
from sukusuku_server.settings import Round, Site, Vehicle, there
from sukusuku_server.timeseries.protocols import LiveReader

AHEAD = timedelta(weeks=8)
"""No plan is made further ahead: nothing of what a plan is about is known so early."""
BEFORE_MS = 14 * DAY_MS
"""How far back a round may lie that left a unit out."""
EARLY_MS = 2 * HOUR_MS
"""A crew may be that much earlier than the round departs."""
NEWS_MS = 3 * HOUR_MS
"""An emptying is detected some time after it; one so long before the mail may not have been known to the plan."""


class TooFarAheadError(PermanentError):
    """A plan is wanted for a day of which nothing is known yet."""


class Planner:
    """Plans the rounds of one facility. May block for some seconds (solver, OSRM): call it in a thread."""

    def __init__(
        self,
        index: FacilitySchedules,
        timetables: Mapping[str, Timetable],
        store: LiveReader,
        operations: Operations,
    ) -> None:
        self._index = index
        self._facility = index.facility
        self._timetables = timetables
        self._store = store
        self._emptyings = Emptyings(operations)
        self._requests = Requests(operations)
        self._rounds = Rounds(operations)
        self._modes = Modes(operations)

    def plan(self, round_id: str, day: date, now: int) -> Plan:
        """Return the plan of a round for a date, with what is known at `now` (UTC ms).

        Raises KeyError for an unknown round, TooFarAheadError for a day after `AHEAD`, TransientError when store or
        database do not answer.
        """
        last = local_day(now) + AHEAD
        if day > last:
            raise TooFarAheadError(f"a plan can be made for days up to {last}, eight weeks ahead; found {day}")
        setting, candidates = self._asked(round_id, day, now)
        return plan.make(setting, candidates, now, self._solve)

    def revised(self, told: Plan, answered: Collection[str], now: int) -> Plan | None:
        """Return the plan that takes the place of one that was told; None: nothing has happened that changes it.

        `answered` are the stops (asset ids) for which the crew has answered. Raises as `plan`.
        """
        setting, candidates = self._asked(told.round, told.date, now)
        since = setting.trip.mail_at - NEWS_MS
        return plan.revised(setting, candidates, told, answered, since, now, self._solve)

    def _asked(self, round_id: str, day: date, now: int) -> tuple[PlanningInput, list[Candidate]]:
        settings = self._index.rounds[round_id]
        trip = self._timetables[round_id].trip(day)
        sites = [site for site in self._facility.site if serves(settings, site.id)]
        opening = self._index.hours
        latest, derived = self._store.latest(), self._store.derived_latest()
        modes = self._modes.active(now)
        known = self._known(settings, trip, sites, latest, modes, now)
        candidates: list[Candidate] = []
        for site in sites:
            for unit in there(site.unit, now):
                values = latest.get(unit.id, {})
                view = unit_view(self._facility, site.id, unit, values, now, derived.get(unit.id, {}))
                ahead = None if is_silent(view, values, now) else view.outlook
                fault = view.fault != FaultCode.NONE
                candidates.append(candidate(site, unit, ahead, known, opening[site.id], fault=fault))
        vehicle = next(vehicle for vehicle in self._facility.vehicle if vehicle.id == settings.vehicle)
        setting = PlanningInput(
            round=settings,
            vehicle=vehicle,
            trip=trip,
            after={site.id: self._after(site, trip, modes) for site in sites},
            open={site.id: opening[site.id].spans(trip.departs, trip.returns) for site in sites},
            measure=partial(self._matrix, vehicle, sites),
            out=is_out(vehicle.id, modes, trip.departs),
        )
        return setting, candidates

    def _solve(self, problem: Problem) -> tuple[Route, ...] | None:
        routing = self._facility.routing
        return pyvrp_solver.solve(problem, seconds=routing.seconds, seed=routing.seed)

    def _known(
        self,
        settings: Round,
        trip: Trip,
        sites: Sequence[Site],
        latest: LatestByAsset,
        modes: Collection[Mode],
        now: int,
    ) -> Known:
        units = [unit.id for site in sites for unit in there(site.unit, now)]
        emptied = self._emptyings.last_times(units, now)
        asked = {request.asset: request.time for request in reversed(self._requests.standing())}
        before = self._rounds.runs(trip.departs - BEFORE_MS, trip.returns)
        runs = self._rounds.with_stops([run for run in before if (run.plan.round, run.plan.date) != _key(trip)])
        return Known(
            now,
            trip,
            settings.risk,
            emptied,
            asked,
            waited=waited(runs, emptied, trip.departs),
            covered=covered(runs, trip, now),
            retired={unit for unit in units if is_retired(unit, latest.get(unit, {}), modes)},
        )

    def _after(self, site: Site, trip: Trip, modes: Collection[Mode]) -> Trip | None:
        """Return the next trip of any round that reaches a site after this one has departed, maybe on the same day."""
        hours, trips = self._index.hours[site.id], []
        for settings in self._facility.round:
            if serves(settings, site.id):
                ahead = self._timetables[settings.id].ahead(trip.departs)
                ahead = (found for found in ahead if not is_out(settings.vehicle, modes, found.departs))
                trips.append(next((found for found in ahead if reaches(hours, found, settings.service_minutes)), None))
        return min((found for found in trips if found is not None), key=lambda found: found.departs, default=None)

    def _matrix(self, vehicle: Vehicle, sites: Sequence[Site]) -> Matrix:
        depot = next(depot for depot in self._facility.depot if depot.id == vehicle.depot)
        spots = [Spot(depot.id, depot.lat, depot.lon)]
        spots += [Spot(site.id, site.place.lat, site.place.lon) for site in sites if site.place is not None]
        return measured(spots, self._facility.routing)


def waited(runs: Runs, emptied: Mapping[str, int], departs: int) -> set[str]:
    """Return the units that the last round before `departs` should have emptied, or left out though they needed it.

    A stop of which nobody knew the level does not count: nothing is seen of its emptying either. `runs` come newest
    first.
    """
    last: dict[str, bool] = {}
    for run, records in runs:
        for record in records:
            asset, stop = record.stop.asset, record.stop
            needed = stop.reason in FAILING or (stop.joined and stop.percent is not None)
            answered = record.answer in {Answer.DONE, Answer.NEEDLESS}
            since = emptied.get(asset)
            if run.plan.departs < departs:
                last.setdefault(
                    asset, needed and not answered and (since is None or since < run.plan.departs - EARLY_MS)
                )
    return {asset for asset, waits in last.items() if waits}


def covered(runs: Runs, trip: Trip, now: int) -> set[str]:
    """Return the units at which another round stops that departs no later and is not over; of two at once the first.

    Rounds are in the order of their ids where they depart together.
    """
    return {
        record.stop.asset
        for run, records in runs
        if (run.plan.departs, run.plan.round) < (trip.departs, trip.round)
        for record in records
        if is_expected(run, record, now)
    }


def _key(trip: Trip) -> tuple[str, date]:
    return trip.round, trip.date
