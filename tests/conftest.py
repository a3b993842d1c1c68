"""Fixtures for every test folder."""

from collections.abc import Iterator

import pytest

from tests.support.broker import mosquitto


@pytest.fixture
def broker() -> Iterator[int]:
    """The port of a real mosquitto on 127.0.0.1, fresh for each test."""
    with mosquitto() as port:
        yield port
