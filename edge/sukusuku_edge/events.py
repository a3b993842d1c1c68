"""What a source hands on."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sukusuku_core.message_order import UNMARKED, Mark
from sukusuku_core.registers import Decoded


@dataclass(frozen=True, slots=True)
class Sample:
    """The points of a device at one time (UTC ms). Points that are absent keep their last value."""

    device: str
    time: int
    values: Mapping[str, Decoded]
    identity: str = ""
    """The device's serial number; empty when it is not known."""
    mark: Mark = UNMARKED
    """Where the message belongs among those of the device."""
    late: bool = False
    """A newer message has come before it, or a bridge repeats it: it tells of the past only, and is no sign of life."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A device did not answer."""

    device: str
    time: int
    why: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """What kept a device from being heard is over; whether it lives is not known."""

    device: str
    time: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A device said something that cannot be used; it is alive all the same."""

    device: str
    time: int
    why: str
    about: str = ""
    """What of it: a topic, or the points that were asked for."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """What a device says of this can be used again."""

    device: str
    time: int
    about: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A message carried fields that could identify a child; they were not read."""

    device: str
    time: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A sensor numbers its messages, and so many more have not arrived; negative when such a one has come late."""

    device: str
    time: int
    count: int


@dataclass(frozen=True, slots=True)
class Alive:
    """A device is known to live, though it has said no value: its availability says so."""

    device: str
    time: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A device is known not to be there."""

    device: str
    time: int
    why: str


@dataclass(frozen=True, slots=True)
class Holds:
    """A device that speaks only when something changes is taken to live: what it said last is true now."""

    device: str
    time: int


Event = Sample | Failure | Alive | Gone | Holds | Reachable | Rejected | Cleared | Refused | Lost
Emit = Callable[[Event], Awaitable[None]]
"""Takes an event; waits while the outbox cannot keep up."""
