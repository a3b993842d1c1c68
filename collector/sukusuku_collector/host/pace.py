"""How often what has changed is looked at: at once while little happens, less often when much does. Pure."""

REST = 4.0
"""After a look so many times as long as it took belongs to others."""
LONGEST = 0.5
"""Seconds of a rest at most: an alert is late by that."""


class Pace:
    """Times are seconds of any clock that does not step."""

    def __init__(self) -> None:
        self._next = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until the next look; 0: now."""
        return max(0.0, self._next - now)

    def looked(self, begun: float, ended: float) -> None:
        """Note a look."""
        self._next = ended + min(REST * (ended - begun), LONGEST)
