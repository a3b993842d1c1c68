"""A nappy-compression unit: a pure state machine on frozen records.

`step` takes the unit through a stretch of simulated time. Nobody needs to call it at an even pace: phases that begin
and end within one stretch are gone through, and waiting for the next deposit has no memory.
"""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

from sukusuku_core.model import FaultCode, UnitState
from sukusuku_core.time import HOUR_MS
from sukusuku_sim import calendar, level_sensor
from sukusuku_sim.calendar import OpeningHours
from sukusuku_sim.level_sensor import OFTEN_MS, LevelSensor, LidSwitch, Measured

SECONDS = {
    UnitState.LID_OPEN: 10.0,
    UnitState.DEPOSIT: 6.0,
    UnitState.COMPRESS: 30.0,
    UnitState.SEAL: 14.0,
}
"""How long the phases of a cycle take."""
NEEDS_STAFF = frozenset({UnitState.BAG_FULL, UnitState.JAM, UnitState.FILM_OUT})
LID = frozenset({UnitState.LID_OPEN, UnitState.DEPOSIT})
AT_REST = frozenset({UnitState.IDLE, UnitState.BAG_FULL})

NAPPIES_IN_A_HAND = (1, 1, 1, 2, 2, 3)
SEAL_WATT = 60.0
LUMP = (10, 20)
"""Nappies of a whole day that somebody brings at once."""
RESIDUE = (0.05, 0.35)
"""Part of a full bag that is left behind when an emptying is not whole, but never more than half of what was in."""
SETTLING_MS = 8 * HOUR_MS
"""After so long, what is loose in a bag has sunk to 1/e."""


class UnitEvent(StrEnum):
    """What happened to a unit."""

    DEPOSIT = "deposit"
    CYCLE = "cycle"
    BAG_FULL = "bag_full"
    EMPTIED = "emptied"
    JAM = "jam"
    FILM_OUT = "film_out"
    REPAIRED = "repaired"
    FILM_CHANGED = "film_changed"


