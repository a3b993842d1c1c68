"""Gives an InfluxDB before 1.8 the /api/v2/write of its successors.

`/api/v2/write?bucket=DB/RP` becomes `/write?db=DB&rp=RP`; a token `USER:PASSWORD` becomes basic authentication. All
else passes through as it is.
"""

import base64
import contextlib
import http.client
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from sukusuku_demo.settings import HOST

TIMEOUT = 20.0


class Adapter:
    """Listens on a loopback port (0: any that is free) until closed, in front of the InfluxDB at `upstream`."""

    def __init__(self, upstream: int, port: int = 0, handler: "type[Handler] | None" = None) -> None:
        self.upstream = upstream
        self._server = _Server(self, port, handler or Handler)
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

    def __init__(self, adapter: Adapter, port: int, handler: "type[Handler]") -> None:
        super().__init__((HOST, port), handler)
        self.adapter = adapter


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Everything but writes passes."""
        self._pass(self.path, {})

    def do_POST(self) -> None:
        """Write are translated."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        if parts.path == "/api/v2/write":
            self.write({key: values[0] for key, values in parse_qs(parts.query).items()}, body)
        else:
            self._pass(self.path, {"Content-Type": self.headers.get("Content-Type", "")}, body)

    def write(self, query: dict[str, str], body: bytes) -> None:
        """Answer a request to write."""
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
        upstream = http.client.HTTPConnection(HOST, self.server.adapter.upstream, timeout=TIMEOUT)
        try:
            upstream.request(self.command, path, body, headers)
            answer = upstream.getresponse()
            kept = [it for it in answer.getheaders() if it[0] == "Content-Type" or it[0].startswith("X-Influxdb")]
            self.answer(answer.status, dict(kept), answer.read())
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # as if nobody listened
        finally:
            upstream.close()

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send an answer."""
        with contextlib.suppress(OSError):  # who asked may have given up
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != http.HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""
