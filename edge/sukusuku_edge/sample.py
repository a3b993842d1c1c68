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
    identity: str = ""
    """The device's serial number; empty when it is not known."""


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


@dataclass(frozen=True, slots=True)
class Refused:
    """A message carried fields that could identify a child; they were not read."""

    device: str
    time: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A sensor numbers its messages, and some did not arrive."""

    device: str
    time: int
    count: int


Event = Sample | Failure | Rejected | Refused | Lost
Emit = Callable[[Event], Awaitable[None]]
"""Takes an event; waits while the outbox cannot keep up."""
