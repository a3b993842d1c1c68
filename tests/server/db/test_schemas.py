"""Several operators in one PostgreSQL database, each in a schema of its own."""

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select

from sukusuku_core.errors import TransientError
from sukusuku_server.db import Operations
from sukusuku_server.db.leases import Leases, collectors, open_leases
from sukusuku_server.db.tables_alerts import known_asset
from sukusuku_server.settings.operations import OperationsSettings, check_operations
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def towns(postgres: PostgresServer) -> tuple[OperationsSettings, OperationsSettings]:
    url = postgres.operations()
    return OperationsSettings(url=url, schema="toshima"), OperationsSettings(url=url, schema="nerima")


@contextlib.contextmanager
def opened(settings: OperationsSettings) -> Iterator[Operations]:
    operations = Operations(settings.address)
    try:
        yield operations
    finally:
        operations.close()


def schemas_with(operations: Operations, table: str) -> set[str]:
    query = "SELECT table_schema FROM information_schema.tables WHERE table_name = %s"
    with operations.reading() as connection:
        return set(connection.exec_driver_sql(query, (table,)).scalars())


def test_what_one_has_is_not_there_for_the_other(towns: tuple[OperationsSettings, OperationsSettings]) -> None:
    with opened(towns[0]) as toshima, opened(towns[1]) as nerima:
        with toshima.writing() as connection:
            connection.exec_driver_sql("INSERT INTO known_asset (asset, since) VALUES ('tobu-1', 1)")
        assert toshima.known_assets() == {"tobu-1": 1}
        assert nerima.known_assets() == {}
        assert schemas_with(toshima, "known_asset") == {"public", "toshima", "nerima"}


def test_what_was_compiled_for_one_is_not_compiled_for_the_other(
    towns: tuple[OperationsSettings, OperationsSettings],
) -> None:
    compiled: list[object] = []
    with opened(towns[0]) as toshima, opened(towns[1]) as nerima:
        for town in (toshima, nerima):
            with town.reading() as connection:
                found = connection.execute(select(known_asset.c.since).where(known_asset.c.asset == "tobu-2"))
                compiled.append(found.context.compiled)
    assert compiled[0] is compiled[1]


def test_one_is_dropped_and_nothing_of_it_is_left(towns: tuple[OperationsSettings, OperationsSettings]) -> None:
    with opened(towns[0]) as toshima, opened(towns[1]) as nerima:
        with nerima.writing() as connection:
            connection.exec_driver_sql("DROP SCHEMA nerima CASCADE")
        assert "nerima" not in schemas_with(toshima, "known_asset")
    with opened(towns[1]) as nerima:
        assert nerima.known_assets() == {}


def test_the_fence_of_an_operator_looks_where_the_leases_are(
    towns: tuple[OperationsSettings, OperationsSettings],
) -> None:
    database = open_leases(towns[0].lease_address)
    leases = Leases(database, "toshima", "one", "process one", 60_000, schema=towns[0].lease_schema)
    epoch = leases.take()
    assert epoch == 1

    def check(connection: Connection) -> None:
        if not leases.is_newest(connection, 1):
            raise TransientError("overtaken")

    with opened(towns[0]) as toshima:
        toshima.fence(check)
        with toshima.writing():
            pass
        found = collectors(toshima, "toshima", towns[0].lease_schema)
        assert found is not None
        assert found.holder is not None
        assert found.holder.name == "process one"
        leases.release(1)
        assert leases.take() == 2
        with pytest.raises(TransientError, match="overtaken"), toshima.writing():
            pass
    leases.close()


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (OperationsSettings(schema="toshima"), "operations.schema"),
        (OperationsSettings(url="postgresql+psycopg:///x?options=-cx%3Dy", schema="toshima"), "operations.url"),
        (OperationsSettings(url="postgresql+psycopg:///x", schema="toshima"), None),
        (OperationsSettings(), None),
    ],
)
def test_a_schema_needs_an_address_that_takes_one(settings: OperationsSettings, key: str | None) -> None:
    assert [mistake.where for mistake in check_operations(settings)] == ([] if key is None else [key])
