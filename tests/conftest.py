"""Fixtures for every test folder, and one way to search for counterexamples."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import selection
from tests.support.broker import mosquitto
from tests.support.databases import close_operations
from tests.support.influxd import Influxd, influxd
from tests.support.memory_files import keep_files_in_memory
from tests.support.postgres import PostgresServer
from tests.support.postgres import postgres as running_postgres
from tests.support.warm_programs import keep_programs_warm

# Millions of objects are made until the tests are known, and all of them stay: looking through them again and again for
# some that could go took a third of that time, and a tenth of all the tests.
gc.disable()
keep_files_in_memory()
keep_programs_warm()

# A busy machine is no fault of the product; a counterexample is printed so that it can be tried elsewhere.
settings.register_profile("sukusuku", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("fast", settings.get_profile("sukusuku"), max_examples=10)
settings.load_profile("sukusuku")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fast`."""
    parser.addoption("--fast", action="store_true", help="only tests that start no server, no browser, no program")


def pytest_configure(config: pytest.Config) -> None:
    """Search less for counterexamples when it has to be fast."""
    if config.getoption("--fast"):
        settings.load_profile("fast")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what starts servers when it has to be fast."""
    return True if config.getoption("--fast") and selection.starts_servers(collection_path) else None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests: more than processors where most tests wait for a server."""
    return (os.cpu_count() or 1) + (0 if config.getoption("--fast") else 2)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> selection.WholeModules:
    """Return how tests are shared among processes."""
    return selection.WholeModules(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Put the folders that take longest first, in an order that every process finds for itself."""
    items.sort(key=selection.rank)
    if config.getoption("--fast"):
        slow = {item for item in items if selection.SERVER_FIXTURES & {*item.fixturenames}}
        config.hook.pytest_deselected(items=[*slow])
        items[:] = [item for item in items if item not in slow]


def pytest_collection_finish() -> None:
    """Have only what the tests make looked through, and less often: it took a tenth of the time of the tests."""
    gc.freeze()
    gc.set_threshold(100_000)
    gc.enable()


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL; each store has a schema of its own there."""
    with running_postgres() as server:
        yield server
