"""True times on a computer that keeps no time while it is off. Pure; times are UTC ms.

A Raspberry Pi begins with a clock that is behind, or in 1970, until the network has told it the time. Until then every
reading is placed by the time since boot, which never steps, on an assumed offset: the clock's own, but never before
the last reading of the boot before. Readings are held back meanwhile. When the clock has been set, the true offset is
known, and all readings of this boot are moved at once before the first of them is sent. A boot that is never told the
time keeps its place between the boots before and after it. What was once let go is never moved again: the collector
knows a reading by its time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

NEVER = -(2**62)
"""Before all times."""
STRAGGLING = 30_000
"""ms; so long after a correction a reading may still come with a time from before it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the computer's clocks show: ms since boot, the clock on the wall, and whether that has been set."""

    uptime: int
    wall: int
    synced: bool


class Phase(Enum):
    """How far times can be trusted."""

    HELD = "not set yet; readings wait"
    ESTIMATED = "not set; times are estimated"
    SYNCED = "set"


@dataclass(slots=True)
class Timeline:
    """The time of one run. `offset` is what is added to the time since boot while the clock is not set."""

    offset: int
    held_since: int
    hold: int
    phase: Phase = Phase.HELD
    correction: int | None = None
    """By how much times were corrected when the clock was set."""
    _corrected: tuple[int, int] | None = None
    """The time of the correction, before and after it."""

    @classmethod
    def begin(cls, moment: Moment, floor: int | None, oldest: int | None, hold: int) -> "Timeline":
        """`floor` is the time of the last reading before this run, `oldest` the uptime of the first that is held."""
        now = moment.wall
        if not moment.synced and floor is not None:
            now = max(now, floor + 1)
        since = moment.uptime if oldest is None else min(moment.uptime, oldest)
        return cls(now - moment.uptime, since, hold)

    def now(self, moment: Moment) -> int:
        """Return the best known time."""
        return moment.wall if self.phase is Phase.SYNCED else moment.uptime + self.offset

    def observe(self, moment: Moment) -> bool:
        """Look at the clock; True when readings that are held may go: see `true_offset`."""
        if self.phase is Phase.SYNCED:
            return False
        before = self.now(moment)
        if moment.synced:
            self.phase = Phase.SYNCED
            self.offset = moment.wall - moment.uptime
            self.correction = moment.wall - before
            self._corrected = (before, moment.wall)
            return True
        if self.phase is Phase.HELD and moment.uptime - self.held_since >= self.hold:
            self.phase = Phase.ESTIMATED
            return True
        return False

    @property
    def true_offset(self) -> int | None:
        """True time less time since boot; None while it is not known."""
        return self.offset if self.phase is Phase.SYNCED else None

    def restamp(self, time: int, now: int) -> int:
        """Return the time of an event that may have begun before a correction and come after it."""
        if self._corrected is None or self.correction is None:
            return time
        before, after = self._corrected
        if now - after > STRAGGLING or after <= time <= now or not before - STRAGGLING <= time <= before:
            return time
        return time + self.correction


@dataclass(frozen=True, slots=True)
class Held:
    """A reading whose time is not final. `boot` counts the boots."""

    row: int
    boot: int
    uptime: int
    time: int


def settle(held: Iterable[Held], last: Mapping[int, int], boot: int, offset: int | None, now: int) -> dict[int, int]:
    """Return the final time of every held row, when the present `boot` is let go.

    `last` is the time of the last reading of each boot, `offset` the true one of this boot (None: estimated times
    stay).
    """
    final: dict[int, int] = {}
    before = now
    groups = [(key, list(group)) for key, group in groupby(sorted(held, key=lambda it: it.boot), lambda it: it.boot)]
    for number, group in reversed(groups):
        if number == boot:
            times = [item.time if offset is None else item.uptime + offset for item in group]
        else:
            after = max((n for n in last if n < number), default=None)
            times = place([item.time for item in group], NEVER if after is None else last[after], before)
        final.update({item.row: time for item, time in zip(group, times, strict=True)})
        before = min([before, *times])
    return final


def place(times: Sequence[int], after: int, before: int) -> list[int]:
    """Return the same times moved between two others, by as little as possible; order and difference are kept.

    When there is no room between the two, they end at `before`.
    """
    distinct = sorted(set(times))
    if not distinct:
        return []
    count = len(distinct)
    low, high = min(after + 1, before - count), before - 1
    first, last = distinct[0], distinct[-1]
    shift = max(low - first, 0) + min(high - last, 0)
    if first + shift < low or last + shift > high:
        span = max(last - first, 1)
        moved, previous = [], low - 1
        for n, time in enumerate(distinct):
            wanted = low + (time - first) * (high - low) // span
            previous = max(previous + 1, min(wanted, high - (count - 1 - n)))
            moved.append(previous)
    else:
        moved = [time + shift for time in distinct]
    return [moved[bisect_right(distinct, time) - 1] for time in times]
