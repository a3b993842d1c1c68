"""Which store `[store]` asks for, and what is said when it cannot be had."""

import contextlib
import sys
from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility, check
from sukusuku_server.settings.shard import Shard, shards
from sukusuku_server.timeseries import __main__ as command
from sukusuku_server.timeseries import backends
from sukusuku_server.timeseries.postgres.store import PostgresStore
from tests.collector.small_facility import FACILITY
from tests.support.postgres import PostgresServer
from tests.support.stores import commit


def facility(keys: str) -> Facility:
    text = FACILITY.format(port=1883) + f'\n[store]\nkind = "postgres"\n[store.postgres]\n{keys}'
    found = parse(text, Facility, "facility.toml")
    check(found, "facility.toml")
    return found


def test_readings_are_kept_in_postgresql(postgres: PostgresServer) -> None:
    settings = postgres.settings()
    found = facility(f'url = "{settings.url}"\nschema = "{settings.schema}"')
    assert backends.is_written(found) is False
    with pytest.raises(TransientError, match="start the collector"):
        backends.open_reader(found)
    store = backends.open_writer(found)
    assert isinstance(store, PostgresStore)
    assert backends.is_written(found)
    assert backends.second_copy(found, store) is None
    backends.open_reader(found).close()
    store.close()
    assert any("schema" in verdict.text and verdict.good for verdict in backends.examine(found, 0))


def divided_text(postgres: PostgresServer, schema: str, *groups: str) -> str:
    keys = [f'[[group]]\nid = "{it}"\nhost_id = "{it}"\nschema = "{schema}_{it}"\nsites = ["tobu"]\n' for it in groups]
    store = f'[store]\nkind = "postgres"\n[store.postgres]\nurl = "{postgres.settings().url}"\nschema = "{schema}"\n'
    operations = f'[operations]\nurl = "{postgres.operations()}"\n'
    return "".join((FACILITY.format(port=1883), store, operations, *keys))


def divided(postgres: PostgresServer, schema: str, *groups: str) -> Facility:
    return parse(divided_text(postgres, schema, *groups), Facility, "facility.toml")


def test_a_group_has_a_schema_of_its_own_and_readers_ask_all(postgres: PostgresServer) -> None:
    schema = postgres.settings().schema
    whole = divided(postgres, schema, "north")
    own, north = shards(whole)
    with pytest.raises(TransientError, match="start the collector"):
        backends.open_reader(whole)
    with (
        contextlib.closing(backends.open_writer(own.own)) as rest,
        contextlib.closing(backends.open_writer(north.own)) as store,
    ):
        assert backends.is_written(whole)
        commit(store, [Reading("unit-1", "Fill/Percent", 1, 5.0)], 1)
        with contextlib.closing(backends.open_reader(whole)) as reader:
            before = reader.version()
            assert [it.value for it in reader.raw("unit-1", "Fill/Percent", 0, 9, 9)] == [5.0]
            assert set(reader.latest()) == {"unit-1"}
            commit(store, [Reading("unit-1", "Fill/Percent", 2, 6.0)], 2)
            assert reader.version() > before
        with contextlib.closing(backends.gathered(own, rest)) as reader:
            assert set(reader.latest()) == {"unit-1"}
    assert backends.is_written(whole) is False


def check_division(shard: Shard) -> None:
    """Look as a collector does at its start."""
    with contextlib.closing(backends.open_writer(shard.own)) as store:
        backends.check_division(shard, store)


def test_readings_go_with_their_site_into_another_group(
    postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until they have, the shard is refused; and they come back from a group that is no more."""
    schema, path = postgres.settings().schema, tmp_path / "facility.toml"
    before, after = divided(postgres, schema), divided(postgres, schema, "north")
    with contextlib.closing(backends.open_writer(before)) as store:
        backends.check_division(Shard(before), store)
        commit(store, [Reading("unit-1", "Fill/Percent", 1, 5.0)], 1)
        with pytest.raises(PermanentError, match="has readings of unit-1, which are now of north"):
            check_division(Shard(after, "north"))
        with contextlib.closing(backends.open_reader(after)) as reader:
            assert set(reader.latest()) == {"unit-1"}  # the shard that is refused holds up nobody who asks all
        backends.check_division(Shard(after), store)
        path.write_text(divided_text(postgres, schema, "north"), encoding="utf-8")
        assert command.main(["move", str(path)]) == 1
        assert "another collector is writing" in capsys.readouterr().err

    assert command.main(["move", str(path)]) == 0
    assert capsys.readouterr().out == f"unit-1: {schema} -> {schema}_north\n1 moved\n"
    for shard in shards(after):
        check_division(shard)
    with contextlib.closing(backends.open_reader(after)) as reader:
        assert [it.value for it in reader.raw("unit-1", "Fill/Percent", 0, 9, 9)] == [5.0]

    for now in (before, divided(postgres, schema, "south")):  # the group has gone, or has another schema
        with pytest.raises(PermanentError, match=f"the schema `{schema}_north` has readings of unit-1"):
            check_division(shards(now)[-1])
    path.write_text(divided_text(postgres, schema), encoding="utf-8")
    assert command.main(["move", str(path)]) == 0
    assert capsys.readouterr().out == f"unit-1: {schema}_north -> {schema}\n1 moved\n"
    check_division(Shard(before))
    with contextlib.closing(backends.open_reader(before)) as reader:
        assert set(reader.latest()) == {"unit-1"}


def test_a_server_that_does_not_answer_is_named() -> None:
    found = facility('url = "postgresql://sukusuku@127.0.0.1:9/readings?sslmode=disable"')
    with pytest.raises(TransientError, match=r"postgresql://sukusuku@127.0.0.1:9/readings .*does not answer.*refused"):
        backends.open_writer(found)
    assert backends.is_written(found) is None


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
