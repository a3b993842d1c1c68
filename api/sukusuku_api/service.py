"""The API process: opens the data, serves the application, ends on a signal."""

import contextlib
import errno
import gc
import logging
import socket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from sukusuku_api.access.sign_in import first_link
from sukusuku_api.app import create_app, follow
from sukusuku_api.connections import HEAD_BYTES, BoundedConnection, bound_logs, most_connections
from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.operators import Operators
from sukusuku_api.web.sign_in.page import WELCOME
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_server.db import Operations
from sukusuku_server.facility_document.source import FacilitySource, FacilitySources
from sukusuku_server.facility_document.watching import Watch
from sukusuku_server.settings import Facility, Web
from sukusuku_server.stopping import end_in_time

log = logging.getLogger(__name__)


class Address(NamedTuple):
    """Where a process listens, when the command line says it."""

    host: str
    port: int


Make = Callable[[Facility, LazyStore, Operations], FastAPI]
"""Makes the application over opened data."""


def run(
    facility: Facility, make: Make = create_app, document: Watch | None = None, address: Address | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. `document` tells when the settings change; None: they never do.

    `address` is where to listen; None: where the settings say.
    Raises ConfigError when the address cannot be had or the data not be opened.
    """
    with (
        contextlib.closing(
            listen(facility.web if address is None else Web(host=address.host, port=address.port))
        ) as on,
        opened(facility, make, document) as app,
    ):
        Server(app, app.state.broadcast.close).run(sockets=[on])


def run_all(sources: FacilitySources, address: Address) -> None:
    """Serve several operators, each by its host name, until SIGINT or SIGTERM.

    Raises ConfigError when the address cannot be had.
    """

    @contextlib.contextmanager
    def opening(source: FacilitySource) -> Iterator[FastAPI]:
        document, facility = source.begin()
        with opened(facility, create_app, Watch(source, document.version)) as app:
            yield app

    with contextlib.closing(listen(Web(host=address.host, port=address.port))) as on:
        operators = Operators(sources, opening)
        Server(operators, operators.end_streams).run(sockets=[on])


@contextlib.contextmanager
def opened(facility: Facility, make: Make, document: Watch | None) -> Iterator[FastAPI]:
    """Provide the application of an operator over its data. Raises ConfigError when they cannot be opened."""
    with (
        contextlib.closing(LazyStore.configured(facility)) as store,
        contextlib.closing(_operations(store, facility)) as operations,
    ):
        app = make(facility, store, operations)
        _invite_first(operations, facility.web)
        if document is not None:
            follow(app, document)
        gc.freeze()  # what has been loaded stays: to look through it for waste holds up everybody for 0.3 s
        yield app


def _operations(store: LazyStore, facility: Facility) -> Operations:
    store.live.version()  # a store of a newer version should be known now
    return Operations(facility.operations.address)


def _invite_first(operations: Operations, web: Web) -> None:
    token = first_link(operations, now_ms())
    if token is not None:
        log.warning(
            "nobody can sign in yet; the first account is made at %s%s/%s (once, within a day; "
            "another start of this program makes a new link)",
            web.url.rstrip("/"),
            WELCOME,
            token,
        )


def listen(web: Web) -> socket.socket:
    """Return a listening socket at the address of the settings. Raises ConfigError that names the key to change."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            web.host, web.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ConfigError(f"web.host: {web.host} is not an address of this machine: {error.strerror}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"web.port: {web.host}:{web.port} is taken by another program; stop it or set another web.port"
            ) from error
        raise ConfigError(f"web.host, web.port: cannot listen on {web.host}:{web.port}: {error.strerror}") from error
    return listener


class Server(uvicorn.Server):
    """Uvicorn that says `ready` and ends the live streams, which would otherwise hold up the stop."""

    def __init__(self, app: ASGIApp, end_streams: Callable[[], None]) -> None:
        bound_logs()
        config = uvicorn.Config(
            app,
            http=BoundedConnection,
            limit_concurrency=most_connections(),
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_keep_alive=5,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
        super().__init__(config)
        self._end_streams = end_streams

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - Uvicorn's signature
        """Stop on a signal without failing: Uvicorn would raise the signal again at the end."""
        end_in_time()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            log.info("ready on http://%s:%d/wall", f"[{host}]" if ":" in host else host, port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop."""
        self._end_streams()
        await super().shutdown(sockets)
