"""Applications over the data of a test. Their routes take longer to make than most tests to run, so they are kept."""

from fastapi import FastAPI

from sukusuku_api.app import connect, without_data
from sukusuku_api.dependencies import Readings
from sukusuku_core.clock import Clock, now_ms
from sukusuku_server.db import Operations
from sukusuku_server.settings import Facility

_idle: list[FastAPI] = []


def create_app(facility: Facility, store: Readings, operations: Operations, clock: Clock = now_ms) -> FastAPI:
    """As `sukusuku_api.app.create_app`; for `client` and `serving`, which give it back."""
    return connect(_idle.pop() if _idle else without_data(), facility, store, operations, clock)


def give_back(app: FastAPI) -> None:
    """Keep an application that has been stopped for the next test."""
    _idle.append(app)
