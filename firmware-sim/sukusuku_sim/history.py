"""A simulated past: the same models, run fast through calendar time, as readings of assets."""

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sukusuku_core.model import Reading, UnitState
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_sim import calendar
from sukusuku_sim import room as rooms
from sukusuku_sim import unit as units
from sukusuku_sim.calendar import OpeningHours
from sukusuku_sim.room import Room, RoomParameters
from sukusuku_sim.scenario import RoomSettings, Scenario, UnitSettings
from sukusuku_sim.unit import NAPPIES_IN_A_HAND, Unit, UnitParameters
from sukusuku_sim.world import first as first_unit
from sukusuku_sim.world import random_numbers

BUSY_MS = 90 * MINUTE_MS
"""Length of the end of a past in which a unit is brought to the fill level at which its scenario wants it."""
BROUGHT = 1.5
"""Nappies short of that level at which nobody brings more: the next hand could be too full."""
WORK_MS = MINUTE_MS
"""How long it takes to change a bag."""
FILM_CHANGED = 20.0
"""Percent left at which staff put in a new film."""
STEPS = {"Fill/Percent": 0.5, "Film/Remaining": 0.5, "Temperature": 0.7}
"""Smallest changes that are reported."""
REFRESH_MS = 30 * MINUTE_MS
"""An unchanged value is reported again after this, so that a quiet night can be told from a silent device."""
TEMPERATURE_EVERY_MS = 30 * MINUTE_MS
EMPTY_MM, FULL_MM = 900.0, 150.0
REPORTED_STATES = frozenset({UnitState.IDLE, UnitState.BAG_FULL, UnitState.JAM, UnitState.FILM_OUT})
"""The short phases of a cycle are left out."""
_MEAN_HAND = sum(NAPPIES_IN_A_HAND) / len(NAPPIES_IN_A_HAND)
_AT_MOST_AT_FIRST = 0.5
"""How full a bag may be when a past begins."""


Watch = Callable[[str, int, Unit | Room], None]
"""Is told how an asset (id) really is from a time (UTC ms) on, after each step."""


def _nobody(_asset: str, _time: int, _state: Unit | Room) -> None:
    """Watch nothing."""


def generate(
    scenario: Scenario, start_ms: int, end_ms: int, step_s: float = 60.0, watch: Watch = _nobody
) -> Iterator[Reading]:
    """Yield readings in [start_ms, end_ms), by time, reported by exception and at the latest every half hour.

    Each series has strictly increasing times. The same scenario and times give the same readings. Counters begin with
    what the scenario says. `watch` is told the truth of each asset, asset by asset.
    """
    pasts: list[UnitPast | RoomPast] = [UnitPast(scenario, unit, start_ms, step_s, watch) for unit in scenario.unit]
    pasts += [RoomPast(scenario, room, start_ms, step_s, watch) for room in scenario.room]
    for past in pasts:
        past.advance(end_ms - 1)
    return heapq.merge(*(past.told() for past in pasts), key=lambda reading: reading.time)


class _Reporter:
    """Reports by exception: what has not changed (enough) is not said again."""

    def __init__(self, asset: str) -> None:
        self._asset = asset
        self._last: dict[str, tuple[float, int]] = {}
        self._readings: list[Reading] = []

    def report(self, time: int, values: Mapping[str, float]) -> None:
        for metric, value in values.items():
            last, since = self._last.get(metric, (math.inf, 0))
            if time - since >= REFRESH_MS or (value != last and abs(value - last) >= STEPS.get(metric, 0)):
                self._last[metric] = (value, time)
                self._readings.append(Reading(self._asset, metric, time, value))

    def told(self) -> list[Reading]:
        """Return what was reported since this was asked last."""
        told, self._readings = self._readings, []
        return told


