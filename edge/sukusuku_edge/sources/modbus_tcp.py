"""A Modbus TCP connection that carries one read request at a time.

The library (pymodbus) costs a Pi more here than all the rest of the agent: this is only what a poll over TCP needs.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from sukusuku_core import frames
from sukusuku_core.frames import Request

_TRANSACTIONS = 0x10000


class TcpConnection(asyncio.Protocol):
    """Connected by `connect`, used by one at a time, and after `close` never again."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._transaction = 0
        self._heard = bytearray()
        self._waiting: tuple[Request, asyncio.Future[bytes]] | None = None
        self.wrong = ""
        """What came instead of the latest answer, in words."""

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._transport is not None

    async def connect(self) -> bool:
        """Connect; raises OSError."""
        await asyncio.get_running_loop().create_connection(lambda: self, self._host, self._port)
        return True

    def close(self) -> None:
        """Let go of the connection, whatever is under way."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    async def ask(self, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        """Return the registers or bits of an answer that fits; what does not fit is passed over.

        Raises frames.Refused, and ConnectionError when the connection ends meanwhile.
        """
        if self._transport is None:
            raise ConnectionError
        self._transaction = (self._transaction + 1) % _TRANSACTIONS
        request = Request(unit, function, count, self._transaction)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._heard.clear()
        self._waiting, self.wrong = (request, answer), ""
        self._transport.write(frames.over_tcp(request, start))
        try:
            return frames.values(request, await answer)
        finally:
            self._waiting = None

    # ------------------------------------------------------------ called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand on the answer once it is whole."""
        if self._waiting is None:
            return
        request, answer = self._waiting
        self._heard += data
        heard = frames.from_tcp(request, bytes(self._heard))
        self.wrong = heard.wrong or self.wrong
        if heard.frame and not answer.done():
            answer.set_result(heard.frame)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._transport = None
        if self._waiting is not None and not self._waiting[1].done():
            self._waiting[1].set_exception(exc or ConnectionError())
