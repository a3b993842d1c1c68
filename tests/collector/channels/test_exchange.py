"""A server that speaks slowly without end: the deadline is for the whole exchange, and a door that ends hangs up."""

import asyncio
import gzip
import io
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import pytest

from sukusuku_collector.channels.apprise import channel as apprise
from sukusuku_collector.channels.exchange import Exchange
from sukusuku_collector.channels.http import Poster
from sukusuku_collector.doors.bookings import feeds
from sukusuku_core.errors import TransientError
from sukusuku_server.settings import Channel, Feed, Secret
from sukusuku_server.threads import unbroken
from tests.collector.channels.test_channels import MESSAGE
from tests.support.far_end import far_end
from tests.support.patience import PATIENCE

HEADERS = b"HTTP/1.1 200 OK\r\n"


class Trickle:
    """Says `first`, then a byte every few milliseconds until it is closed or nobody listens."""

    def __init__(self, first: bytes) -> None:
        self._first = first
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.speaking, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._speak)
        self._thread.start()

    def _speak(self) -> None:
        with self._server, self._server.accept()[0] as line:
            line.recv(65_536)
            try:
                line.sendall(self._first)
                while not self._end.wait(0.02):
                    line.sendall(b"x")
                    self.speaking.set()
            except OSError:
                pass  # it has hung up

    def close(self) -> None:
        self._end.set()
        self._thread.join()


@contextmanager
def trickling(first: bytes) -> Iterator[Trickle]:
    server = Trickle(first)
    try:
        yield server
    finally:
        server.close()


@pytest.mark.parametrize(
    "first",
    [b"", HEADERS, HEADERS + b"Content-Length: 1000000\r\n\r\n", HEADERS + b"Connection: close\r\n\r\n"],
    ids=["status", "headers", "body", "body without length"],
)
def test_bytes_that_trickle_in_do_not_extend_the_deadline(first: bytes) -> None:
    with trickling(first) as server, pytest.raises(TransientError, match=r"no whole answer within 0\.15 s"):
        Exchange(0.15, 10_000_000, None, retries=False).ask("GET", server.url)


def test_bytes_that_trickle_in_do_not_extend_a_call_of_apprise() -> None:
    with trickling(HEADERS + b"Content-Length: 1000000\r\n\r\n") as server:
        address = Secret(server.url.replace("http://", "json://"))
        slow = apprise.open_channel(Channel(id="x", kind="apprise", url=address, timeout=0.15))
        with pytest.raises(TransientError, match=r"no answer within 0\.15 s"):
            slow.send(MESSAGE)
        with pytest.raises(TransientError, match="still under way"):
            slow.send(MESSAGE)


class Held:
    """In place of a plugin of apprise: takes a message when it is let go."""

    def __init__(self, *, takes: bool = True) -> None:
        self.go, self.asked, self._takes = threading.Event(), 0, takes

    def notify(self, **_: object) -> bool:
        self.asked += 1
        return self.go.wait(PATIENCE) and self._takes


@pytest.mark.parametrize(("takes", "same", "asked"), [(True, True, 1), (False, True, 2), (True, False, 2)])
def test_what_apprise_has_taken_late_is_not_sent_again(takes: bool, same: bool, asked: int) -> None:  # noqa: FBT001 - cases
    held = Held(takes=takes)
    slow = apprise.AppriseChannel(held, "json://x.jp", 0.05)  # type: ignore[arg-type]  # all that is asked of a plugin
    with pytest.raises(TransientError, match=r"no answer within 0\.05 s"):
        slow.send(MESSAGE)
    held.go.set()
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        try:
            slow.send(MESSAGE if same else replace(MESSAGE, recipient="y"))
        except TransientError as error:
            if "under way" in str(error) or "no answer" in str(error):
                continue
            assert not takes
        break
    assert held.asked == asked


def test_a_door_that_is_cancelled_hangs_up_and_leaves_no_thread() -> None:
    way = Exchange(10 * PATIENCE, 1_000, None, retries=False)
    ended = threading.Event()

    async def run(server: Trickle) -> None:
        def look() -> None:
            try:
                way.ask("GET", server.url)
            finally:
                ended.set()

        task = asyncio.create_task(unbroken(look, way.stop))
        assert await asyncio.to_thread(server.speaking.wait, PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set(), "the look is over when the door is"

    begun = time.monotonic()
    with trickling(HEADERS + b"Content-Length: 1000000\r\n\r\n") as server:
        asyncio.run(run(server))
        assert time.monotonic() - begun < PATIENCE
        with pytest.raises(TransientError, match="stopped"):
            way.ask("GET", server.url)


def test_where_an_address_leads_is_in_no_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    root, log = logging.getLogger(), io.StringIO()  # pytest's own ears also hear what is kept out of logs
    monkeypatch.setattr(root, "handlers", [logging.StreamHandler(log)])
    caplog.set_level(logging.INFO)
    with far_end() as server:
        server.answers = [302]
        feed = Feed(id="web", url=Secret(f"http://{server.url}/s3cretToken"))
        assert feeds.fetch(feed, feeds.exchange(feed)) == b"{}"
        assert [taken.path for taken in server.asked] == ["/s3cretToken", "/login?key=s3cretKeyOfTheCentre"]
    logging.getLogger("others").info("are heard")
    assert log.getvalue() == "are heard\n"


@cache
def packed() -> bytes:
    """A short answer that unpacks to 30 MB."""
    body = gzip.compress(bytes(30_000_000))
    return HEADERS + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    ("first", "error"),
    [
        (b"", "no whole answer within"),
        (HEADERS.replace(b"200 OK", b"503 X") + b"Retry-After: 90\r\nContent-Length: 1000000\r\n\r\n", "answered 503"),
        (HEADERS + b"Content-Length: 1000000\r\n\r\n", None),
        (None, None),
    ],
    ids=["nothing", "refused", "taken", "packed"],
)
def test_a_message_is_taken_or_not_in_time_whatever_follows_the_status(first: bytes | None, error: str | None) -> None:
    with trickling(packed() if first is None else first) as server:
        poster = Poster("hook", f"{server.url}/s3cretToken", 0.15, None)
        tracemalloc.start()
        try:
            if error is None:
                poster.post(b"{}", {})
            else:
                with pytest.raises(TransientError, match=error) as failed:
                    poster.post(b"{}", {})
                assert getattr(failed.value, "seconds", 90) == 90
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()
