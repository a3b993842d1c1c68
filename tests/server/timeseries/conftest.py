"""Empty stores, alone and of every kind."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from sukusuku_server.timeseries.protocols import Store
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.server.timeseries.influx.influx_facility import ShippedStore
from tests.support import databases

Open = Callable[[], Store]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = databases.store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "influx"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens new, empty stores."""
    opened: list[Store] = []
    numbers = count()

    def opener() -> Store:
        store: Store
        if request.param == "sqlite":
            store = SqliteStore.open(tmp_path / f"store-{next(numbers)}.db")
        else:
            store = ShippedStore.make(tmp_path, request.getfixturevalue("influx"))
        opened.append(store)
        return store

    yield opener
    for store in opened:
        store.close()
