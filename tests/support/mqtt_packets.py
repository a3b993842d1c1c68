"""MQTT 3.1.1 and 5 control packets from the bytes of one direction of a connection. Pure; written for tests only.

It shares no code with the programs under test, so that it can be a witness against them.
"""

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """Control packet types."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


SESSION_EXPIRY = 0x11
"""Property of CONNECT and DISCONNECT of MQTT 5: seconds."""
_BYTE = frozenset({0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A})
_TWO = frozenset({0x13, 0x21, 0x22, 0x23})
_FOUR = frozenset({0x02, SESSION_EXPIRY, 0x18, 0x27})
_VARIABLE = 0x0B
_PAIR = 0x26


@dataclass(frozen=True, slots=True)
class PacketWill:
    """The will of a CONNECT."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True)
class Packet:
    """One control packet. What its kind does not have keeps its default.

    `clean` is the clean session flag of 3.1.1 and the clean start flag of 5. `properties` are those of a CONNECT of
    MQTT 5 by identifier. `reason` is that of CONNACK and DISCONNECT (3.1.1: 0). `filters` are those of a SUBSCRIBE.
    """

    kind: Kind
    raw: bytes
    topic: str = ""
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    dup: bool = False
    ident: int | None = None
    level: int | None = None
    client: str | None = None
    clean: bool = False
    keepalive: int = 0
    will: PacketWill | None = None
    properties: tuple[tuple[int, int], ...] = ()
    filters: tuple[tuple[str, int], ...] = ()
    reason: int = 0


class PacketReader:
    """Cuts a stream of bytes into packets. `level` is the protocol level; a CONNECT sets it for what follows."""

    def __init__(self, level: int = 4) -> None:
        self.level = level
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that these bytes complete. Raises ValueError on what is no MQTT."""
        self._pending += data
        packets = []
        while (length := _whole(self._pending)) is not None:
            raw = bytes(self._pending[:length])
            del self._pending[:length]
            packet = decode(raw, self.level)
            if packet.level is not None:
                self.level = packet.level
            packets.append(packet)
        return packets


def _whole(data: bytearray) -> int | None:
    """The length of the first packet, None while it is not complete."""
    value = 0
    for at in range(1, 5):
        if at >= len(data):
            return None
        value |= (data[at] & 0x7F) << 7 * (at - 1)
        if not data[at] & 0x80:
            return at + 1 + value if len(data) >= at + 1 + value else None
    raise ValueError(f"not MQTT: a remaining length of more than four bytes in {bytes(data[:8])!r}")


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise ValueError("not MQTT: a field ends behind its packet")
        self._at += count
        return found

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def binary(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        return self.binary().decode()

    def variable(self) -> int:
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
            shift += 7

    def properties(self) -> tuple[tuple[int, int], ...]:
        """Numbers by identifier; texts are passed over."""
        inside = _Cursor(self.take(self.variable()))
        found = []
        while inside.left:
            ident = inside.variable()
            if ident in _BYTE:
                found.append((ident, inside.number(1)))
            elif ident in _TWO:
                found.append((ident, inside.number(2)))
            elif ident in _FOUR:
                found.append((ident, inside.number(4)))
            elif ident == _VARIABLE:
                found.append((ident, inside.variable()))
            else:
                inside.binary()
                if ident == _PAIR:
                    inside.binary()
        return tuple(found)

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def rest(self) -> bytes:
        return self.take(self.left)


def decode(raw: bytes, level: int = 4) -> Packet:
    """One whole packet. Raises ValueError."""
    kind, flags = Kind(raw[0] >> 4), raw[0] & 0x0F
    body = _Cursor(raw[1:])
    body.variable()
    five = level >= 5
    match kind:
        case Kind.CONNECT:
            return _connect(raw, body)
        case Kind.CONNACK:
            body.number(1)
            return Packet(kind, raw, reason=body.number(1))
        case Kind.PUBLISH:
            qos = flags >> 1 & 3
            topic = body.text()
            ident = body.number(2) if qos else None
            if five:
                body.properties()
            return Packet(kind, raw, topic, body.rest(), qos, bool(flags & 1), bool(flags & 8), ident)
        case Kind.SUBSCRIBE:
            ident = body.number(2)
            if five:
                body.properties()
            filters = []
            while body.left:
                filters.append((body.text(), body.number(1) & 3))
            return Packet(kind, raw, ident=ident, filters=tuple(filters))
        case Kind.DISCONNECT:
            return Packet(kind, raw, reason=body.number(1) if body.left else 0)
        case Kind.PINGREQ | Kind.PINGRESP | Kind.AUTH:
            return Packet(kind, raw)
        case _:
            return Packet(kind, raw, ident=body.number(2))


def _connect(raw: bytes, body: _Cursor) -> Packet:
    body.text()
    level, flags, keepalive = body.number(1), body.number(1), body.number(2)
    five = level >= 5
    properties = body.properties() if five else ()
    client = body.text()
    will = None
    if flags & 4:
        if five:
            body.properties()
        will = PacketWill(body.text(), body.binary(), flags >> 3 & 3, bool(flags & 0x20))
    return Packet(
        Kind.CONNECT,
        raw,
        level=level,
        client=client,
        clean=bool(flags & 2),
        keepalive=keepalive,
        will=will,
        properties=properties,
    )
