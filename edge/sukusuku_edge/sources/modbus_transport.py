"""What all lines to Modbus devices have in common, over pymodbus; the only file of the edge agent that knows it.

A line carries one request at a time and hands on nothing but the answer to it: after a time-out or anything else that
does not fit, a TCP connection is closed, and a serial line is listened to until it has been quiet for long enough.
"""

import asyncio
import logging
import termios
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType

from sukusuku_core import frames
from sukusuku_core.errors import TransientError
from sukusuku_core.frames import Heard, Request
from sukusuku_core.profile import Area
from sukusuku_core.registers import Block
from sukusuku_edge.settings import SerialBus
from sukusuku_edge.sources.connect_pause import ConnectPause

Trace = Callable[[bool, bytes], bytes]
"""Sees every packet that pymodbus sends (true) or receives."""
_BROKEN = (TimeoutError, ModbusException, OSError, ValueError, termios.error)
"""What a line that cannot be used raises, through pymodbus and pyserial."""
_Found = TypeVar("_Found")
_log = logging.getLogger("sukusuku_edge.modbus")
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs every failure; we log the transitions


class Refused(Exception):  # noqa: N818 - not an error of ours: the device's answer
    """The device answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class UnansweredError(TransientError):
    """Nothing came at all."""


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


Client = AsyncModbusTcpClient | AsyncModbusSerialClient


def tcp_client(host: str, port: int, trace: Trace, *, rtu: bool = False) -> Client:
    """Return a client over TCP that is not connected yet; `rtu` speaks as on a serial line."""
    framer = FramerType.RTU if rtu else FramerType.SOCKET
    return AsyncModbusTcpClient(
        host, port=port, framer=framer, timeout=3600, retries=0, reconnect_delay=0, trace_packet=trace
    )


def serial_client(bus: SerialBus, trace: Trace) -> Client:
    """Return a client over a serial port that is not open yet."""
    return AsyncModbusSerialClient(
        bus.port,
        baudrate=bus.baud,
        parity=bus.parity,
        stopbits=bus.stop_bits,
        timeout=3600,
        retries=0,
        reconnect_delay=0,
        trace_packet=trace,
    )


async def _within(seconds: float, work: Awaitable[_Found]) -> _Found:
    """Return what pymodbus finds within the time; raises TimeoutError.

    pymodbus waits with `asyncio.wait_for`, which on Python 3.11 loses a cancellation that comes together with the
    answer: the agent would poll on and never stop. The task itself still knows of it.
    """
    async with asyncio.timeout(seconds):
        found = await work
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return found


class PymodbusLine(ABC):
    """A line over pymodbus. `pause` is what its devices need after a connect."""

    repeatable = False
    """Whether a late answer is told from one to the same request once more."""

    def __init__(self, pause: float = 0.0) -> None:
        self._pause = ConnectPause(pause)
        self._connected_at = 0.0
        self._answered = False
        """Whether anything was answered on this connection."""
        self._lost = False
        """Whether a request got no answer on this connection."""
        self._lock = asyncio.Lock()
        self._client: Client | None = None
        self._opened = 0
        self._request: Request | None = None
        self._wrong = ""
        """What came instead of the answer, in words."""

    async def ready(self, timeout: float) -> int:  # noqa: ASYNC109 - part of the Protocol
        """Open the line where needed."""
        async with self._lock:
            await self._connected(timeout)
            return self._opened

    async def read(self, unit: int, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109 - as above
        """Return the registers or bits of a block."""
        request = Request(unit, frames.READ[block.area], block.count)
        async with self._lock:
            client = await self._connected(timeout)
            await self._settle()
            await self._before()
            try:
                return await self._ask(client, request, block, timeout)
            except TransientError:
                if self.repeatable and not self._answered:
                    self._pause.silent(timeout)
                await self._recover()
                raise
            finally:
                self._request = None

    def close(self) -> None:
        """Let go of the line."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @abstractmethod
    def name(self, unit: int) -> str:
        """Return the place of a unit, for people."""

    # ------------------------------------------------------------ what the kinds differ in

    @abstractmethod
    def _make(self) -> Client:
        """Return a client that is not connected yet."""

    @abstractmethod
    def _unreachable(self, timeout: float, why: BaseException | None) -> str:
        """Return that the line cannot be opened, and what to check; `why` is what was raised, if anything was."""

    @abstractmethod
    def _closed(self) -> str:
        """Return that the line was closed while an answer was waited for, and what to check."""

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

    async def _connected(self, timeout: float) -> Client:  # noqa: ASYNC109 - as above
        if self._client is not None and self._client.connected:
            return self._client
        self.close()
        client, why = self._make(), None
        try:
            connected = await _within(timeout, client.connect())
        except _BROKEN as error:
            connected, why = False, error
        if not connected:
            client.close()
            raise TransientError(self._unreachable(timeout, why)) from why
        self._client = client
        self._opened += 1
        self._connected_at = asyncio.get_running_loop().time()
        self._answered = self._lost = False
        return client

    async def _settle(self) -> None:
        """Give a device the time that it needs after a connect."""
        if not self._answered and not self._lost:
            await asyncio.sleep(self._connected_at + self._pause.seconds - asyncio.get_running_loop().time())

    async def _ask(self, client: Client, request: Request, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109
        """Ask, and once more where the device may have lost what came right after the connect."""
        try:
            return await self._exchange(client, request, block, timeout)
        except UnansweredError:
            if self._answered or self._lost or not self.repeatable or not self._pause.suspected:
                raise
            self._lost = True
        return await self._exchange(client, request, block, timeout)

    def _has_answered(self, sent: float) -> None:
        if not self._answered:
            self._answered = True
            if self._pause.answered(sent - self._connected_at, lost=self._lost):
                _log.warning(
                    "%s: the device loses what comes right after a connect: it now gets %.1f s (`connect_pause`)",
                    self.name(self._request.unit if self._request else 0),
                    self._pause.seconds,
                )

    async def _exchange(self, client: Client, request: Request, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109
        ask: Callable[..., Any] = {
            Area.COIL: client.read_coils,
            Area.DISCRETE: client.read_discrete_inputs,
            Area.HOLDING: client.read_holding_registers,
            Area.INPUT: client.read_input_registers,
        }[block.area]
        self._request, self._wrong = request, ""
        sent = asyncio.get_running_loop().time()
        try:
            answer = await _within(
                timeout + self._flight(request), ask(block.start, count=block.count, device_id=request.unit)
            )
        except _BROKEN as error:
            if self._wrong:
                raise TransientError(f"{self.name(request.unit)} answers with {self._wrong}") from error
            if not client.connected:
                raise TransientError(f"{self.name(request.unit)}: {self._closed()}") from error
            raise UnansweredError(self._silent(request.unit, timeout)) from error
        self._has_answered(sent)
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
