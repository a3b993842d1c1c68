"""An empty store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_server.timeseries.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "readings.db")
    yield opened
    opened.close()
