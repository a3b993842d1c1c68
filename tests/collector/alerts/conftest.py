"""A fresh centre for each test."""

from pathlib import Path

import pytest

from tests.collector.alerts.engine_site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An engine on an empty database."""
    return Site(tmp_path)
