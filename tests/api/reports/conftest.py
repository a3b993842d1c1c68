"""A centre of which November 2026 is reported."""

from collections.abc import Iterator

import pytest

from tests.api.reports import report_cases
from tests.api.reports.report_cases import World


@pytest.fixture(scope="package")
def november(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all tests that only look."""
    found = report_cases.write(tmp_path_factory.mktemp("reports"))
    yield found
    found[1].close()
    found[2].close()
