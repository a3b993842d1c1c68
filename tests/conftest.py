"""Fixtures for every test folder."""

from collections.abc import Iterator

import pytest

from tests.support.broker import mosquitto
from tests.support.influxd import Influxd, influxd


@pytest.fixture
def broker() -> Iterator[int]:
    """The port of a real mosquitto on 127.0.0.1, fresh for each test."""
    with mosquitto() as port:
        yield port


@pytest.fixture(scope="session")
def influx() -> Iterator[Influxd]:
    """A real influxd; tests that stop it start one of their own."""
    with influxd() as server:
        yield server
