"""Three simulated weeks, made once for all tests of figures in a process."""

from collections.abc import Iterator
from datetime import date

import pytest
from bench.figures.world import World, live

FIRST, LAST = date(2026, 7, 6), date(2026, 7, 27)
"""Three weeks with a special day without and one with hours, a holiday, lunch breaks, silence and gaps."""
ONLY = ("tobu-room", "nanbu-room", "tobu-unit-1")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = live(tmp_path_factory.mktemp("months"), FIRST, LAST, 7, 600.0, ONLY)
    yield found
    found.close()
