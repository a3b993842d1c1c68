"""The town on a morning with a round."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.dispatch.living_town import LivingTown


@pytest.fixture
def place(tmp_path: Path) -> Iterator[LivingTown]:
    """A town of its own for each test."""
    made = LivingTown(tmp_path)
    yield made
    made.close()
