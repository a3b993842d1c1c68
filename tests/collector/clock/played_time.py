"""Hours in seconds: the true time of a simulated day, and a computer whose clock is off by what a test sets."""

import time

from sukusuku_collector.clock.judge import Instant
from sukusuku_core.time import HOUR_MS, SECOND_MS

BEGIN = 1_795_914_000_000
"""2026-11-29T10:00:00+09:00; the centres of these tests have no hours, so they are always open."""


class PlayedTime:
    """The true time: it goes on as it does, and by what is skipped."""

    def __init__(self) -> None:
        self._begun = time.monotonic_ns()
        self._skipped = 0

    def __call__(self) -> int:
        return BEGIN + self._skipped + (time.monotonic_ns() - self._begun) // 1_000_000

    def until(self, time_: int) -> None:
        """Let the time pass at once until then, unless it is past."""
        self._skipped += max(0, time_ - self())


class Computer:
    """The clocks of a computer whose wall clock is off by `offset` (ms) from the true time. No NTP."""

    def __init__(self, true: PlayedTime) -> None:
        self._true = true
        self._boot = BEGIN - HOUR_MS
        self.number = 1
        self.offset = 0

    def __call__(self) -> Instant:
        now = self._true()
        return Instant(now + self.offset, now - self._boot, self.number)

    def ntp(self) -> bool:
        return False

    def reboot(self, offset: int) -> None:
        """Start anew, with a clock that is off by so much."""
        self._boot = self._true() - 30 * SECOND_MS
        self.number += 1
        self.offset = offset
