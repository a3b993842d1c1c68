"""The application without a server: requests are handed to it in memory.

For all that is asked and answered. The event stream, a browser and the process itself need `http_server`.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio.to_thread
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from tests.api.applications import give_back

# httpx looks for a library that is not there in all folders, at each request: a tenth of the time of the tests here.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # None: not to be imported


Answer = TypeVar("Answer")


@contextlib.contextmanager
def client(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of the application, which has started and is stopped on exit; its event loop is in another thread."""
    with asking(app, f"http://{_host(app)}") as found:
        yield found
    give_back(app)


@contextlib.contextmanager
def lone_client(app: FastAPI) -> Iterator[httpx.Client]:
    """A client that asks thousands of questions, one after the other: no change of threads saves a third of the time.

    Between requests the event loop stands still, and with it whatever the application does by itself. What it would do
    in other threads it does at once: nobody else waits.
    """
    if _has_loop():
        with client(app) as found:
            yield found
        return
    life = app.router.lifespan_context(app)
    with asyncio.Runner() as loop, pytest.MonkeyPatch.context() as patch:
        patch.setattr(anyio.to_thread, "run_sync", _at_once)
        loop.run(life.__aenter__())
        with httpx.Client(transport=_Memory(app, loop.run), base_url=f"http://{_host(app)}") as found:
            yield found
        loop.run(life.__aexit__(None, None, None))
    give_back(app)


def _has_loop() -> bool:
    """Whether an event loop runs in this thread already: the browser of earlier tests keeps one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextlib.contextmanager
def asking(app: FastAPI, base_url: str) -> Iterator[httpx.Client]:
    """A client of any application, also one that is not of the API."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
        httpx.Client(transport=_Memory(app, lambda answer: portal.call(_await, answer)), base_url=base_url) as found,
    ):
        yield found


def _host(app: FastAPI) -> str:
    """Return the host under which people reach the application."""
    return str(urlsplit(app.state.context.facility.web.url).netloc)


class _Memory(httpx.BaseTransport):
    """Hands over requests to the event loop of the application. `run` awaits an answer there."""

    def __init__(self, app: FastAPI, run: Callable[[Coroutine[Any, Any, httpx.Response]], httpx.Response]) -> None:
        self._application = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._run = run

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(request.stream, httpx.AsyncByteStream):
            request.stream = _Pieces(request.stream)
        answer = await self._application.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        body = b"".join([part async for part in answer.stream])
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))


async def _at_once(function: Callable[..., Answer], *arguments: Any, **_: object) -> Answer:
    return function(*arguments)


async def _await(answer: Awaitable[httpx.Response]) -> httpx.Response:
    return await answer


class _Pieces(httpx.AsyncByteStream):
    """The body of a request that comes piece by piece."""

    def __init__(self, pieces: httpx.SyncByteStream) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
