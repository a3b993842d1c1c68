"""MQTT 3.1.1 packets, as far as an edge node needs them. Pure.

paho keeps a client's buffers, timers and callbacks for each connection, which ten thousand of them in one process do
not bear. Everything else of ours uses `sukusuku_mqtt`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

CONNACK, PUBLISH, SUBACK, PINGRESP = 2, 3, 9, 13
PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"
_CLEAN, _WILL, _USERNAME, _PASSWORD = 0x02, 0x04, 0x80, 0x40


@dataclass(frozen=True, slots=True)
class Login:
    """Who connects. `keepalive` in seconds."""

    client_id: str
    keepalive: int
    username: str | None = None
    password: str | None = None


def connect(login: Login, topic: str, will: bytes) -> bytes:
    """Return CONNECT with a will at QoS 1."""
    flags = _CLEAN | _WILL | 1 << 3
    parts = [_text(login.client_id), _text(topic), _data(will)]
    if login.username is not None:
        flags |= _USERNAME
        parts.append(_text(login.username))
        if login.password is not None:
            flags |= _PASSWORD
            parts.append(_text(login.password))
    return _packet(0x10, b"".join((_text("MQTT"), bytes((4, flags)), login.keepalive.to_bytes(2, "big"), *parts)))


def subscribe(ident: int, filters: Sequence[str]) -> bytes:
    """Return SUBSCRIBE at QoS 1."""
    return _packet(0x82, ident.to_bytes(2, "big") + b"".join(_text(item) + b"\x01" for item in filters))


def publish(topic: str, payload: bytes, qos: int, ident: int = 0) -> bytes:
    """Return PUBLISH; `ident` counts at QoS 1 only."""
    return _packet(0x30 | qos << 1, _text(topic) + (ident.to_bytes(2, "big") if qos else b"") + payload)


def puback(ident: bytes) -> bytes:
    """Return PUBACK for the two bytes of an identifier."""
    return b"\x40\x02" + ident


def take(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take whole packets off the front of what has come: their first byte and what follows the length."""
    while len(buffer) > 1:
        length = 0
        for at in count(1):
            if at >= len(buffer):
                return
            length |= (buffer[at] & 0x7F) << 7 * (at - 1)
            if not buffer[at] & 0x80:
                break
        end = at + 1 + length
        if len(buffer) < end:
            return
        first, body = buffer[0], bytes(buffer[at + 1 : end])
        del buffer[:end]
        yield first, body


def message(first: int, body: bytes) -> tuple[str, bytes, bytes]:
    """Return topic, payload and identifier of a PUBLISH; the identifier is empty at QoS 0."""
    end = 2 + int.from_bytes(body[:2], "big")
    start = end + 2 if first & 0x06 else end
    return body[2:end].decode(), body[start:], body[end:start]


def _packet(first: int, body: bytes) -> bytes:
    head, length = bytearray((first,)), len(body)
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(head) + body


def _text(text: str) -> bytes:
    return _data(text.encode())


def _data(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data
