"""What goes over a session: messages that arrive, messages to be sent, and a will."""

from collections.abc import Callable
from dataclasses import dataclass

from sukusuku_core.errors import TransientError


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent; `confirmed` is called when the broker has it."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    confirmed: Callable[[], None] | None


class TooLargeError(TransientError):
    """A message is larger than the broker takes, as it has said."""


@dataclass(frozen=True, slots=True)
class Will:
    """The message the broker sends when this session ends without a DISCONNECT."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A received message."""

    topic: str
    payload: bytes
    retain: bool = False
