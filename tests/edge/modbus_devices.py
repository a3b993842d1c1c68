"""Modbus TCP devices for tests: a real pymodbus server, and devices that misbehave on the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from sukusuku_core import profile, registers
from sukusuku_core.model import Value
from sukusuku_core.profile import Area, ModbusProfile

FUNCTION = {1: Area.COIL, 2: Area.DISCRETE, 3: Area.HOLDING, 4: Area.INPUT}
VALUES: dict[str, Value | None] = {
    "fill_percent": 42.5,
    "distance": 581,
    "cycle_counter": 70_000,
    "state": 1,
    "fault_code": 0,
    "film_remaining": 80.0,
    "motor_power": 0,
    "temperature": -3.5,
    "serial": "SK-0001",
    "firmware": "1.2",
    "lid_open": True,
}


@dataclass(slots=True)
class Board:
    """What a device answers. `refusals` maps a register to the exception code for requests that touch it."""

    profile: ModbusProfile
    unit: int = 1
    values: dict[str, Value | None] = field(default_factory=lambda: dict(VALUES))
    refusals: dict[int, int] = field(default_factory=dict)
    requests: list[tuple[Area, int, int]] = field(default_factory=list)
    talking: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, requests get no answer."""

    def __post_init__(self) -> None:
        self.talking.set()

    async def answer(
        self, function: int, start: int, address: int, count: int, current: list[int], _set: object
    ) -> ExcCodes | None:
        """Fills the registers that are asked for."""
        area = FUNCTION[function]
        self.requests.append((area, address, count))
        await self.talking.wait()
        for at, code in self.refusals.items():
            if address <= at < address + count and not area.of_bits:
                return ExcCodes(code)
        table = registers.image(self.profile, self.values).get(area, {})
        for at, word in table.items():
            if area.of_bits:
                current[at // 16] = current[at // 16] & ~(1 << at % 16) | word << at % 16
            else:
                current[at - start] = word
        return None


def board(**values: Value | None) -> Board:
    """A retrofit board."""
    found = profile.find("sukusuku-retrofit-board")
    assert isinstance(found, ModbusProfile)
    return Board(found, values=VALUES | values)


@contextlib.asynccontextmanager
async def serve(device: Board, port: int = 0) -> AsyncIterator[int]:
    """The port of a Modbus TCP server on 127.0.0.1 with this device: addresses 0-99 of every table exist."""
    words = [SimData(0, count=100, values=0, datatype=DataType.REGISTERS)]
    bits = [SimData(0, count=100, values=False, datatype=DataType.BITS)]
    simulated = SimDevice(device.unit, (bits, bits, words, words), action=device.answer)
    server = ModbusTcpServer(simulated, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    try:
        yield server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined] # an asyncio Server
    finally:
        device.talking.set()
        await server.shutdown()  # type: ignore[no-untyped-call] # pymodbus leaves it without types


@contextlib.asynccontextmanager
async def scripted(answers: Mapping[int, bytes | None]) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A server that answers the n-th request with these bytes (None: never), `{tid}` excepted, which is the request's.

    Yields the port and an event that is set when a client has closed a connection.
    """
    closed = asyncio.Event()
    running: set[asyncio.Task[None] | None] = set()
    count = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        running.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            while request := await reader.read(260):
                answer = answers.get(count)
                count += 1
                if answer is not None:
                    writer.write(answer.replace(b"{tid}", request[:2]))
        closed.set()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], closed
    finally:
        server.close()
        await asyncio.gather(*(task for task in running if task is not None))
