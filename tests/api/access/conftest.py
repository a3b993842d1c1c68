"""Nobody has signed in yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.access.place import Place, placed

from sukusuku_api.reports.generate import WRITERS
from sukusuku_server.access import second_factor


@pytest.fixture
def url() -> str:
    return "http://sukusuku.example"


@pytest.fixture
def place(tmp_path: Path, url: str) -> Iterator[Place]:
    with placed(tmp_path, url) as found:
        yield found


@pytest.fixture(scope="module")
def cheap() -> Iterator[None]:
    """Empty PDFs and the same second factor for all: they are not what this is about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(WRITERS, "pdf", lambda _: b"%PDF-1.7")
        patch.setattr(second_factor, "new", lambda: "A" * 32)
        yield
