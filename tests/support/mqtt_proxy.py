"""A TCP proxy between MQTT peers that decodes what passes, records it, and harms it as told.

Whole packets are handed on, so what is swallowed, doubled or swapped never breaks the framing; only `cut_next` and
`cut_in` end a connection in the middle of one.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import NoReturn, Self

from tests.support.mqtt_packets import Decoder, Direction, Kind, MalformedError, Packet

CHUNK = 65_536


class Flow(Enum):
    """What happens to a direction. HOLD is a partition that TCP survives; SWALLOW a peer that has gone silent."""

    OPEN = "open"
    HOLD = "hold"
    SWALLOW = "swallow"


@dataclass(eq=False, slots=True)
class Link:
    """One connection through the proxy. `gone` is set with `ended` when the client has closed its side."""

    number: int
    opened: float
    client_id: str = ""
    flow: Flow = Flow.OPEN
    """For both directions, beside what holds for all connections."""
    silent_since: float | None = None
    ended: float | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    passed: dict[Direction, int] = field(default_factory=lambda: dict.fromkeys(Direction, 0))
    """Bytes handed on."""
    cut_at: tuple[Direction, int] | None = None
    decoders: dict[Direction, Decoder] = field(default_factory=dict)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def abort(self) -> None:
        """End the connection on both sides, as a reset does."""
        for writer in self.writers:
            writer.transport.abort()


class MqttProxy:
    """`async with MqttProxy(port of the broker) as proxy`: clients connect to `proxy.port` instead.

    What it does to the traffic is set by attributes at any time; use `set_flow` for what must take effect at once.
    """

    def __init__(self, upstream: int, upstream_host: str = "127.0.0.1") -> None:
        self.port = 0
        self.packets: list[Packet] = []
        """Everything that was read, also what was swallowed, in the order of arrival."""
        self.links: list[Link] = []
        self.refusing = False
        """New connections are closed at once."""
        self.delay: dict[Direction, float] = dict.fromkeys(Direction, 0.0)
        """Seconds by which each packet of a direction comes later."""
        self.rewrite: Callable[[Packet], Sequence[Packet]] | None = None
        """What is handed on instead of a packet."""
        self.cut_next: tuple[Direction, int] | None = None
        """The next connection is reset when so many bytes have passed in that direction; used up by it."""
        self.cut_in: Callable[[Packet], int | None] | None = None
        """The connection of the first packet for which it gives a number is reset after so many bytes of that packet;
        used up by it."""
        self.silence_at: Callable[[Packet], bool] | None = None
        """The connection of the first such packet goes silent both ways, with that packet; used up by it."""
        self.silenced: asyncio.Queue[Link] = asyncio.Queue()
        """The connections that `silence_at` has silenced."""
        self._upstream = (upstream_host, upstream)
        self._flow: dict[Direction, Flow] = dict.fromkeys(Direction, Flow.OPEN)
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.reset_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------ faults

    def set_flow(self, flow: Flow, *directions: Direction) -> None:
        """For all connections, those to come included; both directions when none is named."""
        for direction in directions or Direction:
            self._flow[direction] = flow
        self._tell()

    def reset_all(self) -> None:
        """Reset every connection."""
        for link in self.links:
            link.abort()
        self._tell()

    async def until(self, wanted: Callable[[Packet], bool], after: int = 0) -> Packet:
        """The first packet with an index from `after` on that is wanted; waits for it."""
        at = after
        while True:
            while at < len(self.packets):
                if wanted(self.packets[at]):
                    return self.packets[at]
                at += 1
            await self._wait()

    # ------------------------------------------------------------ inside

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _wait(self) -> None:
        await self._changed.wait()

    def _flow_of(self, link: Link, direction: Direction) -> Flow:
        return link.flow if link.flow is not Flow.OPEN else self._flow[direction]

    async def _held(self, link: Link, direction: Direction) -> Flow:
        while (flow := self._flow_of(link, direction)) is Flow.HOLD:
            await self._wait()
        return flow

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        link = Link(next(self._numbers), time.monotonic(), writers=[writer])
        link.decoders = {direction: Decoder(link.number, direction) for direction in Direction}
        link.cut_at, self.cut_next = self.cut_next, None
        self.links.append(link)
        try:
            if self.refusing:
                return
            with contextlib.suppress(OSError, MalformedError):
                up, upward = await asyncio.open_connection(*self._upstream)
                link.writers.append(upward)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pump(link, Direction.UP, reader, upward))
                    group.create_task(self._pump(link, Direction.DOWN, up, writer))
        except* (OSError, MalformedError):
            pass  # one side has reset, or does not speak MQTT: so ends the other
        finally:
            link.abort()
            self._gone(link)

    def _gone(self, link: Link) -> None:
        if link.ended is None:
            link.ended = time.monotonic()
            link.gone.set()
            self._tell()

    async def _pump(
        self, link: Link, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await self._read(link, direction, reader):
                for packet in link.decoders[direction].feed(data):
                    await self._take(link, packet, writer)
        except OSError:
            if direction is Direction.UP:
                self._gone(link)
            if self._flow_of(link, direction) is Flow.OPEN:
                raise
        if direction is Direction.UP:
            self._gone(link)
        while await self._held(link, direction) is Flow.SWALLOW:
            await self._wait()  # the other side must not learn of it
        raise ConnectionResetError

    async def _read(self, link: Link, direction: Direction, reader: asyncio.StreamReader) -> bytes:
        await self._held(link, direction)
        return await reader.read(CHUNK)

    async def _take(self, link: Link, packet: Packet, writer: asyncio.StreamWriter) -> None:
        if packet.connect is not None:
            link.client_id = packet.connect.client_id
            link.decoders[Direction.DOWN].level = packet.connect.level
        self.packets.append(packet)
        if self.silence_at is not None and self.silence_at(packet):
            self.silence_at = None
            link.flow, link.silent_since = Flow.SWALLOW, time.monotonic()
            self.silenced.put_nowait(link)
        self._tell()
        if delay := self.delay[packet.direction]:
            await asyncio.sleep(delay)
        if await self._held(link, packet.direction) is Flow.SWALLOW:
            return
        for item in [packet] if self.rewrite is None else self.rewrite(packet):
            await self._send(link, item, writer)

    async def _send(self, link: Link, packet: Packet, writer: asyncio.StreamWriter) -> None:
        raw, before = packet.raw, link.passed[packet.direction]
        link.passed[packet.direction] += len(raw)
        if link.cut_at is not None and link.cut_at[0] is packet.direction and before + len(raw) >= link.cut_at[1]:
            await self._cut(raw[: max(0, link.cut_at[1] - before)], writer)
        if self.cut_in is not None and (count := self.cut_in(packet)) is not None:
            self.cut_in = None
            await self._cut(raw[:count], writer)
        writer.write(raw)
        await writer.drain()

    async def _cut(self, last: bytes, writer: asyncio.StreamWriter) -> NoReturn:
        writer.write(last)
        await writer.drain()
        raise ConnectionResetError


def publishes(packets: Sequence[Packet], direction: Direction | None = None) -> list[Packet]:
    """The PUBLISH packets, of one direction if given."""
    return [item for item in packets if item.kind is Kind.PUBLISH and direction in {None, item.direction}]
