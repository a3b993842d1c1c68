"""When a device counts as dead, as alive again, and as one that only comes and goes. Pure; times are UTC ms.

Patience on the way down (several failures in a row over some time) and on the way up (several good polls) keeps a loose
contact from becoming a stream of deaths and births. A device that changes too often all the same is unstable: from then
on its asset stays born, its values say by their quality what can be said, and no more births and deaths are announced
until it has kept to one state for the whole window.
"""

from dataclasses import dataclass, field
from enum import Enum

from sukusuku_core.time import MINUTE_MS


@dataclass(frozen=True, slots=True)
class Rules:
    """Times in ms."""

    failures: int = 3
    silence: int = 30_000
    """So many failures in a row, the last so long after the first, are a death."""
    good: int = 2
    """So many good polls in a row are a return."""
    changes: int = 4
    window: int = 10 * MINUTE_MS
    """More than so many deaths and returns in so much time are unstable."""


class State(Enum):
    """What is known of a device."""

    UNKNOWN = "not heard of yet"
    UP = "answers"
    DOWN = "does not answer"
    RETURNING = "answers again, not trusted yet"


class Change(Enum):
    """What a poll has changed."""

    DIED = "died"
    RETURNED = "returned"
    UNSTABLE = "unstable"
    STABLE = "stable"


@dataclass(slots=True)
class Liveness:
    """One device. `announced` is what the host is told: alive or not; it lags behind `state` while unstable."""

    rules: Rules = field(default_factory=Rules)
    state: State = State.UNKNOWN
    announced: bool = False
    unstable: bool = False
    _failures: int = 0
    _since: int = 0
    """Time of the first failure in a row."""
    _good: int = 0
    _changes: tuple[int, ...] = ()

    @property
    def down(self) -> bool:
        """Whether the device counts as dead."""
        return self.state in {State.DOWN, State.RETURNING}

    def good(self, time: int) -> list[Change]:
        """Note that the device has answered. Its very first answer is believed at once."""
        self._failures = 0
        self._good += 1
        if self.state is State.UP:
            return self._settle(time)
        if self.down and self._good < self.rules.good:
            self.state = State.RETURNING
            return self._settle(time)
        return self._change(time, State.UP, Change.RETURNED)

    def bad(self, time: int) -> list[Change]:
        """Note that the device has not answered."""
        self._good = 0
        if self._failures == 0 or time < self._since:
            self._since = time
        self._failures += 1
        if self.down:
            self.state = State.DOWN
        elif self._failures >= self.rules.failures and time - self._since >= self.rules.silence:
            return self._change(time, State.DOWN, Change.DIED)
        return self._settle(time)

    def gone(self, time: int) -> list[Change]:
        """Note that the device is known not to be there: nothing is waited for."""
        self._good = 0
        if self.down:
            self.state = State.DOWN
            return self._settle(time)
        return self._change(time, State.DOWN, Change.DIED)

    def excuse(self) -> None:
        """Forget the failures so far: they were not the device's."""
        if not self.down:
            self._failures = 0

    def _change(self, time: int, state: State, change: Change) -> list[Change]:
        first, self.state = self.state is State.UNKNOWN, state
        if not first:
            self._changes = (*self._recent(time), time)[-(self.rules.changes + 1) :]
        if self.unstable:
            return [change]
        if len(self._changes) <= self.rules.changes:
            self.announced = state is State.UP
            return [change]
        self.unstable = self.announced = True
        return [change, Change.UNSTABLE]

    def _settle(self, time: int) -> list[Change]:
        """One state for a whole window ends an unstable time."""
        if not self.unstable or self._recent(time):
            return []
        self.unstable, self._changes = False, ()
        self.announced = self.state is State.UP
        return [Change.STABLE]

    def _recent(self, time: int) -> tuple[int, ...]:
        return tuple(at for at in self._changes if at <= time < at + self.rules.window)
