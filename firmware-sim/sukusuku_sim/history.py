"""A simulated past: the same models, run fast through calendar time, as readings of assets."""

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from sukusuku_core.errors import ConfigError
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

APPROACH_MS = 120 * MINUTE_MS
"""Length of the end of the history in which a unit is brought to the fill level that the scenario starts it with."""
APPROACH_BELOW = 1.5
"""Nappies short of that level at which the bringing ends: the next hand could be too full."""
EMPTY_MS = 45 * MINUTE_MS
"""Length of the end of the history in which nobody is in the rooms: whoever is in when the live simulation begins comes
in then."""
STEPS = {"Fill/Percent": 0.5, "Film/Remaining": 0.5, "Temperature": 0.7}
"""Smallest changes that are reported."""
REFRESH_MS = 30 * MINUTE_MS
"""An unchanged value is reported again after this, so that a quiet night can be told from a silent device."""
TEMPERATURE_EVERY_MS = 30 * MINUTE_MS
EMPTY_MM, FULL_MM = 900.0, 150.0
REPORTED_STATES = frozenset({UnitState.IDLE, UnitState.BAG_FULL, UnitState.JAM, UnitState.FILM_OUT})
"""The short phases of a cycle are left out."""
_ALWAYS = OpeningHours(frozenset(range(7)), 0, 24 * 60)
_MEAN_HAND = sum(NAPPIES_IN_A_HAND) / len(NAPPIES_IN_A_HAND)


Watch = Callable[[str, int, Unit | Room], None]
"""Is told how an asset (id) really is from a time (UTC ms) on, after each step."""


def generate(
    scenario: Scenario, start_ms: int, end_ms: int, step_s: float = 60.0, watch: Watch = lambda _, __, ___: None
) -> Iterator[Reading]:
    """Yield readings in [start_ms, end_ms), by time, reported by exception and at the latest every half hour.

    Each series has strictly increasing times. The same scenario and times give the same readings. The last values of
    `Cycles/Total`, `Fill/Percent` and `Film/Remaining` are those that the scenario starts its units with, so that the
    live simulation goes on from there; for the fill level, the last two hours are arranged to that end. The rooms are
    empty in the last three quarters of an hour. `watch` is told the truth of each asset, asset by asset.
    """
    histories = [_unit_history(scenario, unit, start_ms, end_ms, step_s, watch) for unit in scenario.unit]
    histories += [_room_history(scenario, room, start_ms, end_ms, step_s, watch) for room in scenario.room]
    return heapq.merge(*histories, key=lambda reading: reading.time)


class _Reporter:
    """Reports by exception: what has not changed (enough) is not said again."""

    def __init__(self, asset: str) -> None:
        self._asset = asset
        self._last: dict[str, tuple[float, int]] = {}
        self.readings: list[Reading] = []

    def report(self, time: int, values: Mapping[str, float]) -> None:
        for metric, value in values.items():
            last, since = self._last.get(metric, (math.inf, 0))
            if time - since >= REFRESH_MS or (value != last and abs(value - last) >= STEPS.get(metric, 0)):
                self._last[metric] = (value, time)
                self.readings.append(Reading(self._asset, metric, time, value))


def _unit_history(
    scenario: Scenario, settings: UnitSettings, start: int, end: int, step_s: float, watch: Watch
) -> list[Reading]:
    parameters = scenario.unit_parameters(settings)
    # Staff change the film in good time; how much is left follows from the counter once its end is known.
    parameters = replace(parameters, film_cycles=math.inf)
    rng = random_numbers(scenario, settings.id, "history")
    target = first_unit(settings)
    unit = Unit(volume=parameters.capacity * rng.uniform(0, 0.5))
    reporter = _Reporter(settings.id)
    turn = end - APPROACH_MS
    now = start + round(rng.random() * step_s * 1000)
    warm = measured = -1
    while now < end:
        if now < turn:
            until = min(_next_step(parameters.hours, now, step_s, idle=True), turn)
            unit, _ = units.step(unit, parameters, now, (until - now) / 1000, rng)
        else:
            if now == turn and unit.volume > target.volume:
                unit, _ = units.fill_to(unit, parameters, 0, rng)
            until = now + round(step_s * 1000)
            bringing = _bringing(parameters, target.volume - unit.volume, now, end)
            unit, _ = units.step(unit, bringing, now, (until - now) / 1000, rng)
        if until >= end:
            unit = replace(target, cycles=unit.cycles, temperature=unit.temperature)
            until = end - 1
        watch(settings.id, until, unit)
        values = _unit_values(unit, parameters)
        if parameters.level.every_ms is not None and unit.level.slot == measured and until < end - 1:
            del values["Fill/Percent"]  # its sensor sleeps
        measured = unit.level.slot
        reporter.report(until, values)
        if until // TEMPERATURE_EVERY_MS != warm:
            warm = until // TEMPERATURE_EVERY_MS
            reporter.report(until, {"Temperature": round(unit.temperature, 1)})
        now = until if until < end - 1 else end
    return list(_counted(settings, scenario.unit_parameters(settings), reporter.readings, unit.cycles))


def _next_step(hours: OpeningHours, now: int, step_s: float, *, idle: bool) -> int:
    """Return the end of the step that begins now: longer steps in a closed centre, when nothing goes on there."""
    if hours.is_open(now) or not idle:
        return now + round(step_s * 1000)
    return min(hours.next_opening(now), now + REFRESH_MS)


def _bringing(parameters: UnitParameters, gap: float, now: int, end: int) -> UnitParameters:
    """Parameters under which `gap` nappies will have come when the history ends."""
    rate = 0.0
    if gap > APPROACH_BELOW:
        rate = gap / _MEAN_HAND / ((end - now) / HOUR_MS) / calendar.activity(now)
    return replace(parameters, hours=_ALWAYS, deposits_per_hour=rate, empty_at=None, jam_chance=0)


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


def _counted(
    settings: UnitSettings, parameters: UnitParameters, readings: Iterable[Reading], cycles: int
) -> Iterator[Reading]:
    """Yield the readings with the counter shifted to end where the scenario begins, and the film with it."""
    if settings.cycles < cycles:
        raise ConfigError(f"unit {settings.id}: `cycles` must be at least {cycles}, the cycles of its history")
    film = _Reporter(settings.id)
    for reading in readings:
        if reading.metric != "Cycles/Total":
            yield reading
            continue
        to_come = cycles - int(reading.value or 0)
        yield replace(reading, value=settings.cycles - to_come)
        left = (settings.film + to_come * 100 / parameters.film_cycles) % 100
        film.report(reading.time, {"Film/Remaining": round(left, 1)})
        yield from film.readings
        film.readings.clear()


def _room_history(
    scenario: Scenario, settings: RoomSettings, start: int, end: int, step_s: float, watch: Watch
) -> list[Reading]:
    parameters = scenario.room_parameters(settings)
    rng = random_numbers(scenario, settings.id, "history")
    room = Room()
    reporter = _Reporter(settings.id)
    now = start + round(rng.random() * step_s * 1000)
    while now < end:
        watch(settings.id, now, room)
        reporter.report(now, _room_values(room, parameters, now))
        until = _next_step(parameters.hours, now, step_s, idle=not room.people)
        if now < end - EMPTY_MS:
            room, _ = rooms.step(room, parameters, now, (until - now) / 1000, rng)
        else:
            room = rooms.left(room)
        now = until
    return reporter.readings


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
