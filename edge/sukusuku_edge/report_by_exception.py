"""Readings of one series: what is worth reporting, and times that never coincide. Pure."""

from collections import deque
from dataclasses import dataclass, field

from sukusuku_core.model import Quality, Reading, Value

STEP = 2_000
"""ms; a clock that goes back further has been set, and times follow it."""
JUMP = 16
"""Deadbands. A measured value that goes so far at once is told again at the next sample: only then is it known whether
it stays, and whoever waits for that need not wait for `refresh`. For a fill level, 8 percent. So is the first value
after none."""
REMEMBERED = 256
"""Latest times of a series that are kept, so that a clock that was set back does not give one of them twice."""


@dataclass(slots=True)
class Series:
    """What was reported last. The collector knows a reading by its series and time: a time must not come twice."""

    asset: str
    metric: str
    last: Reading | None = None
    jumped: bool = False
    """The last value was a jump; the next one is told even when it is the same."""
    _times: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def past(self, time: int, value: Value | None, quality: Quality) -> Reading:
        """Return a reading from before the last one, which goes on being what is known now."""
        return self._told(time, value, quality)

    def report(self, time: int, value: Value | None, quality: Quality, deadband: float, refresh: int) -> Reading | None:
        """Return a reading when it says something new or the last one is older than `refresh` ms, else None."""
        last = self.last
        if last is not None:
            same = quality is last.quality and _close(value, last.value, deadband)
            if same and not self.jumped and abs(time - last.time) < refresh:
                return None
            if last.time - STEP <= time <= last.time:
                time = last.time + 1
            self.jumped = deadband > 0 and value is not None and not _close(value, last.value, JUMP * deadband)
        self.last = self._told(time, value, quality)
        return self.last

    def _told(self, time: int, value: Value | None, quality: Quality) -> Reading:
        while time in self._times:
            time += 1
        self._times.append(time)
        return Reading(self.asset, self.metric, time, value, quality)


def _close(value: Value | None, last: Value | None, deadband: float) -> bool:
    if deadband > 0 and isinstance(value, int | float) and isinstance(last, int | float):
        return abs(value - last) < deadband
    return value == last
