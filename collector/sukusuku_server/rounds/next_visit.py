"""Which round comes to a unit next. Pure; alerts, pages, mails, plans and the API ask here and nowhere else.

A round that has a plan comes to its stops only, and only while somebody may still go. A round without a plan comes to
every unit that it serves while the centre is open, as long as it has not departed and its vehicle can go. To a centre
without a place on the map no round comes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sukusuku_server.db.modes import Mode, is_out
from sukusuku_server.model.rounds import Run, StopRecord
from sukusuku_server.model.run_state import is_expected
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.timetable import Timetable, Trip, reaches, serves
from sukusuku_server.settings import Round, there

Runs = Sequence[tuple[Run, Sequence[StopRecord]]]
"""Runs that are not over, with their stops."""


@dataclass(frozen=True, slots=True)
class NextVisit:
    """The round that comes next, UTC ms. `planned`: the unit is a stop of its plan; otherwise it has no plan yet."""

    round: str
    date: date
    departs: int
    returns: int
    planned: bool

    def comes(self, now: int) -> int:
        """Return by when somebody has come at the latest, as far as can be counted on."""
        return self.departs if self.departs > now else self.returns


def next_visits(
    index: FacilitySchedules, timetables: Mapping[str, Timetable], runs: Runs, modes: Collection[Mode], now: int
) -> dict[str, NextVisit]:
    """Return the next visit of each unit by its id; a unit to which no round comes within 400 days is not in it.

    `modes` are the periods of now.
    """
    by_unit: dict[str, NextVisit] = {}
    trips = {
        (site.id, settings.id): _unplanned(index, timetables[settings.id], settings, site.id, runs, modes, now)
        for site in index.facility.site
        for settings in index.facility.round
        if site.unit and site.place is not None and serves(settings, site.id)
    }
    for site, unit in index.units.values():
        if not there((unit,), now):
            continue
        ahead = [_of(run, planned=True) for run, records in runs if _stops(run, records, unit.id, now)]
        coming = (trips.get((site.id, settings.id)) for settings in index.facility.round)
        ahead += [_of(trip, planned=False) for trip in coming if trip is not None]
        if ahead:
            by_unit[unit.id] = min(ahead, key=lambda visit: (visit.comes(now), visit.round))
    return by_unit


def _stops(run: Run, records: Sequence[StopRecord], asset: str, now: int) -> bool:
    return any(record.stop.asset == asset and is_expected(run, record, now) for record in records)


def _unplanned(
    index: FacilitySchedules,
    timetable: Timetable,
    settings: Round,
    site: str,
    runs: Runs,
    modes: Collection[Mode],
    now: int,
) -> Trip | None:
    planned = {run.plan.date for run, _ in runs if run.plan.round == settings.id}
    return next(
        (
            trip
            for trip in timetable.ahead(now)
            if trip.date not in planned
            and not is_out(settings.vehicle, modes, trip.departs)
            and reaches(index.hours[site], trip, settings.service_minutes)
        ),
        None,
    )


def _of(found: Run | Trip, *, planned: bool) -> NextVisit:
    if isinstance(found, Run):
        plan = found.plan
        return NextVisit(plan.round, plan.date, plan.departs, plan.returns, planned)
    return NextVisit(found.round, found.date, found.departs, found.returns, planned)
