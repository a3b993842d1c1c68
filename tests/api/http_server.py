"""The application behind a real Uvicorn on a free loopback port: for the event stream and for browsers."""

import contextlib
import threading
from collections.abc import Iterator

import httpx
from fastapi import FastAPI

from sukusuku_api.service import Server, listen
from sukusuku_server.settings import Web
from tests.api.applications import give_back
from tests.support.plain_http import plain_client


@contextlib.contextmanager
def serving(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Yields the address; requests that come before the server is up wait in the socket."""
    with listen(Web(port=port)) as listener:
        server = Server(app, app.state.broadcast.close)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
    give_back(app)


@contextlib.contextmanager
def client(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of the application."""
    with serving(app) as url, plain_client(url) as found:
        yield found
