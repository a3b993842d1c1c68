"""The level of a unit over time as lines of an SVG picture. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, japan_time, local_day

WIDTH, HEIGHT = 1000, 220
TOP = 120.0
"""Percent at the upper edge: a bag can be pressed to more than 100 %."""
_MOST = 700
"""Points of a line; more are not seen, and make the page large."""
_TICKS = 7


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on the axis of time; `x` in units of the picture."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An emptying: where it stands, and when and at which level it was."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Two lines as SVG paths (empty: nothing is known), the emptyings, and the axis."""

    level: str
    estimate: str
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]


def line(points: Sequence[tuple[int, float]], start: int, end: int, gap: int) -> str:
    """Return points (UTC ms, percent) as a path, which is broken where nothing was known for longer than `gap` ms."""
    step = max(1, -(-len(points) // _MOST))
    parts, last, broken = [], start, True
    for number, (time, percent) in enumerate(points):
        broken, last = broken or time - last > gap, time
        if number % step == 0:
            x = (time - start) / (end - start) * WIDTH
            y = HEIGHT - min(max(percent, 0.0), TOP) / TOP * HEIGHT
            parts.append(f"{'M' if broken else 'L'}{x:.1f} {y:.1f}")
            broken = False
    return "".join(parts)


def marks(emptied: Sequence[tuple[int, float]], start: int, end: int) -> tuple[Mark, ...]:
    """Return emptyings (UTC ms, percent) as places on the axis."""
    return tuple(
        Mark(round((time - start) / (end - start) * WIDTH, 1), f"{japan_time(time):%m/%d %H:%M}, {percent:.0f} %")
        for time, percent in emptied
    )


def ticks(start: int, end: int) -> tuple[Tick, ...]:
    """Return some midnights of Japan, or for a day some full hours, evenly over the axis."""
    if end - start <= 2 * DAY_MS:
        midnight, step, form = day_start(local_day(start)), 4 * HOUR_MS, "%H:%M"
        first = start - (start - midnight) % step + step
    else:
        days = max(1, round((end - start) / DAY_MS / _TICKS))
        step, form, first = days * DAY_MS, "%m/%d", day_start(local_day(start)) + DAY_MS
    moments = range(first, end, step)
    return tuple(Tick(round((at - start) / (end - start) * WIDTH, 1), f"{japan_time(at):{form}}") for at in moments)
