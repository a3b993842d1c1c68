"""The past of the demo: its centres have been living with the product for weeks.

Day by day the units are run until the mail of a round is due. What they told by then is derived as the collector
derives it, the product's own planner makes the plan, and the crew changes the bags of its stops; staff change a bag
that is full before. So what the rounds came to is what planning made of these units, whatever that is.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.model.rounds import Answer, Person, Plan, Run
from sukusuku_server.model.series import DerivedByAsset, Latest, LatestByAsset, Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.timetable import Trip, timetables
from sukusuku_server.settings import Facility
from sukusuku_server.units.derivation import UnitDerivation, UnitProgress
from sukusuku_sim.history import BUSY_MS, RoomPast, UnitPast
from sukusuku_sim.scenario import Scenario
from sukusuku_sim.world import Standing

_STEP_S = 300
_SOLVER_SECONDS = 0.005
"""Enough for a handful of stops; dozens of rounds are planned one after the other."""
_ANSWERED_MS = 2 * MINUTE_MS
"""The crew accepts a round so long after its mail."""


@dataclass
class _Unit:
    """A unit, how far what it told is derived, and the newest of it."""

    past: UnitPast
    derivation: UnitDerivation
    progress: UnitProgress
    latest: dict[str, Reading] = field(default_factory=dict)
    derived: dict[str, Point] = field(default_factory=dict)


class PlannedPast:
    """The past of a facility in begin <= time < end (UTC ms), through which `live` goes.

    `metrics` are what the edge nodes measure of each asset. The clock of the simulation is `ahead` ms ahead. Afterwards
    emptyings and rounds are in the operations data.
    """

    def __init__(
        self,
        facility: Facility,
        scenario: Scenario,
        metrics: Mapping[str, Collection[str]],
        operations: Operations,
        begin: int,
        end: int,
        ahead: int,
    ) -> None:
        quick = msgspec.structs.replace(facility.routing, seconds=_SOLVER_SECONDS)
        self._index = FacilitySchedules(msgspec.structs.replace(facility, routing=quick))
        self._metrics, self._begin, self._end, self._ahead = metrics, begin, end, ahead
        self._dates = timetables(self._index.facility)
        self._now = begin
        self._readings: list[Reading] = []
        self._emptyings, self._rounds = Emptyings(operations), Rounds(operations)
        self._planner = Planner(self._index, self._dates, self, operations)
        self._wanted = {unit.id: unit.fill for unit in scenario.unit}
        self._units = {unit.id: self._unit(UnitPast(scenario, unit, begin + ahead, _STEP_S)) for unit in scenario.unit}
        self._rooms = [RoomPast(scenario, room, begin + ahead, _STEP_S) for room in scenario.room]

    def _unit(self, past: UnitPast) -> _Unit:
        _, settings = self._index.units[past.id]
        derivation = UnitDerivation(past.id, settings.collection, self._index.hours[past.id])
        return _Unit(past, derivation, derivation.start(self._begin))

    def live(self) -> list[Reading]:
        """Return everything that was read; of each series in order. Takes some seconds."""
        for trip in self._trips():
            self._now = trip.mail_at
            for ident, unit in self._units.items():
                unit.past.advance(trip.mail_at + self._ahead)
                self._derive(ident, unit)
            self._collect(trip)
        last = self._end - 1 + self._ahead
        for ident, unit in self._units.items():
            if (wanted := self._wanted[ident]) is not None:
                unit.past.advance(last - BUSY_MS)
                unit.past.bring(wanted, last)
            unit.past.advance(last)
            self._readings += self._told(unit.past)
        for room in self._rooms:
            room.advance(last)
            self._readings += self._told(room)
        return self._readings

    def standing(self) -> Standing:
        """Return how the assets are at the end, for the simulator to go on from."""
        units = {ident: unit.past.unit for ident, unit in self._units.items()}
        return Standing(self._end + self._ahead, units, {room.id: room.room for room in self._rooms})

    # ------------------------------------------------------------ what the planner reads

    def latest(self) -> LatestByAsset:
        """See `LiveReader`. What has not been told anew is as it was: edge nodes leave out what does not change."""
        return {
            ident: {name: Latest(self._now, it.value, Quality.GOOD, self._now) for name, it in unit.latest.items()}
            for ident, unit in self._units.items()
        }

    def derived_latest(self) -> DerivedByAsset:
        """See `LiveReader`."""
        return {ident: unit.derived for ident, unit in self._units.items()}

    # ------------------------------------------------------------ rounds

    def _trips(self) -> list[Trip]:
        """Return the trips that are over by the end, in order."""
        return sorted(
            (trip for ident in self._dates for trip in self._over(ident)), key=lambda trip: (trip.mail_at, trip.round)
        )

    def _over(self, round_id: str) -> Iterator[Trip]:
        for trip in self._dates[round_id].ahead(self._begin):
            if trip.returns >= self._end:
                return
            yield trip

    def _collect(self, trip: Trip) -> None:
        """Plan a round, and drive it."""
        run = self._accepted(self._planner.plan(trip.round, trip.date, trip.mail_at))
        for record in self._rounds.stops(run.id):
            if record.stop.arrives is not None:
                past = self._units[record.stop.asset].past
                past.advance(record.stop.arrives + self._ahead)
                past.empty()
                self._rounds.answer(record.id, Answer.DONE, run.accepted_by or "", past.now - self._ahead)
        self._rounds.close(run.id, trip.returns)

    def _accepted(self, plan: Plan) -> Run:
        """Return the run of a plan, to which the first of its crew has agreed; without a stop nobody is asked."""
        crew = self._index.rounds[plan.round].crew
        if not plan.joined or not crew:
            return self._rounds.put(plan)
        asked = Person(0, 1, crew[0].name, crew[0].mail, crew[0].language, plan.planned)
        run = self._rounds.issue(plan, [asked], lambda _, __: (), plan.planned)
        assert run is not None  # noqa: S101 - nobody else plans these rounds
        self._rounds.accept(run.id, asked.name, plan.planned + _ANSWERED_MS, run.people[0].id)
        return replace(run, accepted_by=asked.name)

    def _derive(self, ident: str, unit: _Unit) -> None:
        """Derive what was told until now."""
        fresh = self._told(unit.past)
        self._readings += fresh
        unit.latest |= {reading.metric: reading for reading in fresh}
        found = unit.derivation.advance(unit.progress, fresh, (), self._now)
        unit.progress = found.state
        unit.derived |= {point.metric: Point(point.time, point.value, Quality.GOOD) for point in found.points}
        if found.emptyings:
            self._emptyings.replace_detected(ident, found.emptyings[0].time - 1, self._now, found.emptyings)

    def _told(self, past: UnitPast | RoomPast) -> list[Reading]:
        """Return what an edge node told, in its own time."""
        known = self._metrics.get(past.id, ())
        return [replace(it, time=it.time - self._ahead) for it in past.told() if it.metric in known]
