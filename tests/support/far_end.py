"""The far end of notifications: an HTTP server on loopback that keeps what it is sent and answers as it is told."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.patience import PATIENCE


@dataclass(frozen=True, slots=True)
class Taken:
    path: str
    headers: dict[str, str]
    body: bytes


class FarEnd:
    """`answers` are given first, one a request; then 200."""

    def __init__(self) -> None:
        self.asked: list[Taken] = []
        self.answers: list[int] = []
        self.url = ""
        self._changed = threading.Condition()

    def take(self, taken: Taken) -> int:
        with self._changed:
            self.asked.append(taken)
            self._changed.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def until(self, count: int) -> list[Taken]:
        """What it was asked, once that is so many times."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.asked) >= count, PATIENCE)
            return list(self.asked)


@contextlib.contextmanager
def far_end() -> Iterator[FarEnd]:
    """Listens on a free port."""
    found = FarEnd()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = found.take(Taken(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(status)
            if status == HTTPStatus.FOUND:
                self.send_header("Location", "/login?key=s3cretKeyOfTheCentre")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST  # noqa: N815 - the name of the library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the library
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
