"""What all lines to Modbus devices have in common.

A line carries one request at a time and hands on nothing but the answer to it: after a time-out or anything else that
does not fit, a TCP connection is closed, and a serial line is listened to until it has been quiet for long enough.
"""

import asyncio
import logging
import termios
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Generic, Protocol, TypeVar

from pymodbus.exceptions import ModbusException

from sukusuku_core.errors import TransientError
from sukusuku_core.frames import Refused
from sukusuku_core.registers import Block
from sukusuku_edge.sources.connect_pause import ConnectPause

_BROKEN = (TimeoutError, ModbusException, OSError, ValueError, termios.error)
"""What a line that cannot be used raises, through pymodbus and pyserial."""
_Found = TypeVar("_Found")
AnyConnection = TypeVar("AnyConnection", bound="Connection")
_log = logging.getLogger("sukusuku_edge.modbus")


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


class Connection(Protocol):
    """What a line asks over."""

    @property
    def connected(self) -> bool:
        """Whether it stands."""

    async def connect(self) -> bool:
        """Connect; False or an error when that fails."""

    def close(self) -> None:
        """Let go of it."""


async def _within(seconds: float, work: Awaitable[_Found]) -> _Found:
    """Return what is found within the time; raises TimeoutError.

    pymodbus waits with `asyncio.wait_for`, which on Python 3.11 loses a cancellation that comes together with the
    answer: the agent would poll on and never stop. The task itself still knows of it.
    """
    async with asyncio.timeout(seconds):
        found = await work
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return found


class ModbusLine(ABC, Generic[AnyConnection]):
    """A line. `pause` is what its devices need after a connect."""

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
        self._client: AnyConnection | None = None
        self._opened = 0

    async def ready(self, timeout: float) -> int:  # noqa: ASYNC109 - part of the Protocol
        """Open the line where needed."""
        async with self._lock:
            await self._connected(timeout)
            return self._opened

    async def read(self, unit: int, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109 - as above
        """Return the registers or bits of a block."""
        async with self._lock:
            client = await self._connected(timeout)
            await self._settle()
            await self._before()
            try:
                return await self._ask(client, unit, block, timeout)
            except TransientError:
                if self.repeatable and not self._answered:
                    self._pause.silent(timeout)
                await self._recover()
                raise

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
    def _make(self) -> AnyConnection:
        """Return a connection that is not made yet."""

    @abstractmethod
    async def _values(self, client: AnyConnection, unit: int, block: Block) -> Sequence[int]:
        """Ask and return what fits, passing over what does not; `timeout` is the caller's. Raises Refused."""

    @abstractmethod
    def _wrong(self, client: AnyConnection) -> str:
        """Return what came instead of the latest answer, in words; empty when nothing did."""

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
    async def _before(self) -> None:
        """Wait until a request may be sent."""

    @abstractmethod
    async def _recover(self) -> None:
        """Make sure that no answer to this request is taken for one to the next."""

    def _flight(self, _block: Block) -> float:
        """Seconds that request and answer are under way."""
        return 0.0

    # ------------------------------------------------------------ inside

    async def _connected(self, timeout: float) -> AnyConnection:  # noqa: ASYNC109 - as above
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

    async def _ask(self, client: AnyConnection, unit: int, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109
        """Ask, and once more where the device may have lost what came right after the connect."""
        try:
            return await self._exchange(client, unit, block, timeout)
        except UnansweredError:
            if self._answered or self._lost or not self.repeatable or not self._pause.suspected:
                raise
            self._lost = True
        return await self._exchange(client, unit, block, timeout)

    def _has_answered(self, sent: float, unit: int) -> None:
        if not self._answered:
            self._answered = True
            if self._pause.answered(sent - self._connected_at, lost=self._lost):
                _log.warning(
                    "%s: the device loses what comes right after a connect: it now gets %.1f s (`connect_pause`)",
                    self.name(unit),
                    self._pause.seconds,
                )

    async def _exchange(self, client: AnyConnection, unit: int, block: Block, timeout: float) -> Sequence[int]:  # noqa: ASYNC109
        sent = asyncio.get_running_loop().time()
        try:
            values = await _within(timeout + self._flight(block), self._values(client, unit, block))
        except Refused:
            self._has_answered(sent, unit)
            raise
        except _BROKEN as error:
            if wrong := self._wrong(client):
                raise TransientError(f"{self.name(unit)} answers with {wrong}") from error
            if not client.connected:
                raise TransientError(f"{self.name(unit)}: {self._closed()}") from error
            raise UnansweredError(self._silent(unit, timeout)) from error
        self._has_answered(sent, unit)
        return values
