"""Connections of the API, bounded: nobody holds up others by opening many, or by never saying what they want.

Uvicorn bounds the requests at a time and closes what idles after an answer. It waits for ever for the first request of
a connection, for the rest of one that was begun, and takes connections until the process has no files left.
"""

import asyncio
import logging
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""Until the head of a request must have come, since the connection or the answer before."""
BODY_SECONDS = 60.0
"""Until its body must have come, since the head."""
HEAD_BYTES = 32_768
"""The longest head of a request; a longer one is answered with 400."""
MOST = 1_000
"""Connections at a time; a request on one that is too many is answered with 503."""
SPARE_FILES = 200
"""Open files that are no connections: databases, libraries, the process that draws."""
_ROOM = 32
"""So many more connections are accepted, to say 503 on them; beyond that they are closed."""


def most_connections() -> int:
    """Return how many connections this process takes at a time, by its limit of open files."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else max(32, min(MOST, files - SPARE_FILES))


class BoundedConnection(H11Protocol):
    """A connection that must say what it wants in time, and is closed when there are too many."""

    _late: asyncio.TimerHandle | None = None
    _phase: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as Uvicorn has it
        """Take a connection; not one too many."""
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency + _ROOM:
            transport.abort()
            return
        self._phase = h11.IDLE
        self._expect(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, and expect the rest."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        super().on_response_complete()
        self._look()

    def _look(self) -> None:
        """Start the time anew when the peer has come to another phase of a request, not with every byte of it."""
        phase = self.conn.their_state
        if phase is self._phase:
            return
        self._phase = phase
        seconds = {h11.IDLE: HEAD_SECONDS, h11.SEND_BODY: BODY_SECONDS}.get(phase)
        self._expect(seconds)

    def _expect(self, seconds: float | None) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = None if seconds is None else self.loop.call_later(seconds, self._cut)

    def _cut(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.abort()


class BoundedLog(logging.Filter):
    """Lets so many lines of a logger pass in a minute, then says once that more are left out."""

    def __init__(self, most: int = 30) -> None:
        super().__init__()
        self._most = most
        self._minute = -1
        self._seen = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is logged."""
        minute = int(record.created // 60)
        if minute != self._minute:
            self._minute, self._seen = minute, 0
        self._seen += 1
        if self._seen == self._most + 1:
            record.msg, record.args, record.exc_info = "more lines of this minute are left out", None, None
        return self._seen <= self._most + 1


_bounded = BoundedLog()


def bound_logs() -> None:
    """Bound what strangers can have written into the log by what they send."""
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(_bounded)
