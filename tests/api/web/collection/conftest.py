"""Eight weeks of collection with rounds, troubles, a finding and forecasts."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_server.db import Operations
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api import eight_weeks
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.support.stores import commit


def _collected(store: SqliteStore, operations: Operations) -> None:
    commit(store, worlds.troubled(NOW), now_ms())
    eight_weeks.live(store, operations)
    eight_weeks.stuffed(operations)
    eight_weeks.forecast(operations)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[World, httpx.Client]]:
    """A world with rounds and eight weeks of collection."""
    world = worlds.make(tmp_path, eight_weeks.ROUNDS, _collected)
    store = LazyStore(world.path)
    with client(create_app(world.facility, store, world.operations, lambda: NOW)) as api:
        yield world, api
    store.close()
    world.close()
