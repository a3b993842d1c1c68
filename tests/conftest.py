"""Fixtures for every test folder, and one way to search for counterexamples."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.broker import mosquitto
from tests.support.databases import close_operations
from tests.support.influxd import Influxd, influxd

# A busy machine is no fault of the product; a counterexample is printed so that it can be tried elsewhere.
settings.register_profile("sukusuku", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("sukusuku")

SLOWEST_FIRST = ("integration", "faults", "dashboards", "demo", "sparkplug", "packaging", "collector", "api")
"""Folders whose tests wait for servers: begun last, the whole run would wait for them."""


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes share the tests: more than processors, since most tests wait for a server."""
    return (os.cpu_count() or 1) + 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders that take longest first, in an order that every process finds for itself."""
    tests = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)

    items.sort(key=rank)


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
