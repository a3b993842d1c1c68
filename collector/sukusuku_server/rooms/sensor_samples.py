"""What the sensors of a room say at a moment, apart from entries and exits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sukusuku_core.model import Quality, Reading

Counted = Literal["Count", "Children"]
STAFF = "Occupancy/Staff"
_FAILED_16 = 0xFFFF
_FAILED = frozenset({0xFF, _FAILED_16})
"""What counters of 8 and 16 bits say when they could not count."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The last GOOD value of a metric; presence is 0 or 1."""

    time: int
    value: float


def most(capacity: int) -> int:
    """More than this are in no room of so many places: a sensor that says so has failed."""
    return 5 * capacity + 20


def is_count(value: float, most: int) -> bool:
    """Whether a value can be a number of people."""
    return 0 <= value <= most and value not in _FAILED


def good(reading: Reading, most: int) -> float | None:
    """Return the count in a reading; None when it is not GOOD, a text, negative, `read failed` or over `most`."""
    if reading.quality is not Quality.GOOD or reading.value is None or isinstance(reading.value, str):
        return None
    value = float(reading.value)
    if reading.metric.startswith(("Entries/", "Exits/")):  # a true 0xFFFF is in the next value, too
        return value if value >= 0 and value != _FAILED_16 else None
    return value if is_count(value, most) else None


def whole(samples: Mapping[str, Sample], kind: Counted) -> Sample | None:
    """Return what a sensor says of the whole room."""
    return samples.get(f"Occupancy/{kind}")


@lru_cache
def of_zones(zones: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return the metrics that say this of each zone; they are asked for every minute of a history."""
    return tuple(f"Zones/{zone}/{what}" for zone in zones)


def summed(samples: Mapping[str, Sample], zones: tuple[str, ...], kind: Counted) -> Sample | None:
    """Return the sum of all zones, as old as its oldest part; None: a zone was never counted, or none exist."""
    parts = [part for name in of_zones(zones, kind) if (part := samples.get(name)) is not None]
    if not parts or len(parts) < len(zones):
        return None
    return Sample(min(part.time for part in parts), sum(part.value for part in parts))


def presence(samples: Mapping[str, Sample], zones: tuple[str, ...]) -> list[Sample]:
    """Return what the presence sensors of the room and of its zones say."""
    names = ("Presence", *of_zones(zones, "Presence"))
    return [found for name in names if (found := samples.get(name)) is not None]


def is_quiet(samples: Mapping[str, Sample], zones: tuple[str, ...], after: int) -> bool:
    """Whether every presence sensor that was heard after a time is quiet, there is one, and nobody is counted."""
    flags = [flag for flag in presence(samples, zones) if flag.time > after]
    if not flags or any(flag.value for flag in flags):
        return False
    counts = (whole(samples, "Count"), *map(samples.get, of_zones(zones, "Count")))
    return not any(count is not None and count.time > after and count.value for count in counts)
