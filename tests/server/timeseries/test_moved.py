"""Readings that stand at another time than their own."""

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Committed, Moved
from sukusuku_server.timeseries import migrations
from sukusuku_server.timeseries.sql_store import SqlStore
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support import databases
from tests.support.stores import commit

START = 1_800_000_000_000 // HOUR_MS * HOUR_MS
GOOD, BAD = 192, 0


def fill(store: SqlStore) -> int:
    return store.series("unit-1", "Fill/Percent", DataType.DOUBLE)


def stored(store: SqlStore) -> list[tuple[int, object]]:
    return [(point.time, point.value) for point in store.raw("unit-1", "Fill/Percent", 0, 2**62, 10_000)]


def test_a_moved_reading_is_stored_once_also_when_it_would_be_placed_elsewhere(store: SqlStore) -> None:
    series = fill(store)
    assert store.commit_rows([], [], START, [Moved((START, series, 1.0, GOOD), 7)]) == Committed(1, 0, 0)
    assert store.commit_rows([], [], START, [Moved((START + 50, series, 1.0, GOOD), 7)]) == Committed(0, 1, 0)
    assert store.commit_rows([], [], START, [Moved((7, series, 1.0, GOOD), 7)]) == Committed(0, 1, 0)
    assert stored(store) == [(START, 1.0)]
    assert store.hourly("unit-1", "Fill/Percent", 0, 2**62)[0].count == 1


def test_where_something_stands_already_the_next_free_millisecond_is_taken(store: SqlStore) -> None:
    series = fill(store)
    store.commit_rows([(START, series, 1.0, GOOD), (START + 1, series, 2.0, GOOD)], [], START)
    moved = [Moved((START, series, float(n), GOOD), n) for n in range(3, 6)]
    assert store.commit_rows([], [], START, moved).stored == 3
    assert stored(store) == [(START, 1.0), (START + 1, 2.0), (START + 2, 3.0), (START + 3, 4.0), (START + 4, 5.0)]


def test_what_is_stored_at_its_own_time_is_not_stored_again_as_moved(store: SqlStore) -> None:
    series = fill(store)
    commit(store, [Reading("unit-1", "Fill/Percent", START, 1.0)], START)
    moved = [Moved((START + 9, series, 1.0, GOOD), START), Moved((START, series, 1.0, GOOD), START)]
    assert store.commit_rows([], [], START, moved) == Committed(0, 2, 0)


@pytest.mark.parametrize("original", [0, 2**63 - 1, 2**63, 2**64 - 1])
def test_any_original_time_is_kept(store: SqlStore, original: int) -> None:
    series = fill(store)
    for expected in (1, 0):
        assert store.commit_rows([], [], START, [Moved((START, series, 1.0, BAD), original)]).stored == expected
    found = store._all("SELECT original, time FROM moved")
    assert [(value % 2**64, time) for value, time in found] == [(original, START)]


def test_a_store_of_the_first_schema_is_upgraded_with_all_it_has(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    scripts = migrations._scripts()
    with sqlite3.connect(path) as file:
        file.executescript(f"BEGIN;\n{scripts[0]}\nPRAGMA user_version = 1;\nCOMMIT;")
        file.execute("INSERT INTO series VALUES (1, 'unit-1', 'Fill/Percent', 10)")
        file.execute("INSERT INTO reading VALUES (?, 1, 42.5, 192)", (START,))
    file.close()
    store = SqliteStore.open(path)
    assert stored(store) == [(START, 42.5)]
    assert store.commit_rows([], [], START, [Moved((START + 1, 1, 1.0, GOOD), 3)]).stored == 1
    store.close()


@given(st.lists(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), max_size=6), min_size=1, max_size=6))
@settings(max_examples=60)
def test_whatever_comes_again_every_original_is_there_once(commits: list[list[tuple[int, int]]]) -> None:
    """Each original time carries its own value, so the values in the store tell which are there."""
    with tempfile.TemporaryDirectory() as folder:
        store = databases.store(Path(folder))
        series = fill(store)
        for commit in commits:
            moved = [Moved((START + at, series, float(n), GOOD), n) for n, at in commit]
            store.commit_rows([], [], START, moved)
        seen = [value for _, value in stored(store)]
        store.close()
    assert sorted(seen, key=repr) == sorted({float(n) for commit in commits for n, _ in commit}, key=repr)


def test_a_moved_reading_is_recognised_when_its_own_time_is_believed_later(tmp_path: Path) -> None:
    store = databases.store(tmp_path)
    series = fill(store)
    store.commit_rows([], [], START, [Moved((START, series, 1.0, BAD), START + 50)])
    assert store.commit_rows([(START + 50, series, 1.0, GOOD)], [], START) == Committed(0, 1, 0)
    assert store.commit_rows([(START + 49, series, 2.0, GOOD)], [], START) == Committed(1, 0, 0)
    again = (START + 50, series, 1.0, GOOD)
    store.close()
    reopened = SqliteStore.open(tmp_path / "readings.db")
    assert reopened.commit_rows([again, (START + 51, series, 3.0, GOOD)], [], START) == Committed(1, 1, 0)
    reopened.close()
