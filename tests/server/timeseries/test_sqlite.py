"""What only the SQLite store promises: durability, one writer, readers beside it, a schema with a version."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Quality, Reading
from sukusuku_server.model.series import Quarantined
from sukusuku_server.timeseries import derived
from sukusuku_server.timeseries.sql_store import QUARANTINE_ROWS
from sukusuku_server.timeseries.sql_writes import QUARANTINE_PAYLOAD
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.stores import commit

START = 1_800_000_000_000
WRITER = f"""
import sys
from sukusuku_server.timeseries.sqlite import SqliteStore
from sukusuku_core.catalogue import DataType
store = SqliteStore.open(sys.argv[1])
series = [store.series("unit", f"Metric/{{n}}", DataType.INT64) for n in range(10)]
for turn in range(1_000_000):
    store.commit_rows([({START} + turn, number, turn, 192) for number in series], [], turn)
    print(turn, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(path)
    yield opened
    opened.close()


@pytest.mark.parametrize("commits", [1, 40, 150])
def test_a_killed_writer_keeps_every_commit_it_announced(path: Path, commits: int) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(commits):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        announced = commits + len([line for line in child.stdout.read().splitlines(keepends=True) if "\n" in line])
    store = SqliteStore.open(path)
    for number in range(10):
        points = store.raw("unit", f"Metric/{number}", 0, 2**62, 2_000_000)
        assert len(points) in {announced, announced + 1}  # one commit may not have been announced any more
        assert [point.value for point in points] == list(range(len(points)))
        assert sum(hour.count for hour in store.hourly("unit", f"Metric/{number}", 0, 2**62)) == len(points)
    store.close()
    with sqlite3.connect(path) as check:
        assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()


def test_commits_are_synced_to_the_disk(store: SqliteStore) -> None:
    assert store._database.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._database.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_there_is_one_writer(store: SqliteStore, path: Path) -> None:
    with pytest.raises(PermanentError, match="another collector is writing"):
        SqliteStore.open(path)


def test_what_was_stored_is_there_after_opening_again(store: SqliteStore, path: Path) -> None:
    commit(store, [Reading("unit", "Lid/Open", START, value=True)], START)
    store.close()
    again = SqliteStore.open(path)
    assert again.latest()["unit"]["Lid/Open"].value is True
    assert commit(again, [Reading("unit", "Lid/Open", START, value=True)], START).duplicates == 1
    assert commit(again, [Reading("unit", "Film/Remaining", START, 7.0)], START).stored == 1
    assert len(again.raw("unit", "Lid/Open", 0, 2**62, 10)) == 1
    again.close()


def test_a_file_of_a_newer_program_is_refused_in_words(store: SqliteStore, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(PermanentError, match=r"newer Sukusuku .schema 99.*update this installation"):
        SqliteStore.open(path)
    with pytest.raises(PermanentError, match="newer Sukusuku"):
        SqliteStore.open_reader(path)


def test_a_file_that_is_no_store_is_refused(path: Path) -> None:
    path.write_bytes(b"this is not a database, however long it may be" * 40)
    with pytest.raises(TransientError, match="not a database"):
        SqliteStore.open(path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PermanentError, match="cannot be opened for writing"):
        SqliteStore.open(tmp_path / "file" / "readings.db")


def test_a_reader_before_the_collector_says_what_to_do(path: Path) -> None:
    with pytest.raises(TransientError, match="start the collector"):
        SqliteStore.open_reader(path)
    path.touch()  # made, but not filled yet
    with pytest.raises(TransientError, match="older schema"):
        SqliteStore.open_reader(path, wait=0.15)


def test_a_reader_waits_for_the_collector(path: Path) -> None:
    found: list[SqliteStore] = []
    thread = threading.Thread(target=lambda: found.append(SqliteStore.open_reader(path, wait=20)))
    thread.start()
    store = SqliteStore.open(path)
    thread.join()
    assert found[0].latest() == {}
    found[0].close()
    store.close()


def test_who_is_dead_is_seen_by_readers_and_after_a_restart(path: Path) -> None:
    store = SqliteStore.open(path)
    reader = SqliteStore.open_reader(path)
    commit(store, [Reading("unit", "Fill/Percent", START, 1.5)], START)
    before = reader.version()
    store.mark_offline({"unit": START + 1})
    assert reader.version() != before
    assert reader.latest()["unit"]["Fill/Percent"].stale_since == START + 1
    store.close()
    again = SqliteStore.open(path)
    assert again.latest()["unit"]["Fill/Percent"].stale_since == START + 1
    before = reader.version()
    again.mark_offline({"unit": START + 1})
    assert reader.version() == before  # nothing new: nothing was written
    again.mark_offline({"unit": None})
    assert reader.latest()["unit"]["Fill/Percent"].stale_since is None
    reader.close()
    again.close()


def test_since_when_a_value_is_not_good_is_seen_by_readers_and_after_a_restart(path: Path) -> None:
    store = SqliteStore.open(path)
    reader = SqliteStore.open_reader(path)
    commit(store, [Reading("unit", "Fill/Percent", START, 1.5), Reading("unit", "State", START, 0)], START)
    commit(store, [Reading("unit", "Fill/Percent", START + 9, None, Quality.STALE)], START)
    for view in (store, reader):
        assert view.latest()["unit"]["Fill/Percent"].last_good == START
        assert view.latest()["unit"]["State"].last_good == START
    commit(store, [Reading("unit", "Fill/Percent", START + 5, 2.5)], START)  # late
    store.close()
    again = SqliteStore.open(path)
    for view in (again, reader):
        assert view.latest()["unit"]["Fill/Percent"].last_good == START + 5
    reader.close()
    again.close()


def test_a_reader_sees_each_commit_and_cannot_write(store: SqliteStore, path: Path) -> None:
    reader = SqliteStore.open_reader(path)
    before = reader.version()
    assert reader.latest() == {}
    commit(store, [Reading("unit", "Fill/Percent", START, 1.5)], START)
    assert reader.version() != before
    assert reader.latest()["unit"]["Fill/Percent"].value == 1.5
    commit(store, [Reading("unit", "Fill/Percent", START + 1, 2.5)], START)
    assert reader.latest()["unit"]["Fill/Percent"].value == 2.5
    with pytest.raises(TransientError, match="readonly"):
        commit(reader, [Reading("unit", "Fill/Percent", START + 2, 3.5)], START)
    reader.close()


def test_a_reader_works_while_no_collector_runs(store: SqliteStore, path: Path) -> None:
    commit(store, [Reading("unit", "Fill/Percent", START, 1.5)], START)
    store.close()
    reader = SqliteStore.open_reader(path)
    assert len(reader.raw("unit", "Fill/Percent", 0, 2**62, 10)) == 1
    reader.close()


def test_many_threads_may_read_at_once(store: SqliteStore, path: Path) -> None:
    reader = SqliteStore.open_reader(path)
    wrong: list[int] = []

    def read() -> None:
        for _ in range(50):
            points = reader.raw("unit", "Fill/Percent", 0, 2**62, 1000)
            if [point.value for point in points] != [float(n) for n in range(len(points))]:
                wrong.append(len(points))
            reader.latest()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(100):
        commit(store, [Reading("unit", "Fill/Percent", START + turn, float(turn))], START)
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(reader.raw("unit", "Fill/Percent", 0, 2**62, 1000)) == 100
    reader.close()


def test_a_failed_commit_leaves_nothing_and_the_next_one_works(store: SqliteStore, path: Path) -> None:
    other = sqlite3.connect(path)
    store._database.connection.execute("PRAGMA busy_timeout = 1")
    other.execute("BEGIN IMMEDIATE")
    reading = Reading("unit", "Fill/Percent", START, 1.5)
    with pytest.raises(TransientError, match="locked"):
        commit(store, [reading], START)
    other.rollback()
    other.close()
    assert store.latest() == {}
    assert commit(store, [reading], START).stored == 1
    assert store.latest()["unit"]["Fill/Percent"].value == 1.5


def test_the_quarantine_is_bounded(store: SqliteStore) -> None:
    items = [Quarantined(n, "topic", "reason", "", b"x" * 10_000) for n in range(QUARANTINE_ROWS + 5)]
    commit(store, [], START, items)
    commit(store, [], START, [Quarantined(-1, "topic", "last", "", b"")])
    rows = store.quarantine(QUARANTINE_ROWS * 2)
    assert len(rows) == QUARANTINE_ROWS
    assert rows[0].reason == "last"
    assert len(rows[1].payload) == QUARANTINE_PAYLOAD


def test_the_newest_derived_points_are_found_without_reading_all(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "readings.db")
    plan = [row[3] for row in store._database.connection.execute("EXPLAIN QUERY PLAN " + derived.LATEST)]
    store.close()

    assert [step for step in plan if step.startswith("SCAN")] == ["SCAN derived_series"]
