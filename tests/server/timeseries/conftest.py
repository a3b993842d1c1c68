"""Empty stores, alone and of every kind."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from sukusuku_server.timeseries.protocols import Store
from sukusuku_server.timeseries.sql_store import SqlStore
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.server.timeseries.influx.influx_facility import ShippedStore
from tests.server.timeseries.packing import packing
from tests.support import databases

Open = Callable[[], Store]


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store in a database, for what InfluxDB has no part in."""
    opened: SqlStore
    opened = databases.store(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres").store()
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "influx", "postgres", "packed", "packed postgres"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens new, empty stores. Those that are called packed have everything in chunks when they are asked."""
    opened: list[Store] = []
    numbers = count()

    def opener() -> Store:
        store: Store
        if request.param == "sqlite":
            store = SqliteStore.open(tmp_path / f"store-{next(numbers)}.db")
        elif request.param == "packed":
            store = packing(SqliteStore.open(tmp_path / f"store-{next(numbers)}.db"))
        elif request.param.endswith("postgres"):
            made: SqlStore = request.getfixturevalue("postgres").store()
            store = packing(made) if request.param.startswith("packed") else made
        else:
            store = ShippedStore.make(tmp_path, request.getfixturevalue("influx"))
        opened.append(store)
        return store

    yield opener
    for store in opened:
        store.close()
