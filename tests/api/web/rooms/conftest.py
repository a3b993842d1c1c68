"""Rooms with five weeks of use."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.two_centres import World
from tests.api.web.rooms import used_room
from tests.api.web.rooms.clients import asking


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[World]:
    """A world of its own for a test that changes it."""
    world = used_room.make(tmp_path)
    yield world
    world.close()


@pytest.fixture
def api(rooms: World) -> Iterator[httpx.Client]:
    with asking(rooms) as found:
        yield found


@pytest.fixture(scope="package")
def same_rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all tests that only look."""
    world = used_room.make(tmp_path_factory.mktemp("rooms"))
    yield world
    world.close()


@pytest.fixture(scope="package")
def look(same_rooms: World) -> Iterator[httpx.Client]:
    """A client for tests that only look: the figures of the weeks are found once."""
    with asking(same_rooms) as found:
        yield found