class UnitPast:
    """A unit that is run fast through calendar time. `unit` is how it is at `now` (UTC ms)."""

    def __init__(
        self, scenario: Scenario, settings: UnitSettings, start: int, step_s: float, watch: Watch = _nobody
    ) -> None:
        self.id = settings.id
        self._settings = settings
        # Staff change the film in good time, so none runs out: how much is left follows from the counter.
        self._parameters = replace(scenario.unit_parameters(settings), film_cycles=math.inf)
        self._film_cycles = scenario.unit_parameters(settings).film_cycles
        self._rng = random_numbers(scenario, settings.id, "history")
        self._step_s = step_s
        self._watch = watch
        self._reporter = _Reporter(settings.id)
        self._warm = self._measured = -1
        volume = settings.capacity * self._rng.uniform(0, _AT_MOST_AT_FIRST)
        self._unit = replace(first_unit(settings), volume=volume, nappies=round(volume))
        self.now = start + round(self._rng.random() * step_s * 1000)

    def told(self) -> list[Reading]:
        """Return what it has told since this was asked last, in order."""
        return self._reporter.told()

    @property
    def unit(self) -> Unit:
        """How it is now."""
        return replace(self._unit, film=self._film())

    def advance(self, until: int) -> None:
        """Live until a moment (UTC ms)."""
        while self.now < until:
            self._step(self._parameters, min(_next_step(self._parameters.hours, self.now, self._step_s), until))

    def bring(self, percent: float, until: int) -> None:
        """Live until a moment (UTC ms), while so much is brought that the bag is this full then.

        A bag that is fuller before is changed. What is missing or too much by half a hand at the end is made up.
        """
        target = self._settings.capacity * percent / 100
        if self._unit.volume > target:
            self.empty()
        step = round(self._step_s * 1000)
        while self.now < until - 2 * step:
            gap = target - self._unit.volume
            self._step(_bringing(self._parameters, gap, self.now, until), self.now + step)
        self._step(_bringing(self._parameters, 0, self.now, until), until - step)
        self._unit, _ = units.fill_to(self._unit, self._parameters, percent, self._rng)
        self._step(_bringing(self._parameters, 0, self.now, until), until)

    def empty(self) -> None:
        """Have the bag changed by somebody who waits until the unit rests."""
        while self._unit.phase not in units.AT_REST:
            self.advance(self.now + WORK_MS)
        self._unit, _ = units.empty(self._unit, self._parameters, self._rng)
        self.advance(self.now + WORK_MS)

    def _step(self, parameters: UnitParameters, until: int) -> None:
        self._unit, _ = units.step(self._unit, parameters, self.now, (until - self.now) / 1000, self._rng)
        self.now = until
        self._watch(self.id, until, self._unit)
        values = _unit_values(self._unit, parameters) | {"Film/Remaining": self._film()}
        if parameters.level.every_ms is not None and self._unit.level.slot == self._measured:
            del values["Fill/Percent"]  # its sensor sleeps
        self._measured = self._unit.level.slot
        self._reporter.report(until, values)
        if until // TEMPERATURE_EVERY_MS != self._warm:
            self._warm = until // TEMPERATURE_EVERY_MS
            self._reporter.report(until, {"Temperature": round(self._unit.temperature, 1)})

    def _film(self) -> float:
        used = (self._unit.cycles - self._settings.cycles) * 100 / self._film_cycles
        return round(FILM_CHANGED + (self._settings.film - used - FILM_CHANGED) % (100 - FILM_CHANGED), 1)


def _next_step(hours: OpeningHours, now: int, step_s: float, *, idle: bool = True) -> int:
    """Return the end of the step that begins now: longer steps in a closed centre, when nothing goes on there."""
    if hours.is_open(now) or not idle:
        return now + round(step_s * 1000)
    return min(hours.next_opening(now), now + REFRESH_MS)


def _bringing(parameters: UnitParameters, gap: float, now: int, end: int) -> UnitParameters:
    """Parameters under which `gap` nappies will have come at the end (UTC ms)."""
    rate = 0.0
    if gap > BROUGHT:
        rate = gap / _MEAN_HAND / ((end - now) / HOUR_MS) / calendar.activity(now)
    return replace(parameters, deposits_per_hour=rate, empty_at=None, jam_chance=0)


def _unit_values(unit: Unit, parameters: UnitParameters) -> dict[str, float]:
    distance = round(unit.distance(parameters, EMPTY_MM, FULL_MM))
    values: dict[str, float] = {
        "Fill/Percent": round(max(0.0, (EMPTY_MM - distance) / (EMPTY_MM - FULL_MM) * 100), 1),
        "Cycles/Total": unit.cycles,
        "Fault/Code": int(unit.fault),
    }
    if unit.phase in REPORTED_STATES:
        values["State"] = int(unit.phase)
    return values


class RoomPast:
    """A room that is run fast through calendar time. `room` is how it is at `now` (UTC ms)."""

    def __init__(
        self, scenario: Scenario, settings: RoomSettings, start: int, step_s: float, watch: Watch = _nobody
    ) -> None:
        self.id = settings.id
        self._parameters = scenario.room_parameters(settings)
        self._rng = random_numbers(scenario, settings.id, "history")
        self._step_s = step_s
        self._watch = watch
        self._reporter = _Reporter(settings.id)
        self.room = Room()
        self.now = start + round(self._rng.random() * step_s * 1000)

    def told(self) -> list[Reading]:
        """Return what it has told since this was asked last, in order."""
        return self._reporter.told()

    def advance(self, until: int) -> None:
        """Live until a moment (UTC ms)."""
        while self.now < until:
            self._watch(self.id, self.now, self.room)
            self._reporter.report(self.now, _room_values(self.room, self._parameters, self.now))
            then = min(_next_step(self._parameters.hours, self.now, self._step_s, idle=not self.room.people), until)
            seconds = (then - self.now) / 1000
            self.room, _ = rooms.step(self.room, self._parameters, self.now, seconds, self._rng)
            self.now = then


def _room_values(room: Room, parameters: RoomParameters, now: int) -> dict[str, float]:
    values: dict[str, float] = {
        "Occupancy/Count": room.people,
        "Occupancy/Children": len(room.children),
        "Entries/Total": room.people_in,
        "Exits/Total": room.people_out,
        "Entries/Children": room.children_in,
        "Exits/Children": room.children_out,
    }
    if parameters.motion < 1:
        values["Presence"] = rooms.detected(room.people, parameters, now)
    for place, zone in enumerate(parameters.zones):
        values[f"Zones/{zone}/Count"] = room.people_at(place)
        values[f"Zones/{zone}/Children"] = room.children_at(place)
    return values
