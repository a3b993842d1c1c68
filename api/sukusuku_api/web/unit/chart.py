"""The past of a unit, and what is ahead of it, as lines of SVG pictures on one axis of time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, japan_time, local_day
from sukusuku_server.live.outlook import Outlook

WIDTH, HEIGHT, LOW = 1000, 220, 110
"""Sizes of the pictures: that of the level, and the lower one of cycles and film."""
TOP = 120.0
"""Percent at the upper edge: a bag can be pressed to more than 100 %."""
_FULL = 100.0
_MOST = 700
"""Points of a line; more are not seen, and make the page large."""
_TICKS = 7
_AHEAD_MS = 7 * DAY_MS


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
    """Lines and areas as SVG paths (empty: nothing is known), the emptyings, and the axis.

    `between` is where the level is in 80 % of cases until the bag is full, `median` the line in their midst. `now` is
    where they begin. `most` is the number of cycles at the upper edge of `cycles`.
    """

    level: str
    estimate: str
    between: str
    median: str
    now: float
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    cycles: str
    most: int
    film: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The axis of time from `start` to `end` (UTC ms), over the width of a picture."""

    start: int
    end: int

    def x(self, time: int) -> float:
        """Return where a moment is; beyond the edges for one that is not on the axis."""
        return (time - self.start) / (self.end - self.start) * WIDTH

    def line(self, points: Sequence[tuple[int, float]], gap: int, top: float = TOP, height: int = HEIGHT) -> str:
        """Return points (UTC ms, percent) as a path, broken where nothing was known for longer than `gap` ms.

        `top` is the value at the upper edge, `height` that of the picture.
        """
        step = max(1, -(-len(points) // _MOST))
        parts, last, broken = [], self.start, True
        for number, (time, percent) in enumerate(points):
            broken, last = broken or time - last > gap, time
            if number % step == 0:
                parts.append(f"{'M' if broken else 'L'}{self.x(time):.1f} {_y(percent, top, height):.1f}")
                broken = False
        return "".join(parts)

    def marks(self, emptied: Sequence[tuple[int, float]]) -> tuple[Mark, ...]:
        """Return emptyings (UTC ms, percent) as places on the axis."""
        return tuple(
            Mark(round(self.x(time), 1), f"{japan_time(time):%m/%d %H:%M}, {percent:.0f} %")
            for time, percent in emptied
        )

    def ticks(self) -> tuple[Tick, ...]:
        """Return some midnights of Japan, or for a day some full hours, evenly over the axis."""
        if self.end - self.start <= 2 * DAY_MS:
            midnight, step, form = day_start(local_day(self.start)), 4 * HOUR_MS, "%H:%M"
            first = self.start - (self.start - midnight) % step + step
        else:
            days = max(1, round((self.end - self.start) / DAY_MS / _TICKS))
            step, form, first = days * DAY_MS, "%m/%d", day_start(local_day(self.start)) + DAY_MS
        moments = range(first, self.end, step)
        return tuple(Tick(round(self.x(at), 1), f"{japan_time(at):{form}}") for at in moments)

    def bars(self, counts: Sequence[tuple[int, int, int]], most: int) -> str:
        """Return numbers of stretches of time (from, to, number) as a path of bars; `most` reaches the upper edge."""
        return "".join(
            f"M{self.x(max(start, self.start)):.1f} {LOW}V{_y(number, most, LOW):.1f}H{self.x(end) - 1:.1f}V{LOW}Z"
            for start, end, number in counts
        )

    def ahead(self, outlook: Outlook | None, now: int) -> tuple[str, str]:
        """Return the band and the median from now until the bag is full; empty where that is not known.

        Parts of them may lie beyond the right edge. A bag that may not be full within the horizon may stay as it is.
        """
        if outlook is None or outlook.full_from is None or outlook.percent >= _FULL:
            return "", ""
        here, full = f"M{self.x(now):.1f} {_y(outlook.percent):.1f}", f"{_y(_FULL):.1f}"
        early = f"L{self.x(max(now, outlook.full_from)):.1f} {full}"
        if outlook.full_until is None:
            late = f"H{max(WIDTH, self.x(outlook.full_from)):.1f}V{_y(outlook.percent):.1f}"
        else:
            late = f"H{self.x(outlook.full_until):.1f}"
        median = "" if outlook.full_at is None else f"{here}L{self.x(outlook.full_at):.1f} {full}"
        return f"{here}{early}{late}Z", median


def axis(start: int, now: int, outlook: Outlook | None) -> Axis:
    """Return the axis from a start until now, and somewhat beyond where something is known of the time to come."""
    known = outlook is not None and outlook.full_from is not None and outlook.percent < _FULL
    return Axis(start, now + (min(_AHEAD_MS, (now - start) // 4) if known else 0))


def _y(value: float, top: float = TOP, height: int = HEIGHT) -> float:
    return height - min(max(value, 0.0), top) / top * height
