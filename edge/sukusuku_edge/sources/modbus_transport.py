"""The lines to Modbus devices, over pymodbus; the only file of the edge agent that knows it.

A line carries one request at a time and hands on nothing but the answer to it: after a time-out or anything else that
does not fit, a TCP connection is closed, and a serial line is listened to until it has been quiet for long enough.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from sukusuku_core import frames
from sukusuku_core.errors import TransientError
from sukusuku_core.frames import Heard, Request
from sukusuku_core.profile import Area
from sukusuku_core.registers import Block
from sukusuku_edge.settings import SerialBus

QUIET = 1.5
"""A serial line counts as drained when nothing came for so many times its longest frame."""
NOISY = 20
"""After so many of these times of waiting for quiet, the line is used all the same."""
GAP_CHARACTERS = 3.5
SHORTEST_GAP = 0.00175
"""Seconds between two frames at more than 19 200 baud, by the Modbus specification."""
LATENESS = 3.0
"""A unit on a serial line may answer so many time-outs late; until then it is not asked again."""

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs every failure; we log the transitions


class Refused(Exception):  # noqa: N818 - not an error of ours: the device's answer
    """The device answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Line(Protocol):
    """Reaches one or several units, one request at a time."""

    async def ready(self, timeout: float) -> int:  # noqa: ASYNC109 - each unit of a line has its own
        """Open the line where needed. A number that is another one after every reopening.

        Raises TransientError that says what to check.
        """

    async def read(self, unit: int, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109 - as above
        """Return the registers or bits of a block.

        Raises Refused, and TransientError when there is no usable answer.
        """

    def name(self, unit: int) -> str:
        """Return the place of a unit, for people."""

    def rest(self, timeout: float) -> float:
        """Seconds for which a unit that failed must be left alone."""

    def close(self) -> None:
        """Lets go of the line; the next request opens it again."""


_Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class _PymodbusLine(ABC):
    """What both kinds of lines have in common."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._client: _Client | None = None
        self._opened = 0
        self._request: Request | None = None
        self._wrong = ""
        """What came instead of the answer, in words."""

    async def ready(self, timeout: float) -> int:  # noqa: ASYNC109 - part of the Protocol
        async with self._lock:
            await self._connected(timeout)
            return self._opened

    async def read(self, unit: int, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109 - as above
        request = Request(unit, frames.READ[block.area], block.count)
        async with self._lock:
            client = await self._connected(timeout)
            await self._before()
            try:
                return await self._exchange(client, request, block, timeout)
            except TransientError:
                await self._recover()
                raise
            finally:
                self._request = None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    @abstractmethod
    def name(self, unit: int) -> str: ...

    # ------------------------------------------------------------ what the kinds differ in

    @abstractmethod
    def _make(self) -> _Client:
        """Return a client that is not connected yet."""

    @abstractmethod
    def _unreachable(self, timeout: float) -> str:
        """Why the line cannot be opened, and what to check."""

    @abstractmethod
    def _silent(self, unit: int, timeout: float) -> str:
        """Return that nothing came, and what to check."""

    @abstractmethod
    def _understood(self, request: Request, data: bytes) -> Heard:
        """Return what the bytes that came since the request mean."""

    @abstractmethod
    async def _before(self) -> None:
        """Wait until a request may be sent."""

    @abstractmethod
    async def _recover(self) -> None:
        """Make sure that no answer to this request is taken for one to the next."""

    def _flight(self, _request: Request) -> float:
        """Seconds that request and answer are under way."""
        return 0.0

    # ------------------------------------------------------------ inside

    async def _connected(self, timeout: float) -> _Client:  # noqa: ASYNC109 - as above
        if self._client is not None and self._client.connected:
            return self._client
        self.close()
        client = self._make()
        try:
            async with asyncio.timeout(timeout):
                connected = await client.connect()
        except (TimeoutError, ValueError):  # pyserial finds the line's speed wrong
            connected = False
        if not connected:
            client.close()
            raise TransientError(self._unreachable(timeout))
        self._client = client
        self._opened += 1
        return client

    async def _exchange(self, client: _Client, request: Request, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109
        ask: Callable[..., Any] = {
            Area.COIL: client.read_coils,
            Area.DISCRETE: client.read_discrete_inputs,
            Area.HOLDING: client.read_holding_registers,
            Area.INPUT: client.read_input_registers,
        }[block.area]
        self._request, self._wrong = request, ""
        try:
            async with asyncio.timeout(timeout + self._flight(request)):
                answer = await ask(block.start, count=block.count, device_id=request.unit)
        except (TimeoutError, ModbusException, OSError) as error:
            if self._wrong:
                raise TransientError(f"{self.name(request.unit)} answers with {self._wrong}") from error
            if not client.connected:
                raise TransientError(
                    f"{self.name(request.unit)}: the connection was closed: is another master connected?"
                ) from error
            raise TransientError(self._silent(request.unit, timeout)) from error
        if answer.isError():
            raise Refused(answer.exception_code)
        values: Sequence[int] = answer.bits[: block.count] if block.area.of_bits else answer.registers
        return values

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - pymodbus prescribes the signature
        """Lets pymodbus see the whole fitting answer and nothing else."""
        if self._request is None:
            return data if sending else b""
        if sending:
            self._request = replace(self._request, transaction=int.from_bytes(data[:2], "big"))
            return data
        heard = self._understood(self._request, data)
        self._wrong = heard.wrong or self._wrong
        return heard.frame


class TcpLine(_PymodbusLine):
    """A connection to a device, or to a gateway with several units behind it."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._host = host
        self._port = port

    def name(self, unit: int) -> str:
        """Host, port and unit."""
        return f"{self._host}:{self._port} unit {unit}"

    def rest(self, timeout: float) -> float:  # noqa: ARG002 - part of the Protocol
        """None: a late answer finds its connection closed."""
        return 0.0

    def _make(self) -> _Client:
        return AsyncModbusTcpClient(
            self._host, port=self._port, timeout=3600, retries=0, reconnect_delay=0, trace_packet=self._trace
        )

    def _unreachable(self, timeout: float) -> str:
        return f"no connection to {self._host}:{self._port} within {timeout:g} s: check power, cable, address"

    def _silent(self, unit: int, timeout: float) -> str:
        return f"no answer from {self.name(unit)} within {timeout:g} s: check power, cable, address"

    def _understood(self, request: Request, data: bytes) -> Heard:
        return frames.from_tcp(request, data)

    async def _before(self) -> None:
        """TCP needs no pause."""

    async def _recover(self) -> None:
        self.close()


class SerialLine(_PymodbusLine):
    """An RS485 line with several units. `longest` is the longest answer that any request on it can get, in bytes."""

    def __init__(self, bus: SerialBus, longest: int) -> None:
        super().__init__()
        self._bus = bus
        self._character = (9 + (bus.parity != "N") + bus.stop_bits) / bus.baud
        fast = bus.baud > 19_200  # noqa: PLR2004 - the specification's border
        self._gap = SHORTEST_GAP if fast else GAP_CHARACTERS * self._character
        self._quiet = QUIET * longest * self._character
        self._heard = 0.0
        """When something was last seen on the line, by the loop's clock."""

    def name(self, unit: int) -> str:
        """Bus and unit."""
        return f"{self._bus.id} unit {unit}"

    def rest(self, timeout: float) -> float:
        """Long enough for any answer to come late: nothing in it would tell it from that to the next request."""
        return LATENESS * timeout

    def _make(self) -> _Client:
        return AsyncModbusSerialClient(
            self._bus.port,
            baudrate=self._bus.baud,
            parity=self._bus.parity,
            stopbits=self._bus.stop_bits,
            timeout=3600,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._trace,
        )

    def _unreachable(self, timeout: float) -> str:  # noqa: ARG002 - as for TCP
        what = "cannot be opened: is it in use, may this user open it (group dialout), does it know the baud rate?"
        if not Path(self._bus.port).exists():
            what = "is not there: is the adapter plugged in?"
        return f"{self._bus.id}: {self._bus.port} {what}"

    def _silent(self, unit: int, timeout: float) -> str:
        return (
            f"no answer on {self.name(unit)} within {timeout:g} s: check wiring, power, address, baud "
            f"({self._bus.baud} 8{self._bus.parity}{self._bus.stop_bits})"
        )

    def _understood(self, request: Request, data: bytes) -> Heard:
        return frames.from_serial(request, data)

    def _flight(self, request: Request) -> float:
        return (8 + request.length) * self._character

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - as above
        self._heard = asyncio.get_running_loop().time()
        return super()._trace(sending, data)

    async def _before(self) -> None:
        wait = self._heard + self._gap - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)

    async def _recover(self) -> None:
        """Listen until the line has been quiet; what comes meanwhile goes to nobody."""
        self._request = None
        loop = asyncio.get_running_loop()
        since = loop.time()
        until = since + self._quiet
        while loop.time() < min(until, since + NOISY * self._quiet):
            await asyncio.sleep(until - loop.time())
            until = max(until, self._heard + self._quiet)
