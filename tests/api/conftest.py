"""A facility with real data behind the API."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.access import passwords
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.support.browser import chromium
from tests.support.databases import Fill, nothing

NOW = 1_795_000_000_000
"""The present of these tests: 2026-11-18T20:06:40+09:00."""


@pytest.fixture(scope="package", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """The real argon2id with little memory: the tests are not about its cost."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = passwords.hasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr(passwords, "_hasher", lambda: hasher)
        yield


@pytest.fixture
def contents() -> Fill:
    """What is in the world from the beginning. A test that wants more than nothing is parametrized with it."""
    return nothing


@pytest.fixture
def world(tmp_path: Path, contents: Fill) -> Iterator[World]:
    """Real store and operations data. Its centres never close."""
    made = worlds.make(tmp_path, fill=contents)
    yield replace(made, facility=worlds.always_open(made.facility))
    made.close()


@pytest.fixture
def api(world: World) -> Iterator[httpx.Client]:
    """A client of the API over the world, at `NOW`."""
    store = LazyStore(world.path)
    with client(create_app(world.facility, store, world.operations, lambda: NOW)) as found:
        yield found
    store.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Not for the whole session: while it lives, no test can run an event loop of its own."""
    with chromium() as found:
        yield found
