"""Rooms with five weeks of use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_api.web.rooms import page
from tests.api.two_centres import World
from tests.api.web.rooms import used_room
from tests.support.patience import PATIENCE


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture may take as long as it takes on a busy machine."""
    monkeypatch.setattr(page, "DRAWING_SECONDS", PATIENCE)


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[World]:
    """A world of its own for a test that changes it."""
    world = used_room.make(tmp_path)
    yield world
    world.close()
