"""What an ideal observer is told of a unit, ten minutes by ten minutes: all that was read, without what is broken."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from bench.collection.simulated_sensors import Fault, Sensors, Trouble, Witness
from bench.collection.world import SimulatedUnit, World
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number, midnight, weekday

GRID_MS = 10 * MINUTE_MS
NIGHT_MS = HOUR_MS
UNCOUNTED = {Fault.SILENT, Fault.COUNTER_STUCK, Fault.COUNTER_RESTART, Fault.STUFFING}
LONG_MS = 35_000
"""A lid that is open for longer was not opened for a nappy."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is known of the `ms` until a moment.

    `comes`: percent that usually come. `cycles` that were counted; None: nobody counts. `opened`: whether lid or door
    stood open; None: nobody tells. `level` in percent, with its `noise`, what it is off by for a known fault, and how
    far it may jump; None: nothing was read that means something.
    """

    time: int
    ms: int
    open_ms: int
    comes: float
    cycles: int | None = None
    opened: bool | None = None
    level: float | None = None
    noise: float = 0.0
    off: float = 0.0
    jumps: float = 0.0


def steps(unit: SimulatedUnit, world: World) -> Iterator[Step]:
    """Yield all steps of a unit in order."""
    sensors = unit.sensors
    levels = _honest(sensors, _of(unit, "Fill/Percent"))
    counter = _of(unit, "Cycles/Total") if Witness.COUNTER in sensors.witnesses else []
    counted = [reading.time for reading in counter]
    openings = _openings(unit) if sensors.witnesses & {Witness.LID, Witness.DOOR} else None
    usual, before, total = _usual(unit, world), world.start, -1
    mute = [trouble for trouble in sensors.troubles if trouble.fault in UNCOUNTED]
    for time, level in _moments(levels, world):
        opened_ms = sum(till - since for since, till in world.spans(before, time))
        hour = (before + time) // 2
        comes = usual.get((weekday(hour), (hour - midnight(day_number(hour))) // HOUR_MS), 0.0) * opened_ms / HOUR_MS
        cycles = None
        if counter:
            end = bisect_right(counted, time)
            last = int(counter[end - 1].value or 0) if end else -1
            if 0 <= total <= last and not _any(mute, before - HOUR_MS, time):
                cycles = last - total
            total = last
        opened = None
        if openings is not None and not _any(openings[1], before, time):
            here = bisect_left(openings[0], before)
            opened = here < len(openings[0]) and openings[0][here] < time
        noise, off, jumps = _state(sensors, time)
        yield Step(time, time - before, opened_ms, comes, cycles, opened, level, noise, off, jumps)
        before = time


def _of(unit: SimulatedUnit, metric: str) -> list[Reading]:
    return [item for item in unit.readings if item.metric == metric and item.value is not None]


def _any(troubles: list[Trouble], start: int, end: int) -> bool:
    return any(trouble.start < end and start < trouble.end for trouble in troubles)


def _honest(sensors: Sensors, readings: list[Reading]) -> list[tuple[int, float]]:
    """Return the levels of a sensor that measured, when they were read."""
    clocks = [trouble for trouble in sensors.troubles if trouble.fault is Fault.CLOCK]
    broken = [trouble for trouble in sensors.troubles if trouble.fault in {Fault.STUCK, Fault.STOP}]
    found = []
    for reading in readings:
        wrong = next((t for t in clocks if t.start + t.size <= reading.time < t.end + t.size), None)
        time = reading.time if wrong is None else reading.time - round(wrong.size)
        if not _any(broken, time, time + 1):
            found.append((time, float(reading.value or 0)))
    return sorted(found)


def _openings(unit: SimulatedUnit) -> tuple[list[int], list[Trouble]]:
    """Return when lid or door began to be open for long, and when they do not tell."""
    found, since = set[int](), dict[str, int]()
    for reading in unit.readings:
        if reading.metric not in {"Lid/Open", "Door/Open"}:
            continue
        begun = since.pop(reading.metric, None)
        if reading.value:
            since[reading.metric] = reading.time if begun is None else begun
        elif begun is not None and reading.time - begun >= LONG_MS:
            found.add(begun)
    faults = {Fault.SILENT, Fault.CLOCK} | ({Fault.LID} if Witness.DOOR not in unit.witnesses else set())
    return sorted(found), [trouble for trouble in unit.truth.troubles if trouble.fault in faults]


def _usual(unit: SimulatedUnit, world: World) -> dict[tuple[int, int], float]:
    """Return the percent that come in each hour of the week (weekday, hour) on the average."""
    sums, last = dict[tuple[int, int], float](), 0.0
    for time, total in unit.truth.brought:
        key = weekday(time), (time - midnight(day_number(time))) // HOUR_MS
        sums[key] = sums.get(key, 0.0) + total - last
        last = total
    days = [0] * 7
    for day in range(world.start, world.end, DAY_MS):
        days[weekday(day)] += bool(world.spans(day, day + DAY_MS))
    return {key: total / max(days[key[0]], 1) for key, total in sums.items()}


def _state(sensors: Sensors, time: int) -> tuple[float, float, float]:
    noise, off, jumps = sensors.noise, 0.0, 0.0
    for trouble in sensors.troubles:
        if trouble.start <= time < trouble.end:
            if trouble.fault is Fault.NOISY:
                noise = trouble.size
            elif trouble.fault is Fault.DRIFT:
                off = trouble.size * (time - trouble.start) / (trouble.end - trouble.start)
            elif trouble.fault is Fault.JUMPY:
                jumps = trouble.size
    return noise, off, jumps


def _moments(levels: list[tuple[int, float]], world: World) -> Iterator[tuple[int, float | None]]:
    """Yield (time, level) of each level, and moments between them: ten minutes apart where somebody may come."""
    place = 0
    now = world.start
    while now < world.end:
        following = now + (GRID_MS if world.spans(now - GRID_MS, now + 2 * GRID_MS) else NIGHT_MS)
        while place < len(levels) and levels[place][0] <= following:
            if levels[place][0] > now:
                now = levels[place][0]
                yield now, levels[place][1]
            place += 1
        if now < following:
            now = following
            yield now, None
