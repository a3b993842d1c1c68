"""The STATE message of a Sparkplug host application: JSON `{"online": bool, "timestamp": UTC ms}`, QoS 1, retained."""

from dataclasses import dataclass

import msgspec

from sukusuku_core.errors import DecodeError

LATEST_TIMESTAMP = 4_102_444_800_000
"""The year 2100. A STATE from there on is not believed: no true one could follow it."""


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
    """Return the state in a STATE body.

    Raises DecodeError (`state`), also for the text form of Sparkplug 2.2 and for a timestamp that cannot be.
    """
    try:
        wire = msgspec.json.decode(payload, type=_Wire)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError("state", f"expected the JSON of Sparkplug 3.0, found {payload[:40]!r}: {error}") from error
    if not 0 <= wire.timestamp < LATEST_TIMESTAMP:
        raise DecodeError("state", f"a timestamp between 1970 and 2100 was expected, found {payload[:80]!r}")
    return HostState(wire.online, wire.timestamp)
