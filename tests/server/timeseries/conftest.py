"""An empty store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support import databases


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = databases.store(tmp_path)
    yield opened
    opened.close()
