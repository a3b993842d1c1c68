"""Recorded sessions: what went between a real process and a real broker, connection by connection."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.sparkplug import oracle
from tests.support.mqtt_packets import Connect, Direction, Kind, Packet

EDGE_TYPES = ("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA")
DATA = ("NDATA", "DDATA")
KEEP_ALIVE = (Kind.PINGREQ, Kind.PINGRESP)
SEQUENCED = ("NBIRTH", "NDATA", "DBIRTH", "DDATA", "DDEATH")


def utc_ms() -> int:
    """The present. The clock of the programs is under test, so it is not asked."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Frame:
    """One packet. `sent` is from the process under test to the broker; `wall` is UTC ms when it was seen.

    `index` is its place among all packets of its proxy.
    """

    packet: Packet
    wall: int
    index: int

    @property
    def sent(self) -> bool:
        return self.packet.direction is Direction.UP

    @property
    def kind(self) -> Kind:
        return self.packet.kind

    @cached_property
    def levels(self) -> list[str]:
        """The levels of the topic of a PUBLISH."""
        return self.packet.topic.split("/")

    @cached_property
    def type(self) -> str:
        """The Sparkplug type of a PUBLISH, or an empty text."""
        if self.kind is not Kind.PUBLISH or self.levels[0] != "spBv1.0":
            return ""
        return "STATE" if self.levels[1] == "STATE" else self.levels[2]

    @property
    def device(self) -> str | None:
        return self.levels[4] if len(self.levels) > 4 else None

    @cached_property
    def body(self) -> Any:
        """The payload as the oracle reads it."""
        return oracle.decode(self.packet.payload)

    @property
    def names(self) -> set[str]:
        return {metric.name for metric in self.body.metrics}


@dataclass(frozen=True)
class Connection:
    """The frames of one TCP connection, in order."""

    frames: tuple[Frame, ...]

    @property
    def connect(self) -> Connect:
        found = self.frames[0].packet.connect
        assert found is not None
        return found

    def sent(self, *types: str) -> list[Frame]:
        """The Sparkplug messages that the process published, of these types (all when none is given)."""
        return [frame for frame in self.frames if frame.sent and frame.type and (not types or frame.type in types)]

    def received(self, *types: str) -> list[Frame]:
        """The Sparkplug messages that it got."""
        return [frame for frame in self.frames if not frame.sent and frame.type in types]

    @property
    def said(self) -> list[Frame]:
        """What the process sent of its own accord: everything but acknowledgements of what it was sent."""
        return [frame for frame in self.frames if frame.sent and frame.kind is not Kind.PUBACK]

    def index(self, wanted: Callable[[Frame], object]) -> int:
        """Where the first such frame is."""
        return next(n for n, frame in enumerate(self.frames) if wanted(frame))

    def kinds(self, *kinds: Kind) -> list[Frame]:
        """The packets of these kinds that the process sent."""
        return [frame for frame in self.frames if frame.sent and frame.kind in kinds]


@dataclass(frozen=True)
class Recording:
    """All connections of one process, restarts included."""

    connections: tuple[Connection, ...]

    def sent(self, *types: str) -> list[Frame]:
        return [frame for each in self.connections for frame in each.sent(*types)]

    def received(self, *types: str) -> list[Frame]:
        return [frame for each in self.connections for frame in each.received(*types)]

    def between(self, begin: int, end: int) -> list[Frame]:
        """The frames from one index on and before another, of all connections."""
        return [frame for each in self.connections for frame in each.frames if begin <= frame.index < end]

    @property
    def born(self) -> list[Connection]:
        """The connections of an edge node that came to an NBIRTH."""
        return [each for each in self.connections if each.sent("NBIRTH")]

    def births(self) -> Iterator[list[Frame]]:
        """Every NBIRTH with the edge's messages that followed it, up to the next one or the end of the connection."""
        for each in self.born:
            part: list[Frame] = []
            for frame in each.sent():
                if frame.type == "NBIRTH":
                    if part:
                        yield part
                    part = []
                if part or frame.type == "NBIRTH":
                    part.append(frame)
            yield part


def record(packets: Sequence[Packet], wall: Callable[[Packet], int]) -> Recording:
    """The packets that a proxy has seen, by connection. Connections without a CONNECT are left out.

    So are pings: between which packets one falls depends on the speed of the machine alone.
    """
    by_number: dict[int, list[Frame]] = {}
    for index, packet in enumerate(packets):
        if packet.kind in KEEP_ALIVE:
            continue
        by_number.setdefault(packet.connection, []).append(Frame(packet, wall(packet), index))
    return Recording(
        tuple(Connection(tuple(frames)) for frames in by_number.values() if frames[0].kind is Kind.CONNECT)
    )
