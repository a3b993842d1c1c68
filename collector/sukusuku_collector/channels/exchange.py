"""HTTP exchanges of channels and doors, with urllib3. Errors show no address: it may hold a key."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as TooSlowError

from sukusuku_collector.channels.discretion import silence
from sukusuku_core.errors import TransientError

silence("urllib3")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server has answered. `later`: the seconds after which it may be asked again; None: it names none."""

    status: int
    content: bytes
    later: float | None = None


class Exchange:
    """One exchange after another; `stop` may come from another thread.

    `seconds` is for all of an exchange, however slowly the server speaks; only the names of hosts take as long as the
    system's resolver wants. `largest`: bytes of an answer. With `partial` the status is the answer: of the content only
    the beginning is read, as it came, and it may be missing.
    """

    def __init__(
        self,
        seconds: float,
        largest: int,
        ca_file: str | None,
        *,
        retries: urllib3.Retry | bool,
        partial: bool = False,
    ) -> None:
        self._partial = partial
        self._seconds, self._largest, self._retries = seconds, largest, retries
        self._context = ssl.create_default_context(cafile=ca_file)
        self._pools = _pools(self._opened)
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._over = self.stopped = False

    def ask(self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer. Raises TransientError: there is none in time, or it is too long."""
        with self._lock:
            self._over = self.stopped
        self._check_time()
        pool = urllib3.PoolManager(
            1, timeout=urllib3.Timeout(self._seconds), retries=self._retries, ssl_context=self._context
        )
        pool.pool_classes_by_scheme = self._pools
        end = threading.Timer(self._seconds, self._cut)
        end.start()
        try:
            response = pool.request(method, url, body=body, headers=headers, preload_content=False)
            if self._partial:
                return Answer(response.status, _beginning(response, self._largest), _later(response))
            content = response.read(self._largest + 1)
        except (HTTPError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            self._over |= isinstance(reason, TooSlowError)  # a pause as long as all of it
            self._check_time()
            raise TransientError(type(reason).__name__) from None
        finally:
            end.cancel()
            pool.clear()
            self._forget()
        self._check_time()  # a line that is cut looks like the end of an answer that tells no length
        if len(content) > self._largest:
            raise TransientError(f"answered more than {self._largest} bytes")
        return Answer(response.status, content)

    def stop(self) -> None:
        """End the exchange that is under way, and any after it."""
        self.stopped = True
        self._cut()

    def _check_time(self) -> None:
        if self._over:
            raise TransientError("stopped" if self.stopped else f"no whole answer within {self._seconds:g} s")

    def _opened(self, line: socket.socket) -> None:
        """Keep another handle of a new connection: TLS takes the first one away."""
        self._forget()
        with self._lock:
            self._line = line.dup()
        if self._over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self._over = True
            if self._line is not None:
                with contextlib.suppress(OSError):  # the server was faster
                    self._line.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = None


def _beginning(answer: urllib3.BaseHTTPResponse, largest: int) -> bytes:
    """Return what comes of a content until it ends, fails or is cut off. Not unpacked: it may be huge."""
    try:
        return answer.read(largest, decode_content=False)
    except (HTTPError, OSError):
        return b""


def _later(answer: urllib3.BaseHTTPResponse) -> float | None:
    """Return what Retry-After says, in seconds."""
    try:
        return urllib3.Retry().get_retry_after(answer)
    except HTTPError:  # neither a number nor a date
        return None


def _pools(opened: Callable[[socket.socket], None]) -> dict[str, Any]:
    """Return the pools of urllib3, by scheme, whose connections are shown to `opened` as soon as they are there."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            line = super()._new_conn()
            opened(line)
            return line

    class Secured(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            line = super()._new_conn()
            opened(line)
            return line

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecuredPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secured

    return {"http": PlainPool, "https": SecuredPool}
