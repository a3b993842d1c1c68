"""What a broker can do, as far as it says so (MQTT 5). Pure."""

from dataclasses import dataclass
from typing import Any

FRAME = 16
"""Bytes at most of a PUBLISH beside topic and payload: header, length, packet id, no properties."""
OVERHEAD = 512
"""Bytes at most of a PUBLISH of ours beside the payload."""


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """What the broker can do (MQTT 5)."""

    packet: int | None = None
    """Bytes of the largest packet; None: it has not said."""
    unacknowledged: int = 65_535
    """QoS 1 messages that it has not acknowledged yet."""
    qos: int = 2
    retain: bool = True

    @property
    def payload(self) -> int | None:
        """Bytes of the largest payload on any topic of ours; None: it has not said."""
        return None if self.packet is None else max(0, self.packet - OVERHEAD)

    def too_large(self, topic: str, payload: bytes) -> int | None:
        """Return the bytes of a packet that the broker does not take."""
        size = len(payload) + len(topic.encode()) + FRAME
        return size if self.packet is not None and size > self.packet else None


def told(properties: Any) -> BrokerLimits:
    """Read what a CONNACK of MQTT 5 says; MQTT 3.1.1 says nothing."""
    if properties is None:
        return BrokerLimits()
    return BrokerLimits(
        getattr(properties, "MaximumPacketSize", None),
        getattr(properties, "ReceiveMaximum", 65_535),
        getattr(properties, "MaximumQoS", 2),
        bool(getattr(properties, "RetainAvailable", 1)),
    )
