"""A fresh centre for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.alerts.engine_site import Site
from tests.collector.alerts.one_person import Person


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An engine on an empty database."""
    return Site(tmp_path)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    found = Person(tmp_path)
    yield found
    found.store.close()
