"""A message that has been parsed, and what its body says."""

from dataclasses import dataclass
from typing import Any, Self

from sukusuku_collector.ingest import validation
from sukusuku_collector.ingest.topic_routes import Route
from sukusuku_core import sparkplug
from sukusuku_core.errors import DecodeError
from sukusuku_core.proof import Wire
from sukusuku_mqtt import Message


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that has been parsed. `seq` is None where it has none that can be."""

    message: Message
    route: Route
    body: Any
    seq: int | None

    @classmethod
    def parse(cls, message: Message, route: Route) -> Self:
        """Parse a message that is not compressed. Raises DecodeError."""
        body = sparkplug.parse(message.payload)
        seq = body.seq if body.HasField("seq") and body.seq < sparkplug.SEQ_MODULUS else None
        return cls(message, route, body, seq)

    @property
    def wire(self) -> Wire:
        """The message as it came."""
        return self.message.topic, self.message.payload

    def types(self) -> dict[str, int]:
        """Return the datatypes that a birth declares, by metric. Raises DecodeError (`name`)."""
        return {sparkplug.read_name(item): int(item.datatype) for item in self.body.metrics}

    def bdseq(self) -> int:
        """Return the session number of a node birth or death. Raises DecodeError (`bdseq`)."""
        for metric in self.body.metrics:
            if metric.name == sparkplug.BDSEQ:
                return int(metric.long_value or metric.int_value)
        raise DecodeError("bdseq", "a node birth or death needs the metric bdSeq")

    def time_of_death(self, now: int) -> int:
        """Return when a device died (UTC ms): as the edge node says, where that can be."""
        earliest, latest = validation.window(now)
        return int(self.body.timestamp) if earliest <= self.body.timestamp <= latest else now
