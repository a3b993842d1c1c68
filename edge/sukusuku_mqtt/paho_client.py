"""paho's client with a bound for what it reads, and a short way for messages at QoS 0, which nearly all are.

paho asks the socket four times for a message that comes and once for each that goes, and makes an object with a lock
and one with properties for each. Here the socket is asked for what it has, and messages that go leave together.
Whatever is not an ordinary message at QoS 0 goes paho's own way.
"""

from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

LARGEST_PACKET = 8 * 1024 * 1024
"""Bytes of the largest packet that is taken. Mosquitto without `max_packet_size` hands on up to 256 MiB in one."""
CHUNK = 64 * 1024
"""Bytes that are asked of the socket at once, and bytes that are joined at most."""
_PUBLISH, _RETAIN, _QOS = 0x30, 0x01, 0x06
_SHORT = 2
"""Bytes that say how long a topic is."""
_JOINED = 0
"""Stands where paho notes the kind of a packet: when these bytes are sent, nothing follows."""


class Client(paho.Client):
    """`refused` is the size of a packet that is too large, `taken` is called for messages at QoS 0 in MQTT 3.1.1.

    Before the body of a packet is read, its whole length is asked for: that is where a large one is seen.
    """

    refused: int | None = None

    def __init__(self, taken: Callable[[str, bytes, bool], None], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._taken = taken
        self._chunk, self._place = b"", 0
        self._joined = bytearray()

    # ------------------------------------------------------------ what comes

    @property
    def unread(self) -> bool:
        """Whether there is something to read of which the socket says nothing any more."""
        return self._place < len(self._chunk)

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > LARGEST_PACKET:
            self.refused = bufsize
            raise ConnectionError("a packet is too large")
        if not self.unread:
            self._chunk, self._place = super()._sock_recv(max(bufsize, CHUNK)), 0
        start, self._place = self._place, min(self._place + bufsize, len(self._chunk))
        return self._chunk[start : self._place]

    def _handle_publish(self) -> MQTTErrorCode:
        command, packet = self._in_packet["command"], self._in_packet["packet"]
        end = _SHORT + int.from_bytes(packet[:_SHORT], "big")
        if self._protocol == MQTTProtocolVersion.MQTTv5 or command & _QOS or not _SHORT < end <= len(packet):
            return super()._handle_publish()
        try:
            topic = packet[_SHORT:end].decode()
        except UnicodeDecodeError:
            return super()._handle_publish()
        self._taken(topic, bytes(packet[end:]), bool(command & _RETAIN))
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    # ------------------------------------------------------------ what goes

    def join(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Keep a message at QoS 0 for `send_joined`. Tells whether it is the first one."""
        name = topic.encode()
        properties = b"\0" if self._protocol == MQTTProtocolVersion.MQTTv5 else b""
        first = not self._joined
        self._joined.append(_PUBLISH | (_RETAIN if retain else 0))
        self._joined += _length(_SHORT + len(name) + len(properties) + len(payload))
        self._joined += len(name).to_bytes(_SHORT, "big")
        self._joined += name
        self._joined += properties
        self._joined += payload
        if len(self._joined) < CHUNK:
            return first
        self.send_joined()
        return False

    def send_joined(self) -> None:
        """Send what was kept. Call it before anything else is sent: no message overtakes another."""
        if self._joined:
            joined, self._joined = self._joined, bytearray()
            self._packet_queue(_JOINED, joined, 0, 0)


def _length(size: int) -> bytes:
    """Return the length of the rest of a packet as MQTT writes it."""
    found = bytearray()
    while size > 127:  # noqa: PLR2004 - seven bits of each byte
        found.append(size & 127 | 128)
        size >>= 7
    found.append(size)
    return bytes(found)
