"""How complete the samples of the last hour are. Pure."""

from dataclasses import dataclass

MINUTES = 60


@dataclass(frozen=True, slots=True)
class Heard:
    """One bit for each of the last minutes, at most 60: whether the leading source had been heard in time."""

    bits: int = 0
    minutes: int = 0

    @property
    def percent(self) -> float:
        """Samples received of those expected; at least 1, for 0 means that nothing is known at all."""
        return max(100.0 * self.bits.bit_count() / max(self.minutes, 1), 1.0)

    def after(self, minutes: int, silent: int) -> "Heard":
        """When more minutes have passed, the last of them without a sample in time."""
        silent = min(silent, minutes)
        heard = min(minutes - silent, MINUTES)
        bits = ((self.bits << heard) | ((1 << heard) - 1)) << min(silent, MINUTES)
        return Heard(bits & ((1 << MINUTES) - 1), min(self.minutes + minutes, MINUTES))
