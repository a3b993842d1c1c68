"""Nobody holds up others by opening many connections, or by never saying what they want."""

import contextlib
import logging
import resource
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from sukusuku_api import connections, service
from sukusuku_api.connections import BoundedLog
from sukusuku_api.lazy_store import LazyStore
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.two_centres import World
from tests.support.patience import PATIENCE

HEALTH = "/api/v1/health"
MOST = 4


@pytest.fixture
def url(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.5)
    monkeypatch.setattr(connections, "_ROOM", MOST)
    monkeypatch.setattr(service, "most_connections", lambda: MOST)
    store = LazyStore(world.path)
    with serving(create_app(world.facility, store, world.operations)) as found:
        yield found
    store.close()


def opened(url: str, said: bytes) -> socket.socket:
    parts = urlsplit(url)
    found = socket.create_connection((str(parts.hostname), int(parts.port or 0)), PATIENCE)
    found.sendall(said)
    return found


def ended(connection: socket.socket) -> bool:
    """Wait until the other side has closed; raises TimeoutError when it does not."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return True


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX: ",
        b"POST /api/v1/modes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /half",
    ],
    ids=["nothing", "half a head", "half a body", "a request and a half"],
)
def test_who_does_not_say_what_they_want_is_cut_off(url: str, said: bytes) -> None:
    with opened(url, said) as connection:
        assert ended(connection)


def test_an_answer_that_lasts_is_not_cut_off(url: str) -> None:
    with (
        httpx.Client(base_url=url, timeout=PATIENCE) as api,
        api.stream("GET", "/api/v1/stream") as stream,
        opened(url, b"") as idle,
    ):
        lines = stream.iter_lines()
        assert ended(idle), "so long the stream has lasted, too"
        assert any(line.startswith("event: state") for line in lines)


def test_connections_that_are_too_many_are_refused_and_others_served_when_they_are_gone(url: str) -> None:
    idle = [opened(url, b"") for _ in range(4 * MOST)]
    assert all(ended(connection) for connection in idle)
    for connection in idle:
        connection.close()
    with httpx.Client(base_url=url, timeout=PATIENCE) as api:
        assert api.get(HEALTH).status_code == 200


def test_one_that_is_too_many_is_told_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(opened(url, b""))
        with httpx.Client(base_url=url, timeout=PATIENCE) as api:
            assert api.get(HEALTH).status_code == 503


def test_beyond_those_who_are_told_one_more_is_closed_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 10 * PATIENCE)
    with contextlib.ExitStack() as stack:
        for _ in range(2 * MOST):
            stack.enter_context(opened(url, b""))
        assert ended(stack.enter_context(opened(url, b"")))


def test_a_head_without_an_end_is_refused(url: str) -> None:
    with opened(url, b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")


def test_connections_leave_files_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(files: int) -> int:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
        return connections.most_connections()

    assert [found(files) for files in (1_024, 65_536, 100, -1)] == [824, 1_000, 32, 1_000]


def test_a_log_takes_so_many_lines_in_a_minute_and_says_that_there_were_more() -> None:
    bounded = BoundedLog(most=3)

    def line(second: float) -> str | None:
        record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "too many %s", ("files",), None)
        record.created = second
        return record.getMessage() if bounded.filter(record) else None

    left_out = "more lines of this minute are left out"
    assert [line(60.0 + n) for n in range(6)] == ["too many files"] * 3 + [left_out, None, None]
    assert line(120.0) == "too many files"


@pytest.mark.parametrize(("name", "minute"), [("asyncio", 1), ("uvicorn.error", 2)])
def test_while_the_api_runs_strangers_cannot_fill_its_log(
    url: str, name: str, minute: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert httpx.get(url + HEALTH).status_code == 200
    logger = logging.getLogger(name)
    for _ in range(200):
        record = logger.makeRecord(name, logging.ERROR, "", 0, "socket.accept() out of system resource", (), None)
        record.created = 60.0 * minute  # a minute that no other test logs in
        logger.handle(record)
    assert sum(record.name == name for record in caplog.records) == 31
