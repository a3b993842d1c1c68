"""What a source hands on."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sukusuku_core.registers import Decoded


@dataclass(frozen=True, slots=True)
class Sample:
    """The points of a device at one time (UTC ms). Points that are absent keep their last value."""

    device: str
    time: int
    values: Mapping[str, Decoded]


@dataclass(frozen=True, slots=True)
class Failure:
    """A device did not answer."""

    device: str
    time: int
    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A device said something that cannot be used; it is alive all the same."""

    device: str
    time: int
    why: str


Event = Sample | Failure | Rejected
Emit = Callable[[Event], Awaitable[None]]
"""Takes an event; waits while the outbox cannot keep up."""
