"""Readings in chunks: nothing that a store tells depends on how many of them are packed, or when, or where it ended."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError
from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, HOUR_MS, day_number, midnight
from sukusuku_server.model.imports import NewImport
from sukusuku_server.model.series import Committed, Moved, Point, Row
from sukusuku_server.timeseries import PRUNED
from sukusuku_server.timeseries.chunks import DamagedError
from sukusuku_server.timeseries.sql_store import SqlStore
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.server.timeseries.packing import LATER, pack
from tests.support import databases

START = midnight(day_number(1_800_000_000_000))
NOW = START + 40 * DAY_MS
GOOD, BAD = int(Quality.GOOD), int(Quality.BAD)
SERIES = (
    ("unit-1", "Fill/Percent", DataType.DOUBLE),
    ("unit-1", "Fault/Code", DataType.INT64),
    ("room", "Occupancy/Count", DataType.INT64),
)
ASSETS = ("unit-1", "room")


def told(store: SqlStore) -> list[object]:
    """Everything that a store says of its readings."""
    return [
        [store.raw(*names[:2], 0, 1 << 60, 10_000) for names in SERIES],
        [store.raw(*names[:2], START + HOUR_MS, START + 2 * DAY_MS, 3) for names in SERIES],
        repr(store.scan(ASSETS, START + HOUR_MS, 1 << 60)),
        [[replace(it, mean=round(it.mean, 9)) for it in store.hourly(*names[:2], 0, 1 << 60)] for names in SERIES],
        [store.hourly(*names[:2], START + 3, START + DAY_MS) for names in SERIES],
        store.latest(),
        store.first(),
    ]


ROW = st.tuples(
    st.integers(0, 71).map(lambda n: START + n * HOUR_MS + n % 5), st.integers(0, 2), st.integers(0, 4), st.booleans()
)
Change = Callable[[SqlStore], object]


def _rows(store: SqlStore, drawn: list[tuple[int, int, int, bool]]) -> list[Row]:
    numbers = [store.series(*names) for names in SERIES]
    return [
        (time, numbers[series], None if not good else value / 2 if series == 0 else value, GOOD if good else BAD)
        for time, series, value, good in drawn
    ]


def commit(drawn: list[tuple[int, int, int, bool]]) -> Change:
    return lambda store: store.commit_rows(_rows(store, drawn), (), NOW)


def move(drawn: list[tuple[int, int, int, bool]], late: int) -> Change:
    """Readings whose own time is not believed."""

    def change(store: SqlStore) -> Committed:
        moved = [Moved(row, row[0] + late * HOUR_MS, row[3]) for row in _rows(store, drawn)]
        return store.commit_rows((), (), NOW, moved)

    return change


def bring(first: int) -> Change:
    """A history from elsewhere; refused when one of its readings is there already."""

    def change(store: SqlStore) -> object:
        number = store.series(*SERIES[0])
        rows: list[Row] = [(START + (first + n) * HOUR_MS + 7, number, n / 2, GOOD) for n in range(30)]
        try:
            return store.keep_import(NewImport("unit-1", "Fill/Percent", "a.csv", "digest"), rows, NOW)
        except PermanentError:
            return "there already"

    return change


def take_back(store: SqlStore) -> object:
    held = [it.number for it in store.imports() if it.undone is None]
    return store.undo_import(held[0], NOW) if held else None


CHANGES = st.one_of(
    st.lists(ROW, max_size=12).map(commit),
    st.builds(move, st.lists(ROW, max_size=3), st.integers(1, 30)),
    st.integers(0, 40).map(bring),
    st.just(take_back),
    st.integers(0, 3).map(lambda day: lambda store: store.correct_clock(START, START + day * DAY_MS, NOW)),
    st.integers(0, 50).map(lambda n: lambda store: store.drop_readings({"room"}, START, START + n * HOUR_MS)),
    st.integers(0, 3).map(lambda day: lambda store: _prune(store, START + day * DAY_MS)),
)


def _prune(store: SqlStore, before: int) -> None:
    while store.prune(before, 5) or (store.noted(PRUNED) or 0) < before:
        pass


@given(st.lists(st.tuples(CHANGES, st.integers(0, 12), st.booleans()), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_store_that_packs_tells_what_one_tells_that_does_not(changes: list[tuple[Change, int, bool]]) -> None:
    """It packs so many steps between two changes, and may be closed and opened anywhere."""
    with ExitStack() as ending:
        folders = [Path(ending.enter_context(TemporaryDirectory())) for _ in range(2)]
        plain, packing = (databases.store(folder) for folder in folders)

        def close() -> None:
            plain.close()
            packing.close()

        ending.callback(close)
        for change, steps, again in changes:
            assert change(packing) == change(plain)
            for _ in range(steps):
                packing.compact(NOW + steps * DAY_MS)
            if again:
                packing.close()
                packing = databases.store(folders[1])
            assert told(packing) == told(plain)
        pack(packing)
        assert told(packing) == told(plain)


def test_the_table_is_empty_when_everything_is_packed(store: SqlStore) -> None:
    commit([(START + n * HOUR_MS, n % 3, 1, True) for n in range(60)])(store)
    pack(store)
    assert store._all("SELECT count(*) FROM reading") == [(0,)]
    assert store._all("SELECT count(*), sum(readings) FROM chunk") == [(6, 60)]
    assert not store.compact(LATER)


def test_a_day_is_packed_when_it_is_over(store: SqlStore) -> None:
    commit([(START, 0, 1, True), (START + DAY_MS, 0, 1, True)])(store)
    while store.compact(START + 2 * DAY_MS - 1):
        pass
    assert store._all("SELECT time FROM reading") == [(START + DAY_MS,)]


def test_what_is_sent_again_after_it_was_packed_is_known(store: SqlStore) -> None:
    readings = [(START + n * HOUR_MS, 0, 1, True) for n in range(5)]
    commit(readings)(store)
    pack(store)
    assert commit([*readings, (START + 9, 0, 1, True)])(store) == Committed(1, 5, 0)
    pack(store)
    assert commit([(START + 9, 0, 1, True)])(store) == Committed(0, 1, 0)


def damage(store: SqlStore, asset: str) -> None:
    """Damage the chunks of an asset, as a disk does that cannot keep what was written."""
    with store._database.transaction() as run:
        run.execute("UPDATE chunk SET data = ? WHERE asset = ?", (b"x", asset))


def test_readings_that_come_late_are_kept_beside_a_damaged_chunk(store: SqlStore) -> None:
    commit([(START, 0, 1, True), (START, 2, 1, True)])(store)
    pack(store)
    damage(store, "unit-1")
    assert commit([(START + 1, 0, 2, True), (NOW, 0, 3, True)])(store) == Committed(2, 0, 0)
    assert [it.time for it in store.raw("unit-1", "Fill/Percent", START + DAY_MS, NOW + 1, 9)] == [NOW]
    with pytest.raises(DamagedError, match="restore the store from a backup"):
        store.raw("unit-1", "Fill/Percent", START, NOW, 9)


def test_the_others_are_packed_beside_a_damaged_chunk_and_it_is_told(store: SqlStore) -> None:
    commit([(START, 0, 1, True)])(store)
    pack(store)
    damage(store, "unit-1")
    commit([(START + 1, 0, 2, True), (START, 2, 1, True), (START + DAY_MS, 0, 3, True), (NOW, 0, 4, True)])(store)
    for _ in range(2):
        with pytest.raises(DamagedError, match=r"unit-1, 2027-01-15: .* are damaged"):
            pack(store)
    assert store._all("SELECT time FROM reading") == [(START + 1,)]
    assert store._all("SELECT count(*) FROM hourly WHERE series = 1") == [(1,)]
    assert [it.value for it in store.raw("room", "Occupancy/Count", 0, NOW, 9)] == [1]
    assert [it.value for it in store.raw("unit-1", "Fill/Percent", START + DAY_MS, NOW + 1, 9)] == [1.5, 2]


def test_what_goes_through_all_readings_passes_a_damaged_chunk(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """One of them must not stop the derivation of all assets."""
    commit([(START, 0, 1, True), (START, 2, 1, True)])(store)
    pack(store)
    damage(store, "unit-1")
    assert [it.asset for it in store.scan(ASSETS, 0, 1 << 60)] == ["room"]
    assert "unit-1, 2027-01-15: packed readings are damaged" in caplog.text


def test_a_damaged_chunk_is_deleted_when_its_time_has_come(store: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    commit([(START, 0, 1, True), (START, 1, 1, True), (START + DAY_MS, 1, 1, True)])(store)
    commit([(START + n, 2, 1, True) for n in range(9)])(store)
    pack(store)
    for asset in ASSETS:
        damage(store, asset)
    store.drop_readings(["room"], START, START + DAY_MS)
    assert "damaged" not in caplog.text
    _prune(store, START + 2 * DAY_MS)
    assert "damaged" in caplog.text
    assert store.scan(ASSETS, 0, 1 << 60) == []


def test_steps_are_short_where_there_is_much(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups, transactions and deletions end where they are full; a reading that comes meanwhile stays."""
    for name, most in (("GROUP", 10), ("WRITTEN", 100), ("DELETED", 7)):
        monkeypatch.setattr(f"sukusuku_server.timeseries.compaction.{name}", most)
    rows = [(START + n, store.series(f"unit-{n % 9}", "State", DataType.INT64), n, GOOD) for n in range(90)]
    store.commit_rows(rows, (), NOW)
    late = iter(range(200, 1000))
    steps = 0
    while store.compact(NOW) and steps < 500:
        steps += 1
        if steps < 40:
            store.commit_rows([(START + next(late), rows[0][1], 0, GOOD)], (), NOW)
    assert steps > 30
    found = store.scan([f"unit-{n}" for n in range(9)], 0, 1 << 60)
    assert [it.time - START for it in found] == [*range(90), *range(200, 200 + 39)]
    assert store._all("SELECT count(*) FROM reading") == [(0,)]


