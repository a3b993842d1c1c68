"""Applications over the data of a test. Their routes take longer to make than most tests to run, so they are kept."""

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from sukusuku_api.access.authentication import Visitor
from sukusuku_api.access.principal import Principal
from sukusuku_api.app import connect, without_data
from sukusuku_api.dependencies import Readings
from sukusuku_core.clock import Clock, now_ms
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import Role, granting
from sukusuku_server.db import Operations
from sukusuku_server.settings import Facility

_idle: list[FastAPI] = []


def office(_: HTTPConnection) -> Principal:
    """Somebody at a desk that several people share: they may do everything, and say who they are."""
    return Principal("office", Actor("account 0"), granting(Role.ADMIN, None), shared=True)


def create_app(
    facility: Facility,
    store: Readings,
    operations: Operations,
    clock: Clock = now_ms,
    visitor: Visitor | None = office,
) -> FastAPI:
    """As `sukusuku_api.app.create_app`; for `client` and `serving`, which give it back. Whoever asks is the office."""
    app = _idle.pop() if _idle else without_data()
    return connect(app, facility, store, operations, clock, visitor)


def give_back(app: FastAPI) -> None:
    """Keep an application that has been stopped for the next test."""
    _idle.append(app)
