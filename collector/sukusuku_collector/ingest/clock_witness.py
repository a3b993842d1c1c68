"""What ingestion tells the judge of the clock, and asks it. `clock.trusted.TrustedClock` in the collector."""

from typing import Protocol


class ClockWitness(Protocol):
    """Hears what edge nodes say of the time."""

    def heard(self, node: str, sent: int, /) -> None:
        """Take it that an edge node whose clock is set has sent a message at a time (UTC ms)."""

    def unset(self, node: str, /) -> None:
        """Take it that the clock of an edge node is not set."""

    def sure(self) -> bool:
        """Tell whether the clock of this computer is believed."""


class _Nobody:
    """Believes the clock, whatever is said."""

    def heard(self, node: str, sent: int, /) -> None:
        """Pass over it."""

    def unset(self, node: str, /) -> None:
        """Pass over it."""

    def sure(self) -> bool:
        """Return True."""
        return True


NOBODY: ClockWitness = _Nobody()
"""For replays and tests, whose clock is right."""
