"""What the sensors of a unit say about its life: by exception, with refresh, with all that goes wrong on the way."""

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from bench.collection.ground_truth import Event, Happening, Life
from sukusuku_core.model import FaultCode, Quality, Reading, UnitState, Value
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_sim import calendar

REFRESH_MS = 30 * MINUTE_MS
"""An unchanged value is reported again after this."""
MEASURE_MS = 10 * MINUTE_MS
"""The level is measured after every hand and so often in between."""
STEPS = {"Fill/Percent": 0.5, "Film/Remaining": 0.5, "Temperature": 0.7}
"""Smallest changes that are reported."""
LEVEL_RANGE = (-20.0, 150.0)
"""What is outside is refused before it is stored."""


class Witness(StrEnum):
    """What a unit can be sensed by."""

    LEVEL = "level"
    COUNTER = "counter"
    STATE = "state"
    """State, fault code and film."""
    LID = "lid"
    DOOR = "door"
    BAG = "bag"
    OWN_COUNT = "own_count"
    """A counter of the unit itself that begins at 0 with every bag (`Cycles/Raw`)."""


class Fault(StrEnum):
    """What is wrong with a unit's sensing for a while, or what is wrong with its use."""

    NOISY = "noisy"
    JUMPY = "jumpy"
    """The level jumps somewhere else for some minutes, again and again."""
    DRIFT = "drift"
    STUCK = "stuck"
    LEVEL_BAD = "level_bad"
    """The sensor says that it cannot measure."""
    COUNTER_STUCK = "counter_stuck"
    COUNTER_RESTART = "counter_restart"
    STOP = "stop"
    """The level sensor shows its upper (size above 0) or lower end, whatever is in the bag."""
    LID = "lid"
    """The lid switch stays where it is: open (size above 0) or shut."""
    SILENT = "silent"
    CLOCK = "clock"
    STUFFING = "stuffing"
    SLIPPED = "slipped"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault from `start` until before `end`; `size` is its strength, in the unit that the fault has."""

    fault: Fault
    start: int
    end: int
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class Sensors:
    """How a unit is sensed. `noise` is a standard deviation, `offset` an error at an empty bag, in percent."""

    asset: str
    witnesses: frozenset[Witness]
    noise: float
    offset: float
    gain: float
    cycles: int
    """What the counter shows at the beginning."""
    troubles: tuple[Trouble, ...]
    pace: tuple[float, float] | None = None
    """Hours between two measurements of the level; None: often, see `MEASURE_MS`."""


@dataclass(slots=True)
class _Told:
    """Reports by exception: what has not changed (enough) is not said again before the refresh."""

    asset: str
    gaps: tuple[Trouble, ...]
    clock: tuple[Trouble, ...]
    bad: tuple[Trouble, ...]
    readings: list[Reading] = field(default_factory=list)
    last: dict[str, tuple[Value, int]] = field(default_factory=dict)

    def tell(self, time: int, metric: str, value: Value) -> None:
        last = self.last.get(metric)
        if last is not None and time - last[1] < REFRESH_MS:
            step = STEPS.get(metric)
            if value == last[0] or (step is not None and abs(float(value) - float(last[0])) < step):
                return
        if within(self.gaps, time):
            return
        self.last[metric] = (value, time)
        wrong = within(self.clock, time)
        shown = time + round(wrong.size) if wrong else time
        if metric == "Fill/Percent" and within(self.bad, time):
            self.readings.append(Reading(self.asset, metric, shown, None, Quality.BAD))
            return
        self.readings.append(Reading(self.asset, metric, shown, value))


def within(troubles: tuple[Trouble, ...], time: int) -> Trouble | None:
    """Return the trouble of this moment; they are in order and do not overlap."""
    place = bisect_right(troubles, time, key=lambda trouble: trouble.start) - 1
    return troubles[place] if place >= 0 and time < troubles[place].end else None


@dataclass(slots=True)
class _Sensing:
    sensors: Sensors
    told: _Told
    rng: Random
    percent: float
    cycles: int
    own: int = 0
    crumple: float = 0.0
    """What this bag reads when it is empty: a new bag never lies flat."""
    held: float | None = None
    jump_until: int = 0
    jump: float = 0.0
    next_level: int = 0
    serial: int = 1000
    state: UnitState = UnitState.IDLE

    def of(self, *faults: Fault) -> tuple[Trouble, ...]:
        return tuple(trouble for trouble in self.sensors.troubles if trouble.fault in faults)


def sense(sensors: Sensors, life: Life, start: int, end: int, rng: Random) -> tuple[Reading, ...]:
    """All readings of a unit in order of time; a metric has one reading at a time."""
    faults = sensors.troubles
    told = _Told(
        sensors.asset,
        tuple(trouble for trouble in faults if trouble.fault is Fault.SILENT),
        tuple(trouble for trouble in faults if trouble.fault is Fault.CLOCK),
        tuple(trouble for trouble in faults if trouble.fault is Fault.LEVEL_BAD),
    )
    first = life.happenings[0].before if life.happenings else 0.0
    sensing = _Sensing(sensors, told, rng, first, sensors.cycles)
    restarts = [trouble.start for trouble in sensing.of(Fault.COUNTER_RESTART)]
    time = start + rng.randrange(MEASURE_MS)
    _routine(sensing, time)
    for happening in life.happenings:
        while time + MEASURE_MS < happening.time:
            time += MEASURE_MS
            if restarts and time >= restarts[0]:
                restarts.pop(0)
                sensing.cycles = 0
            _routine(sensing, time)
        time = max(time, _sensed(sensing, happening))
    while time + MEASURE_MS < end:
        time += MEASURE_MS
        _routine(sensing, time)
    unique = {(reading.time, reading.metric): reading for reading in told.readings if reading.time < end}
    return tuple(unique[key] for key in sorted(unique))


def _routine(sensing: _Sensing, time: int) -> None:
    tell, has = sensing.told.tell, sensing.sensors.witnesses
    _at_own_pace(sensing, time)
    _tell_level(sensing, time)
    _tell_cycles(sensing, time)
    if Witness.STATE in has:
        tell(time, "State", int(sensing.state))
        warmth = (
            20
            + 6 * math.sin(math.tau * time / (365 * 24 * HOUR_MS))
            + 3 * math.sin((calendar.minute(time) - 540) / 1440 * math.tau)
        )
        tell(time, "Temperature", round(warmth + sensing.rng.gauss(0, 0.2), 1))
        tell(time, "Info/Serial", f"SK-{sensing.serial}")
    if Witness.LID in has:
        _tell_lid(sensing, time, is_open=False)
    for witness, metric, value in (
        (Witness.DOOR, "Door/Open", False),
        (Witness.BAG, "Bag/Present", True),
    ):
        if witness in has:
            tell(time, metric, value)


def _at_own_pace(sensing: _Sensing, time: int) -> None:
    """Tell the levels that were due by now: a sensor with a pace measures then, whoever comes or goes."""
    while sensing.sensors.pace is not None and sensing.next_level <= time:
        _tell_level(sensing, sensing.next_level or time)


def _tell_lid(sensing: _Sensing, time: int, *, is_open: bool) -> None:
    sticks = within(sensing.of(Fault.LID), time)
    sensing.told.tell(time, "Lid/Open", is_open if sticks is None else sticks.size > 0)


def _tell_level(sensing: _Sensing, time: int, *, nonsense: float | None = None) -> None:
    if Witness.LEVEL not in sensing.sensors.witnesses or time < sensing.next_level:
        return
    rng, sensors = sensing.rng, sensing.sensors
    if sensors.pace is not None:
        sensing.next_level = time + round(rng.uniform(*sensors.pace) * HOUR_MS)
    noise, drift, stuck, stop = sensors.noise, 0.0, False, None
    for trouble in sensors.troubles:
        if not trouble.start <= time < trouble.end:
            continue
        match trouble.fault:
            case Fault.NOISY:
                noise = trouble.size
            case Fault.DRIFT:
                drift = trouble.size * (time - trouble.start) / (trouble.end - trouble.start)
            case Fault.STUCK:
                stuck = True
            case Fault.STOP:
                stop = 100.0 if trouble.size > 0 else 0.0
            case Fault.JUMPY if time >= sensing.jump_until and rng.random() < 0.05:
                sensing.jump = rng.choice((-1, -1, 1)) * rng.uniform(12, trouble.size)
                sensing.jump_until = time + round(rng.uniform(1, 40) * MINUTE_MS)
            case _:
                pass
    jump = sensing.jump if time < sensing.jump_until else 0.0
    value = sensors.gain * sensing.percent + sensors.offset + sensing.crumple + drift + jump + rng.gauss(0, noise)
    value = round(min(max(value if nonsense is None else nonsense, LEVEL_RANGE[0]), LEVEL_RANGE[1]), 1)
    value = value if stop is None else stop
    sensing.held = (sensing.held if sensing.held is not None else value) if stuck else None
    sensing.told.tell(time, "Fill/Percent", value if sensing.held is None else sensing.held)


def _tell_cycles(sensing: _Sensing, time: int) -> None:
    if Witness.COUNTER in sensing.sensors.witnesses:
        sensing.told.tell(time, "Cycles/Total", sensing.cycles)
    if Witness.OWN_COUNT in sensing.sensors.witnesses:
        sensing.told.tell(time, "Cycles/Raw", sensing.own)


def _sensed(sensing: _Sensing, happening: Happening) -> int:  # noqa: PLR0911 - one return per event
    """Return what is told of a happening; until when it took."""
    time = happening.time
    _at_own_pace(sensing, time)
    match happening.event:
        case Event.HAND | Event.STUFFED:
            return _hand(sensing, happening)
        case Event.FULL:
            return _stands(sensing, time + 10_000, UnitState.BAG_FULL, FaultCode.NONE)
        case Event.JAM:
            return _stands(sensing, time + 10_000, UnitState.JAM, FaultCode.JAM)
        case Event.FILM_OUT:
            return _stands(sensing, time + 10_000, UnitState.FILM_OUT, FaultCode.FILM_OUT)
        case Event.SLIPPED | Event.SETTLED:
            sensing.percent = happening.after
            return time
        case Event.SERVICED | Event.CLEANED:
            return _opened(sensing, happening, bag=False)
        case Event.EMPTIED | Event.REPLACED:
            return _opened(sensing, happening, bag=True)


def _stands(sensing: _Sensing, time: int, state: UnitState, fault: FaultCode) -> int:
    sensing.state = state
    if Witness.STATE in sensing.sensors.witnesses:
        sensing.told.tell(time, "State", int(state))
        sensing.told.tell(time, "Fault/Code", int(fault))
    return time


def _hand(sensing: _Sensing, happening: Happening) -> int:
    time, rng, has = happening.time, sensing.rng, sensing.sensors.witnesses
    seen = rng.random() < 0.6
    if seen:
        if Witness.LID in has:
            _tell_lid(sensing, time, is_open=True)
        if rng.random() < 0.4:
            _tell_level(sensing, time + 5_000, nonsense=rng.uniform(-20, sensing.percent + 10))
        if Witness.LID in has:
            _tell_lid(sensing, time + 16_000, is_open=False)
    sensing.percent = happening.after
    if happening.event is Event.HAND and not within(sensing.of(Fault.COUNTER_STUCK), time):
        sensing.cycles += happening.cycles
        sensing.own += happening.cycles
    done = time + 30_000 * max(happening.cycles, 1)
    _tell_cycles(sensing, done)
    _tell_level(sensing, done)
    if Witness.STATE in has:
        sensing.told.tell(done, "Film/Remaining", round(happening.film, 1))
    return done


def _opened(sensing: _Sensing, happening: Happening, *, bag: bool) -> int:
    time, rng, has = happening.time, sensing.rng, sensing.sensors.witnesses
    done = time + happening.ms - 6_000
    _tell_openings(sensing, time, is_open=True)
    if Witness.BAG in has and (bag or rng.random() < 0.3):
        sensing.told.tell(time + 15_000, "Bag/Present", False)  # noqa: FBT003 - a value
        sensing.told.tell(done - 10_000 if bag else time + 25_000, "Bag/Present", True)  # noqa: FBT003 - a value
    for _ in range(rng.randrange(3)):
        _tell_level(sensing, round(rng.uniform(time + 10_000, done - 10_000)), nonsense=rng.uniform(-20, 120))
    sensing.percent = happening.after
    if bag:
        sensing.own, sensing.crumple = 0, rng.uniform(0, 3)
    if happening.event is Event.REPLACED:
        sensing.serial += 1
        sensing.cycles = 0
    _tell_openings(sensing, done, is_open=False)
    if happening.event is not Event.CLEANED:
        _stands(sensing, done, UnitState.IDLE, FaultCode.NONE)
    if Witness.STATE in has:
        sensing.told.tell(done, "Film/Remaining", round(happening.film, 1))
    _tell_cycles(sensing, done)
    _tell_level(sensing, done + 5_000)
    return done


def _tell_openings(sensing: _Sensing, time: int, *, is_open: bool) -> None:
    if Witness.LID in sensing.sensors.witnesses:
        _tell_lid(sensing, time, is_open=is_open)
    if Witness.DOOR in sensing.sensors.witnesses:
        sensing.told.tell(time, "Door/Open", is_open)


def blind(sensors: Sensors) -> tuple[Trouble, ...]:
    """Stretches in which no witness can tell that a bag was changed, joined where they touch, in order."""
    faults, has = {Fault.SILENT}, sensors.witnesses
    if Witness.BAG not in has and Witness.LEVEL in has:
        faults |= {Fault.STUCK, Fault.LEVEL_BAD, Fault.STOP}
    if Witness.OWN_COUNT in has and not has & {Witness.BAG, Witness.LEVEL}:
        faults |= {Fault.COUNTER_STUCK}
    joined: list[Trouble] = []
    for trouble in sorted(sensors.troubles, key=lambda trouble: trouble.start):
        if trouble.fault not in faults:
            continue
        if joined and trouble.start <= joined[-1].end:
            last = joined.pop()
            joined.append(Trouble(last.fault, last.start, max(last.end, trouble.end)))
        else:
            joined.append(trouble)
    return tuple(joined)
