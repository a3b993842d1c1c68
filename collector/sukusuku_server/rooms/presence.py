"""Presence as its sensors need it. Pure.

A motion sensor (PIR) tells pulses: somebody who sits still is not there for it. So presence is held for `HELD_PAUSES`
usual pauses between two pulses, and at least for a setting. What is held is doubt: the minutes of it count as minutes
without a sample.
"""

from dataclasses import dataclass, replace

from sukusuku_core.time import MINUTE_MS

LONGEST_MS = 30 * MINUTE_MS
"""Nobody is still for longer; a longer pause is an absence."""
HELD_PAUSES = 4
"""Of pauses that end by chance at any moment 2 % are longer than four usual ones."""
_PACE = 0.1
"""How fast the usual pause follows the last ones."""


@dataclass(frozen=True, slots=True)
class Detections:
    """When (UTC ms) somebody was last detected, and the usual pause between two detections (ms), of how many."""

    last: int | None = None
    pause: float = 0.0
    pauses: int = 0

    def hold(self, least: int) -> int:
        """For how long (ms) somebody is taken to be still there, `least` at least."""
        return max(least, min(round(HELD_PAUSES * self.pause), LONGEST_MS))

    def held(self, now: int, least: int) -> bool:
        """Whether somebody was detected so shortly ago that they may still be there."""
        return self.last is not None and now - self.last < self.hold(least)


def detected(found: Detections, time: int, *, anew: bool) -> Detections:
    """Return the detections after one; `anew`: the sensor saw nobody right before."""
    if anew and found.last is not None and 0 < time - found.last <= LONGEST_MS:
        share = max(1 / (found.pauses + 1), _PACE)
        pause = found.pause + share * (time - found.last - found.pause)
        found = replace(found, pause=pause, pauses=found.pauses + 1)
    return replace(found, last=time)
