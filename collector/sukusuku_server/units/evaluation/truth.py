"""What a history of levels says of the truth, seen from afterwards, with labels of when the bag was changed. Pure.

A label is clear (the bag was changed then) or doubtful (the level fell, nobody can say why). Readings that were away
and came back are the sensor's error and left out; a fall that a clear label vouches for is never one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.units.evaluation.history import Levels

JUMP, STOP_JUMP, STOP = 12.0, 35.0, 95.0
"""Percent by which an error begins at least; by which a sensor jumps to its stop; and from where on it is there."""
BACK, BACK_SHARE = 4.0, 0.25
"""A level is back when it is so near to where it was, in percent or as a share of the jump."""
AWAY_READINGS, STOP_MS = 3, 4 * DAY_MS
"""How many readings an error lasts at most, and how long one at the stop."""
SEEN_FULL = 97.0
"""Percent at which somebody who watches the level calls the bag full."""
FULL = 100.0


@dataclass(frozen=True, slots=True)
class Label:
    """The bag was changed between the reading at `after` and the one at `before` (UTC ms); or perhaps, if not clear."""

    after: int
    before: int
    clear: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a bag that was watched from a moment on: full or gone after `hours`."""

    hours: float
    full: bool


@dataclass(slots=True)
class Course:
    """The true level of a unit, and what has come in since the beginning (percent, rising)."""

    times: list[int]
    percents: list[float]
    changed: list[int]
    """When another bag was seen first."""
    came: list[float] = field(default_factory=list)

    def percent(self, time: int) -> float:
        """Return the true level at a moment."""
        return self.percents[max(bisect_right(self.times, time) - 1, 0)]

    def full_after(self, time: int) -> int | None:
        """When the bag would have been full, seen from a moment, had nobody changed it; None: not in this history."""
        place = max(bisect_right(self.times, time) - 1, 0)
        wanted = self.came[place] + FULL - self.percents[place]
        found = bisect_left(self.came, wanted)
        if found >= len(self.came):
            return None
        rise, span = self.came[found] - self.came[found - 1], self.times[found] - self.times[found - 1]
        at = self.times[found - 1] + round(span * (wanted - self.came[found - 1]) / rise)
        return max(at, time)

    def seen_after(self, time: int) -> Seen:
        """Return what somebody saw who watched the bag from a moment on."""
        place = bisect_right(self.times, time)
        gone = bisect_right(self.changed, time)
        until = self.changed[gone] if gone < len(self.changed) else self.times[-1]
        while place < len(self.times) and self.times[place] < until:
            if self.percents[place] >= SEEN_FULL:
                return Seen((self.times[place] - time) / HOUR_MS, full=True)
            place += 1
        return Seen(max(until - time, 0) / HOUR_MS, full=False)


def course(levels: Levels, labels: Sequence[Label]) -> Course:
    """Return the truth of a history. What rises within a bag has come; a fall of `JUMP` and more begins anew."""
    times, percents = _without_errors(levels, {label.before for label in labels if label.clear})
    changed = sorted(label.before for label in labels if label.clear)
    anew = set(changed)
    came, total, top = [0.0], 0.0, percents[0]
    for at, before, percent in zip(times[1:], percents, percents[1:], strict=False):
        if at in anew or before - percent >= JUMP:
            top = percent if at not in anew else 0.0
        if percent > top:
            total, top = total + percent - top, percent
        came.append(total)
    return Course(times, percents, changed, came)


def _without_errors(levels: Levels, changed: set[int]) -> tuple[list[int], list[float]]:
    times, percents, place = [levels[0][0]], [levels[0][1]], 1
    while place < len(levels):
        back = _back(levels, place, percents[-1], changed)
        if back is not None:
            place = back
            continue
        times.append(levels[place][0])
        percents.append(levels[place][1])
        place += 1
    return times, percents


def _back(levels: Levels, place: int, base: float, changed: set[int]) -> int | None:
    """Return the reading at which an error that begins at `place` is over; None: it is none."""
    begin, step = levels[place][0], levels[place][1] - base
    if abs(step) < JUMP or begin in changed:
        return None
    stopped = levels[place][1] >= STOP and step >= STOP_JUMP
    for later in range(place + 1, len(levels)):
        time, percent = levels[later]
        over = time - begin > STOP_MS if stopped else later - place > AWAY_READINGS
        if over or time in changed:
            return None
        if abs(percent - base) <= max(BACK, BACK_SHARE * abs(step)):
            return later
    return None
