"""A simulated retrofit board: a Modbus TCP server of our own, so that it can also answer wrongly, down to the byte."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from sukusuku_core import profile, registers
from sukusuku_core.model import Value
from sukusuku_core.profile import Area, ModbusProfile

PROFILE = "sukusuku-retrofit-board"
HEADER = struct.Struct(">HHHB")
AREAS = {1: Area.COIL, 2: Area.DISCRETE, 3: Area.HOLDING, 4: Area.INPUT}


@dataclass(frozen=True, slots=True)
class Request:
    """A read request."""

    transaction: int
    unit: int
    function: int
    start: int
    count: int


Step = bytes | float | None
"""Bytes to send, seconds to wait before going on, or None: close the connection."""
Fault = Callable[[Request, bytes], Sequence[Step]]
"""What happens instead of the right answer, which it is given."""


@dataclass(eq=False, slots=True)
class Board:
    """What the board shows. `fault` is asked for every request while it is set."""

    unit: int = 1
    values: dict[str, Value | None] = field(
        default_factory=lambda: {
            "fill_percent": 0.0,
            "distance": 900,
            "cycle_counter": 0,
            "state": 0,
            "fault_code": 0,
            "film_remaining": 100.0,
            "motor_power": 0,
            "temperature": 21.5,
            "serial": "SK-0001",
            "firmware": "1.2",
            "lid_open": False,
        }
    )
    where: socket.socket | None = None
    """The socket to serve on, which may belong to another network namespace; default: a free loopback port."""
    fault: Fault | None = None
    requests: int = 0
    shown: list[int] = field(default_factory=list)
    """When (UTC ms) each count was first shown; the count 1 stands first."""
    port: int = 0
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)
    _profile: ModbusProfile = field(init=False)

    def __post_init__(self) -> None:
        found = profile.find(PROFILE)
        assert isinstance(found, ModbusProfile)
        self._profile = found

    async def __aenter__(self) -> Self:
        listener = self.where or _loopback()
        self._server = await asyncio.start_server(self._talk, sock=listener)
        self.port = listener.getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def cycles(self) -> int:
        """The counter."""
        value = self.values["cycle_counter"]
        assert isinstance(value, int)
        return value

    def step(self) -> None:
        """One cycle of the unit: most values change."""
        count = self.cycles + 1
        self.shown.append(time.time_ns() // 1_000_000)
        self.values |= {
            "cycle_counter": count,
            "fill_percent": count % 1000 / 10,
            "distance": 900 - count % 700,
            "state": count % 4,
            "motor_power": count * 7 % 180,
            "film_remaining": 100 - count % 900 / 10,
            "lid_open": count % 2 == 1,
        }

    # ------------------------------------------------------------ Modbus TCP

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        try:
            while True:
                transaction, _, length, unit = HEADER.unpack(await reader.readexactly(HEADER.size))
                function, start, count = struct.unpack(">BHH", await reader.readexactly(length - 1))
                request = Request(transaction, unit, function, start, count)
                self.requests += 1
                right = self._answer(request)
                steps: Sequence[Step] = [right] if self.fault is None else self.fault(request, right)
                for step in steps:
                    if step is None:
                        return
                    if isinstance(step, bytes):
                        writer.write(step)
                        await writer.drain()
                    else:
                        await asyncio.sleep(step)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    def _answer(self, request: Request) -> bytes:
        """The right answer, or the exception that an address or function deserves."""
        area = AREAS.get(request.function)
        if area is None:
            return frame(request, bytes([request.function | 0x80, 1]))
        words = registers.image(self._profile, self.values).get(area, {})
        found = [words.get(at, 0) for at in range(request.start, request.start + request.count)]
        if area.of_bits:
            bits = sum(bit << n for n, bit in enumerate(found)).to_bytes((request.count + 7) // 8, "little")
            return frame(request, bytes([request.function, len(bits)]) + bits)
        return frame(request, struct.pack(f">BB{len(found)}H", request.function, 2 * len(found), *found))


def frame(request: Request, body: bytes, *, transaction: int | None = None, unit: int | None = None) -> bytes:
    """An answer with its header, which may lie about the transaction or the unit."""
    return (
        HEADER.pack(
            request.transaction if transaction is None else transaction,
            0,
            len(body) + 1,
            request.unit if unit is None else unit,
        )
        + body
    )


def _loopback() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


async def work(boards: Sequence[Board], every: float) -> None:
    """Let the units go through a cycle every so many seconds, until cancelled."""
    while True:
        await asyncio.sleep(every)
        for board in boards:
            board.step()