@dataclass(frozen=True, slots=True)
class UnitParameters:
    """What stays the same about a unit. Delays are the mean seconds of opening hours until staff come."""

    capacity: float = 60.0
    """Nappies of ordinary size in a full bag."""
    deposits_per_hour: float = 6.0
    """Mean over the opening hours."""
    hours: OpeningHours = field(default_factory=OpeningHours)
    empty_delay: float = 2700.0
    empty_at: int | None = None
    """Local minute of the day at which staff empty the bag whether it is full or not."""
    repair_delay: float = 1800.0
    jam_chance: float = 1 / 2500
    """Per cycle."""
    film_cycles: float = 500.0
    """Cycles that a new film cassette lasts."""
    empty_above: float = 25.0
    """Percent; the daily emptying leaves a bag alone that is less full than this."""
    change_seconds: float = 0.0
    """How long the lid stands open at an emptying; 0: nothing tells of it but the level."""
    residue_chance: float = 0.0
    """That an emptying leaves something in the bag."""
    lump_chance: float = 0.0
    """That a deposit is a lump of 10 to 20 nappies, pressed in one cycle."""
    settling: float = 0.0
    """Part of what is pressed that sinks in the hours after."""
    level: LevelSensor = field(default_factory=LevelSensor)
    lid: LidSwitch = LidSwitch.WORKS


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit at one moment."""

    phase: UnitState = UnitState.IDLE
    left: float = 0.0
    """Seconds until the phase ends; for a phase that needs staff, until they come."""
    waiting: int = 0
    """Nappies that are in the mouth of the unit, not yet in the bag."""
    nappies: int = 0
    volume: float = 0.0
    """Of the bag, in nappies of ordinary size. No nappy is like another."""
    cycles: int = 0
    film: float = 100.0
    """Percent."""
    power: float = 0.0
    """Of the motor circuit, W."""
    energy: float = 0.0
    """Of the motor circuit since the first start, Wh."""
    temperature: float = 22.0
    loose: float = 0.0
    """Part of the volume that will sink, in nappies."""
    level: Measured = field(default_factory=Measured)
    slot: int = -1
    """Ten-minute slot of the last routine measurement."""

    @property
    def lid_open(self) -> bool:
        """Whether the lid is open."""
        return self.phase in LID

    @property
    def fault(self) -> FaultCode:
        """Why a person is needed, besides a full bag."""
        if self.phase is UnitState.JAM:
            return FaultCode.JAM
        return FaultCode.FILM_OUT if self.phase is UnitState.FILM_OUT else FaultCode.NONE

    def fill(self, parameters: UnitParameters) -> float:
        """How full the bag really is, percent."""
        return 100.0 * self.volume / parameters.capacity

    def distance(self, parameters: UnitParameters, empty_mm: float, full_mm: float) -> float:
        """Return what a sensor above the bag measures, mm, with its error."""
        if self.level.stop is not None:
            return empty_mm - (empty_mm - full_mm) * self.level.stop
        volume = self.volume if self.level.volume is None else self.level.volume
        return max(0.0, empty_mm - (empty_mm - full_mm) * volume / parameters.capacity + self.level.noise)

    def lid_shown(self, parameters: UnitParameters) -> bool:
        """Whether the switch tells that the lid is open."""
        return self.lid_open if parameters.lid is LidSwitch.WORKS else parameters.lid is LidSwitch.OPEN


Happening = tuple[Unit, tuple[UnitEvent, ...]]
"""The unit afterwards, and what happened on the way, in order."""


def step(unit: Unit, parameters: UnitParameters, ms: int, seconds: float, rng: Random) -> Happening:
    """Return the unit `seconds` after the simulated moment `ms`."""
    events: list[UnitEvent] = []
    is_open = parameters.hours.is_open(ms)
    if is_open and _emptying_is_due(unit, parameters, ms, seconds):
        unit, more = empty(unit, parameters, rng)
        events += more
    rate = parameters.deposits_per_hour * calendar.activity(ms) / 3600 if is_open else 0.0
    left = seconds
    while left > 0:
        if unit.phase is UnitState.IDLE:
            wait = rng.expovariate(rate) if rate > 0 else math.inf
            if wait >= left:
                break
            left -= wait
            unit = _enter(unit, UnitState.LID_OPEN, waiting=_brought(parameters, rng))
        elif unit.phase in NEEDS_STAFF and not is_open:
            break
        elif unit.left > left:
            unit = replace(unit, left=unit.left - left, energy=unit.energy + unit.power * left / 3600)
            break
        else:
            left -= unit.left
            unit = replace(unit, energy=unit.energy + unit.power * unit.left / 3600)
            unit, more = _next(unit, parameters, rng)
            events += more
    return _routine(unit, parameters, ms, rng), tuple(events)


def _routine(unit: Unit, parameters: UnitParameters, ms: int, rng: Random) -> Unit:
    """Return the unit after what happens every ten minutes, or whenever its level sensor wakes."""
    slot = ms // OFTEN_MS
    if slot != unit.slot:
        warmth = 22.0 + 3.0 * math.sin((calendar.minute(ms) - 540) / 1440 * math.tau) + rng.gauss(0, 0.2)
        unit = _measured(replace(unit, slot=slot, temperature=warmth), parameters, rng)
        stop, until = level_sensor.stopped(parameters.level, unit.level, ms, rng)
        unit = replace(unit, level=replace(unit.level, stop=stop, stop_until=until))
        if unit.loose > 0:
            sunk = unit.loose * (1 - math.exp(-OFTEN_MS / SETTLING_MS))
            unit = replace(unit, volume=unit.volume - sunk, loose=unit.loose - sunk)
    if level_sensor.due(parameters.level, unit.level, ms):
        unit = replace(unit, level=level_sensor.awake(parameters.level, unit.level, ms, unit.volume, rng))
    return unit


def _measured(unit: Unit, parameters: UnitParameters, rng: Random) -> Unit:
    """Return the unit after a measurement of its level; a sensor that wakes by itself makes none."""
    if parameters.level.every_ms is not None:
        return unit
    return replace(unit, level=replace(unit.level, noise=rng.gauss(0, parameters.level.noise_mm)))


def _brought(parameters: UnitParameters, rng: Random) -> int:
    if parameters.lump_chance and rng.random() < parameters.lump_chance:
        return rng.randint(*LUMP)
    return rng.choice(NAPPIES_IN_A_HAND)


def jam(unit: Unit, parameters: UnitParameters, rng: Random) -> Happening:
    """Return the unit blocked until staff come."""
    return _enter(unit, UnitState.JAM, left=rng.expovariate(1 / parameters.repair_delay)), (UnitEvent.JAM,)


def run_out_of_film(unit: Unit, parameters: UnitParameters, rng: Random) -> Happening:
    """Return the unit without film until staff come."""
    delay = rng.expovariate(1 / parameters.repair_delay)
    return _enter(replace(unit, film=0.0), UnitState.FILM_OUT, left=delay), (UnitEvent.FILM_OUT,)


def repair(unit: Unit) -> Happening:
    """Return the unit to which staff have come who clear a jam or bring film, which is done in the next step."""
    return (replace(unit, left=0.0) if unit.fault else unit), ()


def fill_to(unit: Unit, parameters: UnitParameters, percent: float, rng: Random) -> Happening:
    """Return the unit with a bag of this fill level, whatever was in it before. Counters stay."""
    volume = parameters.capacity * percent / 100
    unit = replace(unit, volume=volume, nappies=round(volume), loose=0.0)
    return _rest(unit, parameters, rng) if unit.phase in AT_REST else (unit, ())


def empty(unit: Unit, parameters: UnitParameters, rng: Random) -> Happening:
    """Return the unit with a new bag."""
    left = 0.0
    if parameters.residue_chance and rng.random() < parameters.residue_chance:
        left = min(rng.uniform(*RESIDUE) * parameters.capacity, unit.volume / 2)
    unit = _measured(replace(unit, nappies=round(left), volume=left, loose=0.0), parameters, rng)
    if parameters.change_seconds:
        return _enter(unit, UnitState.LID_OPEN, left=parameters.change_seconds, waiting=0), (UnitEvent.EMPTIED,)
    unit, events = _rest(unit, parameters, rng)
    return unit, (UnitEvent.EMPTIED, *events)


def _emptying_is_due(unit: Unit, parameters: UnitParameters, ms: int, seconds: float) -> bool:
    return (
        parameters.empty_at is not None
        and calendar.minute(ms) <= parameters.empty_at < calendar.minute(ms) + seconds / 60
        and unit.phase in AT_REST
        and unit.volume >= parameters.empty_above / 100 * parameters.capacity
    )


def _enter(unit: Unit, phase: UnitState, *, left: float | None = None, waiting: int | None = None) -> Unit:
    return replace(
        unit,
        phase=phase,
        left=SECONDS.get(phase, 0.0) if left is None else left,
        waiting=unit.waiting if waiting is None else waiting,
        power=SEAL_WATT if phase is UnitState.SEAL else 0.0,
    )


def _next(unit: Unit, parameters: UnitParameters, rng: Random) -> Happening:  # noqa: PLR0911 - one return per phase
    """Return the phase that follows the one that has just ended."""
    match unit.phase:
        case UnitState.LID_OPEN if unit.waiting:
            return _enter(unit, UnitState.DEPOSIT), ()
        case UnitState.LID_OPEN:
            return _rest(unit, parameters, rng)
        case UnitState.DEPOSIT:
            return _deposited(unit, parameters, rng)
        case UnitState.COMPRESS:
            return _compressed(unit, parameters, rng), (UnitEvent.CYCLE,)
        case UnitState.SEAL:
            unit = replace(unit, film=round(max(0.0, unit.film - 100 / parameters.film_cycles), 6))
            return _rest(unit, parameters, rng)
        case UnitState.JAM:
            return _resume(unit, UnitEvent.REPAIRED, parameters, rng)
        case UnitState.FILM_OUT:
            return _resume(replace(unit, film=100.0), UnitEvent.FILM_CHANGED, parameters, rng)
        case _:
            return empty(unit, parameters, rng)


def _deposited(unit: Unit, parameters: UnitParameters, rng: Random) -> Happening:
    if rng.random() >= parameters.jam_chance:
        return _compress(unit, parameters, rng), (UnitEvent.DEPOSIT,)
    unit, events = jam(unit, parameters, rng)
    return unit, (UnitEvent.DEPOSIT, *events)


def _compress(unit: Unit, parameters: UnitParameters, rng: Random) -> Unit:
    power = 150 + 60 * unit.volume / parameters.capacity + rng.gauss(0, 6)
    return replace(_enter(unit, UnitState.COMPRESS), power=power)


def _compressed(unit: Unit, parameters: UnitParameters, rng: Random) -> Unit:
    volume = unit.volume + sum(rng.uniform(0.8, 1.2) for _ in range(unit.waiting))
    volume = min(volume, parameters.capacity)
    unit = replace(
        unit,
        nappies=unit.nappies + unit.waiting,
        volume=volume,
        loose=unit.loose + parameters.settling * (volume - unit.volume),
        cycles=unit.cycles + 1,
    )
    return _enter(_measured(unit, parameters, rng), UnitState.SEAL, waiting=0)


def _resume(unit: Unit, event: UnitEvent, parameters: UnitParameters, rng: Random) -> Happening:
    """Back to work after staff have been here: nappies that still wait are compressed now."""
    if unit.waiting:
        return _compress(unit, parameters, rng), (event,)
    unit, events = _rest(unit, parameters, rng)
    return unit, (event, *events)


def _rest(unit: Unit, parameters: UnitParameters, rng: Random) -> Happening:
    """Idle when bag and film allow it."""
    if unit.volume >= parameters.capacity:
        delay = rng.expovariate(1 / parameters.empty_delay)
        return _enter(unit, UnitState.BAG_FULL, left=delay), (UnitEvent.BAG_FULL,)
    if unit.film <= 0:
        return run_out_of_film(unit, parameters, rng)
    return _enter(unit, UnitState.IDLE, waiting=0), ()
