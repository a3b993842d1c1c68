"""What a session of an edge node asks of its caller, to be done in order; see `edge_session`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publish:
    """Send one message. `token`: to be given to `confirmed` when the broker has confirmed it."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    token: int | None = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Subscribe to these filters at QoS 1."""

    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The host has stored these outbox rows, or the broker has them and must do: they may be deleted."""

    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resend:
    """Nothing is in flight any more: read every row that is still in the outbox again, as historical."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody has acknowledged what only the host can, and has not proved to be the host. Nothing was done."""

    why: str


@dataclass(frozen=True, slots=True)
class Close:
    """Leave this MQTT session and establish a new one."""

    why: str


Action = Publish | Subscribe | Delivered | Resend | Refused | Close
