"""Plans a round from what the store and the operations data know. Used by the scheduler and the command line."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from sukusuku_core.model import FaultCode
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.live.views import unit_view
from sukusuku_server.model.rounds import Candidate, Plan
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds import plan, pyvrp_solver
from sukusuku_server.rounds.candidates import Known, candidate, is_silent
from sukusuku_server.rounds.osrm import measured
from sukusuku_server.rounds.timetable import Timetable, Trip
from sukusuku_server.rounds.travel_matrix import Matrix, Spot
from sukusuku_server.settings import Round, Site, Vehicle, there
from sukusuku_server.timeseries.protocols import LiveReader


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

    def plan(self, round_id: str, day: date, now: int) -> Plan:
        """Return the plan of a round for a date, with what is known at `now` (UTC ms).

        Raises KeyError for an unknown round, TransientError when store or database do not answer.
        """
        settings = self._index.rounds[round_id]
        trip = self._timetables[round_id].trip(day)
        sites = [site for site in self._facility.site if _serves(settings, site)]
        opening = self._index.hours
        latest, derived = self._store.latest(), self._store.derived_latest()
        known = self._known(settings, trip, sites, now)
        candidates: list[Candidate] = []
        for site in sites:
            for unit in there(site.unit, now):
                values = latest.get(unit.id, {})
                view = unit_view(self._facility, site.id, unit, values, now, derived.get(unit.id, {}))
                ahead = None if is_silent(view, values, now) else view.outlook
                fault = view.fault != FaultCode.NONE
                candidates.append(candidate(site, unit, ahead, known, opening[site.id], fault=fault))
        vehicle = next(vehicle for vehicle in self._facility.vehicle if vehicle.id == settings.vehicle)
        setting = plan.PlanningInput(
            round=settings,
            vehicle=vehicle,
            trip=trip,
            after={site.id: self._after(site, opening[site.id], trip) for site in sites},
            open={site.id: opening[site.id].spans(trip.departs, trip.returns) for site in sites},
            matrix=self._matrix(vehicle, sites),
        )
        routing = self._facility.routing
        return plan.make(
            setting, candidates, now, partial(pyvrp_solver.solve, seconds=routing.seconds, seed=routing.seed)
        )

    def _known(self, settings: Round, trip: Trip, sites: Sequence[Site], now: int) -> Known:
        emptied = {
            unit.id: last.time
            for site in sites
            for unit in there(site.unit, now)
            if (last := self._emptyings.last(unit.id, now)) is not None
        }
        asked = {request.asset: request.time for request in reversed(self._requests.standing())}
        return Known(now, trip, settings.risk, emptied, asked)

    def _after(self, site: Site, opening: OpeningHours, trip: Trip) -> Trip | None:
        """Return the next trip of any round that serves a site, while it is open."""
        trips = []
        for settings in self._facility.round:
            if _serves(settings, site):
                found = self._timetables[settings.id].following(trip.date)
                while found is not None and not opening.spans(found.departs, found.returns):
                    found = self._timetables[settings.id].following(found.date)
                trips.append(found)
        return min((found for found in trips if found is not None), key=lambda found: found.departs, default=None)

    def _matrix(self, vehicle: Vehicle, sites: Sequence[Site]) -> Matrix:
        depot = next(depot for depot in self._facility.depot if depot.id == vehicle.depot)
        spots = [Spot(depot.id, depot.lat, depot.lon)]
        spots += [Spot(site.id, site.place.lat, site.place.lon) for site in sites if site.place is not None]
        return measured(spots, self._facility.routing)


def _serves(settings: Round, site: Site) -> bool:
    return not settings.sites or site.id in settings.sites
