"""Which store `[store]` asks for, and what is said when it cannot be had."""

import sys

import pytest

from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility, check
from sukusuku_server.timeseries import backends
from sukusuku_server.timeseries.postgres.store import PostgresStore
from tests.collector.small_facility import FACILITY
from tests.support.postgres import PostgresServer


def facility(keys: str) -> Facility:
    text = FACILITY.format(port=1883) + f'\n[store]\nkind = "postgres"\n[store.postgres]\n{keys}'
    found = parse(text, Facility, "facility.toml")
    check(found, "facility.toml")
    return found


def test_readings_are_kept_in_postgresql(postgres: PostgresServer) -> None:
    settings = postgres.settings()
    found = facility(f'url = "{settings.url}"\nschema = "{settings.schema}"')
    assert backends.is_written(found.store) is False
    with pytest.raises(TransientError, match="start the collector"):
        backends.open_reader(found.store)
    store = backends.open_writer(found)
    assert isinstance(store, PostgresStore)
    assert backends.is_written(found.store)
    assert backends.second_copy(found, store) is None
    backends.open_reader(found.store).close()
    store.close()
    assert any("schema" in verdict.text and verdict.good for verdict in backends.examine(found, 0))


def test_a_server_that_does_not_answer_is_named() -> None:
    found = facility('url = "postgresql://sukusuku@127.0.0.1:9/readings?sslmode=disable"')
    with pytest.raises(TransientError, match=r"postgresql://sukusuku@127.0.0.1:9/readings .*does not answer.*refused"):
        backends.open_writer(found)
    assert backends.is_written(found.store) is None


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = facility('url = "postgresql://db/readings"')
    assert list(backends.mistakes(found.store)) == []
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in [name for name in sys.modules if name.startswith("sukusuku_server.timeseries.postgres.")]:
        monkeypatch.delitem(sys.modules, name)
    [mistake] = backends.mistakes(found.store)
    assert mistake.where == "store.kind"
    assert "psycopg" in mistake.text
    with pytest.raises(ConfigError, match=r"`postgres` needs a package: .*psycopg.*install it with: pip install"):
        backends.open_writer(found)


@pytest.mark.parametrize("url", ["postgresql://me:secret@db/readings", "postgresql://me@db/readings?password=secret"])
def test_a_password_has_a_key_of_its_own(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.postgres\.url: found a password in the address") as told:
        facility(f'url = "{url}"')
    assert "secret" not in str(told.value)
