"""What can be added up over any stretch of time, and the figures that follow from it. Pure.

The formulas are in `docs/rooms.md`; every figure is None where nothing is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce
from operator import add, attrgetter

from sukusuku_core.time import HOUR_MS, MINUTE_MS

USED_MS = 10 * MINUTE_MS
"""An hour counts as used from so many minutes with somebody in on."""
UNDER, OVER = 0.6, 1.0
"""Below: under target; above: over; between: on target."""


@dataclass(frozen=True, slots=True)
class UsageSums:
    """Sums over opening hours, in ms, person-ms and numbers. `+` joins two stretches of time that do not overlap."""

    open_ms: int = 0
    known_ms: int = 0
    complete_ms: float = 0.0
    """ms x share of samples received."""
    person_ms: float = 0.0
    used_ms: int = 0
    """ms with somebody in."""
    rated_ms: int = 0
    """Known ms at which the places are known and not 0."""
    ratio_ms: float = 0.0
    """ms x people per place."""
    under_ms: int = 0
    over_ms: int = 0
    uses: int = 0
    """Runs of time with somebody in."""
    visits: int = 0
    """People who came in: rises of the count that are no corrections."""
    peak: float | None = None
    peak_at: int | None = None
    peak_ratio: float | None = None
    hours_open: int = 0
    hours_known: int = 0
    hours_used: int = 0
    arrivals: int = 0
    """As `visits`, with those who came within minutes of another's leaving."""

    def __add__(self, other: "UsageSums") -> "UsageSums":
        return total((self, other))

    @property
    def guarded(self) -> int:
        """What is guarded as the number of visits: one also where somebody was in too shortly for a visit."""
        return self.visits or int(self.person_ms > 0)

    @property
    def completeness(self) -> float | None:
        """Samples received of those expected, in percent."""
        return _over(100.0 * self.complete_ms, self.open_ms)

    @property
    def average_occupancy(self) -> float | None:
        """Person-seconds per second."""
        return _over(self.person_ms, self.known_ms)

    @property
    def average_utilisation(self) -> float | None:
        """Average of people per place over the seconds, in percent."""
        return _over(100.0 * self.ratio_ms, self.rated_ms)

    @property
    def peak_occupancy(self) -> float | None:
        """The highest count."""
        return self.peak

    @property
    def peak_utilisation(self) -> float | None:
        """The highest count per place, in percent."""
        return None if self.peak_ratio is None else 100.0 * self.peak_ratio

    @property
    def average_when_used(self) -> float | None:
        """Average over the seconds with somebody in."""
        return _over(self.person_ms, self.used_ms)

    @property
    def time_used(self) -> float | None:
        """Seconds with somebody in per second, in percent."""
        return _over(100.0 * self.used_ms, self.known_ms)

    @property
    def dwell_minutes(self) -> float | None:
        """Seconds with somebody in per run of such seconds, in minutes: how long the room is in use at a time."""
        return _over(self.used_ms / MINUTE_MS, self.uses)

    @property
    def under_target(self) -> float | None:
        """Time below 60 % of the places, in percent."""
        return _over(100.0 * self.under_ms, self.rated_ms)

    @property
    def on_target(self) -> float | None:
        """Time between 60 % and 100 % of the places, in percent."""
        return _over(100.0 * (self.rated_ms - self.under_ms - self.over_ms), self.rated_ms)

    @property
    def over_target(self) -> float | None:
        """Time above the places, in percent."""
        return _over(100.0 * self.over_ms, self.rated_ms)

    @property
    def hours_used_share(self) -> float | None:
        """Hours that count as used (10 minutes or more) of the hours of which something is known, in percent."""
        return _over(100.0 * self.hours_used, self.hours_known)

    @property
    def person_hours(self) -> float:
        """Occupancy over time (延べ利用時間 when children are counted), of the time that is known."""
        return self.person_ms / HOUR_MS


_ADDED = tuple(field.name for field in fields(UsageSums) if not field.name.startswith("peak"))
_NUMBERS = attrgetter(*_ADDED)


def total(tallies: Iterable[UsageSums]) -> UsageSums:
    """All of them together, added up in their order; of equal peaks the first one tells when it was."""
    found = [*tallies]
    sums = [reduce(add, numbers) for numbers in zip(*map(_NUMBERS, found), strict=True)]
    top = max((one for one in found if one.peak is not None), key=lambda one: one.peak or 0.0, default=UsageSums())
    ratio = max((one.peak_ratio for one in found if one.peak_ratio is not None), default=None)
    return UsageSums(**dict(zip(_ADDED, sums, strict=False)), peak=top.peak, peak_at=top.peak_at, peak_ratio=ratio)


def _over(sum_: float, time: float) -> float | None:
    return sum_ / time if time else None
