"""What only the PostgreSQL store promises: one writer, readers beside it, partitions, a schema with a version."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS
from sukusuku_server.model.series import Moved
from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries import PRUNED
from sukusuku_server.timeseries.postgres import store as postgres_store
from sukusuku_server.timeseries.postgres.check import examine
from sukusuku_server.timeseries.postgres.database import is_owned
from sukusuku_server.timeseries.postgres.partitions import WEEK_MS, named
from sukusuku_server.timeseries.postgres.store import PostgresStore
from tests.support.postgres import PostgresServer, program
from tests.support.stores import commit

START = 1_800_000_000_000 // WEEK_MS * WEEK_MS
LEVEL = ("unit", "Fill/Percent")


@pytest.fixture
def settings(postgres: PostgresServer) -> Postgres:
    return postgres.settings()


@pytest.fixture
def store(settings: Postgres) -> Iterator[PostgresStore]:
    opened = PostgresStore.open(settings)
    yield opened
    opened.close()


def level(time: int, value: float = 1.5) -> Reading:
    return Reading(*LEVEL, time, value)


def partitions(store: PostgresStore) -> list[str]:
    found = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'reading'::regclass"
    return sorted(row[0] for row in store._all(found))


def test_there_is_one_writer_in_a_schema(store: PostgresStore, settings: Postgres, postgres: PostgresServer) -> None:
    assert is_owned(settings)
    with pytest.raises(PermanentError, match="another collector is writing to this store; stop it first"):
        PostgresStore.open(settings)
    other = PostgresStore.open(postgres.settings())
    other.close()
    store.close()
    assert not is_owned(settings)


def test_readings_are_committed_with_the_disk(store: PostgresStore, settings: Postgres) -> None:
    assert store._all("SHOW synchronous_commit") == [("on",)]
    careless = msgspec.structs.replace(
        settings, schema="careless", url=f"{settings.url}&options=-csynchronous_commit%3Doff"
    )
    opened = PostgresStore.open(careless)
    assert opened._all("SHOW synchronous_commit") == [("on",)]
    opened.close()


def test_what_was_stored_is_there_after_opening_again(store: PostgresStore, settings: Postgres) -> None:
    commit(store, [Reading("unit", "Lid/Open", START, value=True)], START)
    store.close()
    again = PostgresStore.open(settings)
    assert again.latest()["unit"]["Lid/Open"].value is True
    assert commit(again, [Reading("unit", "Lid/Open", START, value=True), level(START)], START).duplicates == 1
    assert len(again.raw("unit", "Lid/Open", 0, 2**62, 10)) == 1
    again.close()


def test_a_reader_sees_each_commit_and_cannot_write(store: PostgresStore, settings: Postgres) -> None:
    reader = PostgresStore.open_reader(settings)
    before = reader.version()
    assert reader.latest() == {}
    commit(store, [level(START), Reading("unit", "State", START, None, Quality.STALE)], START)
    assert reader.version() != before
    assert reader.latest()["unit"]["Fill/Percent"].value == 1.5
    store.mark_offline({"unit": START + 1})
    assert reader.latest()["unit"]["Fill/Percent"].stale_since == START + 1
    with pytest.raises(TransientError, match="read-only transaction"):
        commit(reader, [level(START + 1)], START)
    reader.close()


def test_a_reader_before_the_collector_says_what_to_do(settings: Postgres) -> None:
    with pytest.raises(TransientError, match="start the collector, it makes the tables"):
        PostgresStore.open_reader(settings)


def test_tables_of_a_newer_program_are_refused_in_words(store: PostgresStore, settings: Postgres) -> None:
    with store._database.transaction() as run:
        run.execute("UPDATE schema_version SET number = 99")
    store.close()
    for opening in (PostgresStore.open, PostgresStore.open_reader):
        with pytest.raises(PermanentError, match=r"newer Sukusuku .schema 99.*update this installation"):
            opening(settings)


def test_each_week_has_a_partition_also_when_a_commit_failed(store: PostgresStore) -> None:
    series = store.series(*LEVEL, DataType.DOUBLE)
    weeks = [START, START + WEEK_MS]
    with pytest.raises(TransientError):
        store.commit_rows([(time, series, 1.5, 1 << 20) for time in weeks], [], START)  # no such quality
    assert partitions(store) == []
    assert store.commit_rows([(time, series, 1.5, 192) for time in weeks], [], START).stored == 2
    assert partitions(store) == [f"reading_{time // WEEK_MS}" for time in weeks]
    assert [point.time for point in store.raw(*LEVEL, 0, 2**62, 10)] == weeks


def test_partitions_that_are_empty_go_with_their_readings(store: PostgresStore) -> None:
    series = [store.series("unit", name, DataType.DOUBLE) for name in ("Fill/Percent", "Fault/Code")]
    rows = [
        (START, series[0], 1.5, 192),
        (START + WEEK_MS, series[1], 0.0, 192),
        (START + 2 * WEEK_MS, series[0], 1.0, 192),
    ]
    store.commit_rows(rows, [], START)
    assert store.prune(START + 3 * WEEK_MS, 100) == 2
    assert partitions(store) == [f"reading_{(START + WEEK_MS) // WEEK_MS}"]  # fault codes stay
    assert commit(store, [level(START)], START).stored == 1


def compact(store: PostgresStore, before: int) -> None:
    while store.compact(before):
        pass


def test_partitions_go_when_all_of_their_week_is_packed(store: PostgresStore) -> None:
    end = START + WEEK_MS
    commit(store, [level(START), level(end - 1), level(end)], START)
    compact(store, end + 1)
    assert len(partitions(store)) == 2  # the last day of the week is not over in Japan
    compact(store, end + DAY_MS)
    assert partitions(store) == [named(end // WEEK_MS)]
    assert [point.time for point in store.raw(*LEVEL, 0, 2**62, 10)] == [START, end - 1, end]


def test_what_comes_late_while_a_partition_is_found_empty_is_not_dropped_with_it(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, [level(START)], START)
    late = Thread(target=commit, args=(store, [level(START + 1)], START))
    ask = store._database.ask

    def asked(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        found = ask(sql, parameters)
        if sql.startswith("SELECT EXISTS"):
            late.start()
            late.join(0.3)  # it must not be stored before all is done, so nothing tells of it
        return found

    monkeypatch.setattr(store._database, "ask", asked)
    compact(store, START + 2 * WEEK_MS)
    late.join()
    assert [point.time for point in store.raw(*LEVEL, 0, 2**62, 10)] == [START, START + 1]


def test_a_week_with_very_many_readings_is_emptied_at_once(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "MANY", 50)
    fill, fault = (store.series("unit", name, DataType.DOUBLE) for name in ("Fill/Percent", "Fault/Code"))
    times = [START + n for n in range(100)]
    store.commit_rows([(time, fill, 1.5, 192) for time in times] + [(times[7], fault, 0.0, 192)], [], START)
    store.commit_rows([], [], START, [Moved((times[-1] + 1, fill, 9.0, 192), START + WEEK_MS)])
    assert store.prune(times[2], 10) == 2
    late = (START, fill, 2.5, 192)
    store.commit_rows([late], [], START)
    with store._database.translated() as connection:
        connection.execute("ANALYZE reading")
    assert store.prune(START + WEEK_MS - 1, 1) == 1  # the week is not over
    assert store.prune(START + WEEK_MS, 1) == pytest.approx(100, abs=5)
    assert [point.value for point in store.raw(*LEVEL, 0, 2**62, 200)] == [2.5]  # came when its time had gone
    assert len(store.raw("unit", "Fault/Code", 0, 2**62, 200)) == 1
    assert store.hourly(*LEVEL, 0, 2**62)[0].count == 102
    assert store.noted(PRUNED) == START + WEEK_MS
    again = [(START + WEEK_MS, fill, 9.0, 192), late, (times[7], fault, 0.0, 192)]
    assert store.commit_rows(again, [], START).stored == 1  # the moved one is forgotten with its place


def test_chunks_of_a_week_with_very_many_readings_are_pruned_with_them(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "MANY", 50)
    commit(store, [level(START)], START)
    compact(store, START + 2 * DAY_MS)
    commit(store, [level(START + 3 * DAY_MS + n) for n in range(100)], START)
    with store._database.translated() as connection:
        connection.execute("ANALYZE reading")
    while store.prune(START + 2 * WEEK_MS, 10):
        pass
    assert store.raw(*LEVEL, 0, 2**62, 200) == []


def test_duplicates_are_found_among_many(store: PostgresStore) -> None:
    series = store.series(*LEVEL, DataType.DOUBLE)
    rows = [(START + n, series, float(n), 192) for n in range(1000)]
    store.commit_rows(rows[::2], [], START)
    committed = store.commit_rows([*rows, (START + 1, series, 99.0, 192)], [], START)
    assert (committed.stored, committed.duplicates) == (500, 501)
    assert [point.value for point in store.raw(*LEVEL, 0, 2**62, 2000)] == [row[2] for row in rows]
    assert store.hourly(*LEVEL, 0, 2**62)[0].count == 1000


def test_a_server_is_examined(store: PostgresStore, settings: Postgres) -> None:
    said = {verdict.text: verdict.good for verdict in examine(settings)}
    assert said.pop("`fsync` is off: a power cut loses readings that were acknowledged") is False
    assert all(said.values())
    assert any("is PostgreSQL" in text and "partitions of a week" in text for text in said)
    away = msgspec.structs.replace(settings, url="postgresql://sukusuku@127.0.0.1:9/postgres", timeout=1.0)
    [verdict] = examine(away)
    assert not verdict.good
    assert "is it started" in verdict.text


def test_a_dump_brings_everything_back(store: PostgresStore, settings: Postgres, tmp_path: Path) -> None:
    """With the commands of docs/postgres.md."""
    commit(store, [level(START), Reading("unit", "Info/Serial", START, "\0一号")], START)
    before = store.latest()
    dump = tmp_path / "readings.dump"
    arguments = ["--format=custom", f"--schema={settings.schema}", f"--file={dump}", settings.url]
    subprocess.run([program("pg_dump"), *arguments], check=True)
    commit(store, [level(START + 1)], START)
    store.close()
    subprocess.run([program("psql"), "-qc", f"DROP SCHEMA {settings.schema} CASCADE", settings.url], check=True)
    subprocess.run([program("pg_restore"), f"--dbname={settings.url}", dump], check=True)
    again = PostgresStore.open(settings)
    assert again.latest() == before
    assert commit(again, [level(START), level(START + 1)], START).stored == 1
    again.close()


STAND_IN = """
SET allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (99999, 'timescaledb', 10, 'public'::regnamespace, false, '2');
CREATE TABLE public.asked (relation regclass, time_column name, chunk_time_interval bigint, indexes boolean);
CREATE FUNCTION public.create_hypertable(
    relation regclass, time_column_name name, chunk_time_interval bigint, create_default_indexes boolean
) RETURNS void LANGUAGE sql AS 'INSERT INTO public.asked VALUES ($1, $2, $3, $4)';
"""


def test_where_timescaledb_is_installed_it_makes_the_partitions(settings: Postgres) -> None:
    """The extension itself is in no package of Debian, so what it is asked for is all that can be seen."""
    subprocess.run([program("psql"), "-qc", "CREATE DATABASE timescale", settings.url], check=True)
    there = msgspec.structs.replace(settings, url=settings.url.replace("/postgres?", "/timescale?"))
    subprocess.run([program("psql"), "-q", there.url], input=STAND_IN, text=True, check=True)
    store = PostgresStore.open(there)
    assert store._all("SELECT relation::text, time_column, chunk_time_interval, indexes FROM public.asked") == [
        ("reading", "time", WEEK_MS, False)
    ]
    assert commit(store, [level(START), level(START + WEEK_MS)], START).stored == 2
    assert store.prune(START + 2 * WEEK_MS, 10) == 2
    assert partitions(store) == []
    assert any("chunks by TimescaleDB" in verdict.text for verdict in examine(there))
    store.close()
