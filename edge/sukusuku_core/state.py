"""The STATE message of a Sparkplug host application: JSON `{"online": bool, "timestamp": UTC ms}`, QoS 1, retained."""

from dataclasses import dataclass

import msgspec

from sukusuku_core.errors import DecodeError


class _Wire(msgspec.Struct, frozen=True):
    online: bool
    timestamp: int


@dataclass(frozen=True, slots=True)
class HostState:
    """Whether a host application is online, and since which CONNECT (UTC ms of its clock)."""

    online: bool
    timestamp: int

    def encode(self) -> bytes:
        """Return the JSON body."""
        return msgspec.json.encode(_Wire(self.online, self.timestamp))


def decode(payload: bytes) -> HostState:
    """Return the state in a STATE body. Raises DecodeError (`state`), also for the text form of Sparkplug 2.2."""
    try:
        wire = msgspec.json.decode(payload, type=_Wire)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError("state", f"expected the JSON of Sparkplug 3.0, found {payload[:40]!r}: {error}") from error
    return HostState(wire.online, wire.timestamp)
