"""MQTT control packets out of a stream of bytes: 3.1.1, and 5 as far as topics and payloads need it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

CONTINUES = 0x80
LENGTH_BYTES = 4
MQTT5 = 5


class Direction(Enum):
    """Which way bytes go."""

    UP = "to the broker"
    DOWN = "to the client"


class Kind(IntEnum):
    """MQTT control packet types."""

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


@dataclass(frozen=True, slots=True)
class Connect:
    """What a CONNECT says. `level` is 4 for MQTT 3.1.1, 5 for MQTT 5; `session_expiry` (seconds) is of MQTT 5 alone."""

    client_id: str
    level: int
    clean: bool
    keepalive: int
    will_topic: str | None = None
    will_payload: bytes = b""
    will_qos: int = 0
    will_retain: bool = False
    session_expiry: int = 0


@dataclass(frozen=True, slots=True)
class Packet:
    """One control packet. `time` is `time.monotonic()` when it was read; fields that a type lacks keep their default.

    `reason` is the code of CONNACK and DISCONNECT; `filters_qos` belongs to the `filters` of a SUBSCRIBE.
    """

    connection: int
    direction: Direction
    kind: Kind
    time: float
    raw: bytes
    topic: str = ""
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int | None = None
    filters: tuple[str, ...] = ()
    filters_qos: tuple[int, ...] = ()
    connect: Connect | None = None
    reason: int = 0


class MalformedError(Exception):
    """The bytes are not MQTT."""


@dataclass(slots=True)
class Decoder:
    """Packets out of the bytes of one direction of one connection."""

    connection: int
    direction: Direction
    level: int = 4
    _waiting: bytes = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        """The packets that are whole by now. Raises MalformedError."""
        self._waiting += data
        while True:
            length, used = _variable(self._waiting[1:])
            end = 1 + used + length
            if length < 0 or len(self._waiting) < end:
                return
            raw, self._waiting = self._waiting[:end], self._waiting[end:]
            yield self._packet(raw, _Body(raw[1 + used :]))

    def _packet(self, raw: bytes, body: "_Body") -> Packet:
        flags = raw[0] & 0x0F
        try:
            kind = Kind(raw[0] >> 4)
        except ValueError as error:
            raise MalformedError(f"packet type {raw[0] >> 4}") from error
        packet = Packet(self.connection, self.direction, kind, time.monotonic(), raw)
        match kind:
            case Kind.CONNECT:
                connect = _connect(body)
                self.level = connect.level
                return replace(packet, connect=connect)
            case Kind.CONNACK | Kind.DISCONNECT:
                if kind is Kind.CONNACK:
                    body.take(1)
                return replace(packet, reason=body.number(1) if body.left else 0)
            case Kind.PUBLISH:
                return self._publish(packet, flags, body)
            case Kind.SUBSCRIBE | Kind.UNSUBSCRIBE:
                packet_id = body.number(2)
                found = tuple(self._filters(body, options=kind is Kind.SUBSCRIBE))
                filters, qos = tuple(text for text, _ in found), tuple(number for _, number in found)
                return replace(packet, packet_id=packet_id, filters=filters, filters_qos=qos)
            case Kind.PINGREQ | Kind.PINGRESP | Kind.AUTH:
                return packet
            case _:
                return replace(packet, packet_id=body.number(2))

    def _publish(self, packet: Packet, flags: int, body: "_Body") -> Packet:
        topic, qos = body.text(), flags >> 1 & 3
        packet_id = body.number(2) if qos else None
        if self.level >= MQTT5:
            body.skip_properties()
        return replace(
            packet,
            topic=topic,
            payload=body.take(body.left),
            qos=qos,
            retain=bool(flags & 1),
            dup=bool(flags & 8),
            packet_id=packet_id,
        )

    def _filters(self, body: "_Body", *, options: bool) -> Iterator[tuple[str, int]]:
        if self.level >= MQTT5:
            body.skip_properties()
        while body.left:
            yield body.text(), body.number(1) & 3 if options else 0


@dataclass(slots=True)
class _Body:
    """Fields out of a packet's body, from front to back."""

    data: bytes
    at: int = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise MalformedError("a field is longer than its packet")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def block(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        return self.block().decode("utf-8", "replace")

    def skip_properties(self) -> None:
        self.properties()

    def properties(self) -> "_Body":
        length, used = _variable(self.data[self.at :])
        if length < 0:
            raise MalformedError("properties without a length")
        self.take(used)
        return _Body(self.take(length))


def _variable(data: bytes) -> tuple[int, int]:
    """A variable byte integer and how many bytes it took; (-1, 0) while it is not whole."""
    value = 0
    for place, byte in enumerate(data[:LENGTH_BYTES]):
        value |= (byte & ~CONTINUES) << (7 * place)
        if not byte & CONTINUES:
            return value, place + 1
    if len(data) >= LENGTH_BYTES:
        raise MalformedError("a length of more than four bytes")
    return -1, 0


_NUMBERS = {0x11: 4, 0x21: 2, 0x27: 4, 0x22: 2, 0x19: 1, 0x17: 1}
"""Size of the properties of a CONNECT that are numbers; the others are texts."""


def _session_expiry(properties: _Body) -> int:
    """The session expiry interval among the properties of a CONNECT: 0 when it is not there."""
    expiry = 0
    while properties.left:
        ident = properties.number(1)
        if ident in _NUMBERS:
            value = properties.number(_NUMBERS[ident])
            expiry = value if ident == 0x11 else expiry
        else:
            for _ in range(2 if ident == 0x26 else 1):  # a user property is a pair
                properties.block()
    return expiry


def _connect(body: _Body) -> Connect:
    body.text()
    level, flags, keepalive = body.number(1), body.number(1), body.number(2)
    expiry = _session_expiry(body.properties()) if level >= MQTT5 else 0
    connect = Connect(body.text(), level, bool(flags & 0x02), keepalive, session_expiry=expiry)
    if not flags & 0x04:
        return connect
    if level >= MQTT5:
        body.skip_properties()
    return replace(
        connect,
        will_topic=body.text(),
        will_payload=body.block(),
        will_qos=flags >> 3 & 3,
        will_retain=bool(flags & 0x20),
    )
