"""Gives InfluxDB 1.6 the /api/v2/write of its successors, and, where a test asks for it, their bad days.

`/api/v2/write?bucket=DB/RP` becomes `/write?db=DB&rp=RP`; a token `USER:PASSWORD` becomes basic authentication. All
else passes through as it is.
"""

import base64
import contextlib
import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered instead of asking the server. `delay` (s) comes first."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the adapter got it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Trouble = Callable[[Request], Answer | None]
"""Decides over every write: None lets it through."""


class Adapter:
    """Listens on a free loopback port until closed. `writes` are all requests to write that came."""

    def __init__(self, port: int) -> None:
        self.trouble: Trouble | None = None
        self.writes: list[Request] = []
        self.upstream = port
        self._server = _Server(self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, adapter: Adapter) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.adapter = adapter


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Everything but writes passes."""
        self._pass(self.path, {})

    def do_POST(self) -> None:
        """Writes are translated."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path != "/api/v2/write":
            self._pass(self.path, {"Content-Type": self.headers.get("Content-Type", "")}, body)
            return
        adapter = self.server.adapter
        request = Request(parts.path, query, dict(self.headers.items()), body)
        adapter.writes.append(request)
        answer = adapter.trouble(request) if adapter.trouble is not None else None
        if answer is not None:
            time.sleep(answer.delay)
            self._answer(answer.status, answer.headers, answer.body)
            return
        database, _, policy = query["bucket"].partition("/")
        target = "/write?" + urlencode({"db": database, "rp": policy, "precision": query.get("precision", "ns")})
        encoding = self.headers.get("Content-Encoding")
        self._pass(target, {"Content-Encoding": encoding} if encoding else {}, body)

    def _pass(self, path: str, headers: dict[str, str], body: bytes | None = None) -> None:
        authorization = self.headers.get("Authorization", "")
        if authorization.startswith("Token ") and ":" in authorization:
            token = base64.b64encode(authorization.removeprefix("Token ").encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        elif authorization:
            headers["Authorization"] = authorization
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.adapter.upstream, timeout=TIMEOUT)
        try:
            upstream.request(self.command, path, body, headers)
            answer = upstream.getresponse()
            found = {name: value for name, value in answer.getheaders() if name.startswith("X-Influxdb")}
            self._answer(answer.status, found, answer.read())
        except OSError:
            self.close_connection = True  # as if nobody listened
        finally:
            upstream.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        with contextlib.suppress(OSError):  # who asked may have given up
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""