def test_a_day_is_read_hour_by_hour(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """With PostgreSQL live readings wait for each question, as there is one connection."""
    commit([(START + n * HOUR_MS // 10, 0, 1, True) for n in range(240)])(store)
    ask, found = store._past.ask, list[int]()

    def counted(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        rows = ask(sql, parameters)
        found.append(len(rows))
        return rows

    monkeypatch.setattr(store._past, "ask", counted)
    pack(store)
    assert max(found) == 10
    assert store._all("SELECT readings FROM chunk") == [(240,)]


KILLED = """
import sys
from pathlib import Path
from sukusuku_server.timeseries.sqlite import SqliteStore
store = SqliteStore.open(Path(sys.argv[1]))
import sukusuku_server.timeseries.compaction as it
it.DELETED, it.WRITTEN, it.GROUP = 40, 400, 150
while store.compact(1 << 60):
    print("step", flush=True)
print("end", flush=True)
"""


@pytest.mark.parametrize("steps", [1, 4, 7, 12, 20])
def test_a_kill_in_the_midst_of_it_loses_nothing(tmp_path: Path, steps: int) -> None:
    store = databases.store(tmp_path)
    commit([(START + n * HOUR_MS // 8, n % 3, n % 5, n % 7 > 0) for n in range(500)])(store)
    expected = told(store)
    store.close()
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(databases.readings(tmp_path))], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        for _ in range(steps):
            assert child.stdout.readline() == b"step\n"
        os.kill(child.pid, signal.SIGKILL)
    store = SqliteStore.open(databases.readings(tmp_path))
    assert told(store) == expected
    pack(store)
    assert told(store) == expected
    assert store._all("SELECT count(*) FROM reading") == [(0,)]
    store.close()


def test_a_store_of_an_older_version_is_packed(tmp_path: Path) -> None:
    """Its file has no table of chunks, and years of readings."""
    store = databases.store(tmp_path)
    commit([(START + n * HOUR_MS // 4, n % 3, n % 5, True) for n in range(300)])(store)
    expected = told(store)
    store.close()
    with closing(sqlite3.connect(databases.readings(tmp_path))) as file:
        file.executescript("DROP TABLE chunk; DROP TABLE packed_hour; PRAGMA user_version = 9")
    store = SqliteStore.open(databases.readings(tmp_path))
    assert told(store) == expected
    pack(store)
    assert told(store) == expected
    assert store._all("SELECT sum(readings) FROM chunk") == [(300,)]
    store.close()


def test_a_backup_has_what_is_packed(tmp_path: Path) -> None:
    store = databases.store(tmp_path)
    commit([(START + n * HOUR_MS, n % 3, n % 5, True) for n in range(90)])(store)
    expected = told(store)
    for _ in range(4):  # in the midst of a day
        store.compact(NOW)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        store._database.connection.backup(copy)
    store.close()
    copied = SqliteStore.open(tmp_path / "copy.db")
    assert told(copied) == expected
    pack(copied)
    assert told(copied) == expected
    copied.close()


def test_a_reader_beside_sees_the_same_at_every_step(tmp_path: Path) -> None:
    store = databases.store(tmp_path)
    commit([(START + n * HOUR_MS // 4, n % 3, 1, True) for n in range(300)])(store)
    expected = told(store)[:3]
    reader = SqliteStore.open_reader(databases.readings(tmp_path))
    while store.compact(NOW):
        assert told(reader)[:3] == expected
    reader.close()
    store.close()


def test_a_month_of_five_minutes_reads_a_day_at_a_time(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """All readings of a month at once would take the memory of a small machine."""
    commit([(START + n * HOUR_MS, 0, 1, True) for n in range(5, 60)])(store)
    raw, asked = store.raw, list[int]()

    def noted(asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        asked.append(end - start)
        return raw(asset, metric, start, end, limit)

    monkeypatch.setattr(store, "raw", noted)
    found = store.five_minutes("unit-1", "Fill/Percent", START + 3 * HOUR_MS, START + 31 * DAY_MS)
    assert [it.time for it in found] == [it.time for it in store.hourly("unit-1", "Fill/Percent", 0, 1 << 60)]
    assert max(asked) == DAY_MS
