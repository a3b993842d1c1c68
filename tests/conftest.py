"""Fixtures for every test folder, and one way to search for counterexamples."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.broker import mosquitto
from tests.support.databases import close_operations
from tests.support.influxd import Influxd, influxd

# A busy machine is no fault of the product; a counterexample is printed so that it can be tried elsewhere.
settings.register_profile("sukusuku", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("sukusuku")


@pytest.fixture(autouse=True)
def _operations_closed() -> Iterator[None]:
    yield
    close_operations()


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
