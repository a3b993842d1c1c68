"""How the level sensor and the lid switch of a unit measure, and how they err: as sensors in the field were seen to.

A sensor above a bag measures after each change and every ten minutes. One with a battery wakes every few hours, or once
a day (`every`), and shows its last value meanwhile. Some stand at their upper or lower end for hours, whatever is in
the bag. Lid switches stick where they are.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS

OFTEN_MS = 10 * MINUTE_MS


class LidSwitch(StrEnum):
    """What the switch at the lid does."""

    WORKS = "works"
    SHUT = "shut"
    """It never tells that the lid is open."""
    OPEN = "open"
    """It always tells that the lid is open."""


@dataclass(frozen=True, slots=True)
class LevelSensor:
    """A level sensor. `stops_per_day` is how often it goes to one of its ends, on average for `stop_hours`."""

    noise_mm: float = 2.0
    every_ms: int | None = None
    """Milliseconds between two measurements; None: often, and after each change."""
    stops_per_day: float = 0.0
    stop_hours: float = 6.0


@dataclass(frozen=True, slots=True)
class Measured:
    """The last measurement: its error (mm), the volume that was there, and the end at which the sensor stands."""

    noise: float = 0.0
    volume: float | None = None
    """Nappies of ordinary size; None: whatever is in the bag now."""
    stop: float | None = None
    """0 or 1, the part of a full bag that it shows; None: it measures."""
    stop_until: int = 0
    slot: int = -1
    """Number of the stretch of time in which it has measured."""


def due(sensor: LevelSensor, measured: Measured, ms: int) -> bool:
    """Whether a sensor that wakes by itself measures now."""
    return sensor.every_ms is not None and ms // sensor.every_ms != measured.slot


def awake(sensor: LevelSensor, measured: Measured, ms: int, volume: float, rng: Random) -> Measured:
    """Return the measurement of a sensor that has woken by itself."""
    every = sensor.every_ms or OFTEN_MS
    return Measured(rng.gauss(0, sensor.noise_mm), volume, measured.stop, measured.stop_until, ms // every)


def stopped(sensor: LevelSensor, measured: Measured, ms: int, rng: Random) -> tuple[float | None, int]:
    """Return the end at which the sensor stands for the coming ten minutes, and until when (UTC ms)."""
    if ms < measured.stop_until:
        return measured.stop, measured.stop_until
    if sensor.stops_per_day and rng.random() < sensor.stops_per_day * OFTEN_MS / DAY_MS:
        return rng.choice((0.0, 1.0)), ms + round(rng.expovariate(1 / sensor.stop_hours) * HOUR_MS)
    return None, 0
