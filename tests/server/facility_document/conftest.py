"""Documents in a file and in a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from sukusuku_server.facility_document.facility_database import DatabaseDocument, FacilityDatabase
from tests.server.facility_document.sources import Place, in_database, in_file
from tests.support.postgres import PostgresServer

_numbers = count()


@pytest.fixture(scope="module")
def database(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FacilityDatabase]:
    folder = tmp_path_factory.mktemp("operators")
    with closing(FacilityDatabase(postgres.operations(), folder, clock=lambda: 1000)) as found:
        yield found


@pytest.fixture
def empty(database: FacilityDatabase) -> DatabaseDocument:
    """An operator of whom the database knows nothing."""
    return database.operator(f"town-{next(_numbers)}")


@pytest.fixture(params=["file", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "file":
        return in_file(tmp_path)
    return in_database(request.getfixturevalue("database"), request.getfixturevalue("empty"))
