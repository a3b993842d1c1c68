"""A damaged outbox is replaced as a whole or not at all."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.catalogue import DataType
from sukusuku_core.counters import CounterState
from sukusuku_core.errors import PermanentError
from sukusuku_core.message_order import Mark
from sukusuku_core.model import Quality, Reading
from sukusuku_core.registers import Decoded
from sukusuku_edge import database, salvage
from sukusuku_edge.binding import Binder, Counter
from sukusuku_edge.boot_log import Stamp
from sukusuku_edge.database import Column, connect
from sukusuku_edge.events import Sample
from sukusuku_edge.outbox import Outbox
from tests.edge import edge_settings

R = TypeVar("R")
T = 1_760_000_000_000
PAGE = 4096
FREE_PAGES = 36
"""Where an SQLite file says how many of its pages are free."""


def with_outbox(path: Path, work: Callable[[Outbox], Awaitable[R]]) -> R:
    async def run() -> R:
        async with Outbox(path, ballast=0) as outbox:
            return await work(outbox)

    return asyncio.run(run())


def fill(path: Path, rows: int) -> None:
    readings = [Reading("unit-1", "Fill/Percent", T + n, float(n)) for n in range(rows)]
    with_outbox(path, lambda outbox: outbox.add(readings, {}))


def waiting(path: Path) -> list[int]:
    return [reading.time - T for _, reading in with_outbox(path, lambda outbox: outbox.peek(0, 10**6))]


def damage(path: Path) -> None:
    """Damage the file where nothing is written down that an outbox knows."""
    data = bytearray(path.read_bytes())
    data[FREE_PAGES : FREE_PAGES + 4] = b"\0\0\7\7"
    path.write_bytes(data)


def damage_page(path: Path, page: int) -> None:
    data = bytearray(path.read_bytes())
    data[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    path.write_bytes(data)


def test_rows_on_both_sides_of_a_bad_page_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 5000)
    damage_page(path, path.stat().st_size // PAGE // 2)

    found = waiting(path)

    assert len(found) > 4900
    assert (found[0], found[-1]) == (0, 4999)


def test_a_replacement_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 3)
    path.rename(tmp_path / "outbox.db.new")
    (tmp_path / "outbox.db-wal").write_bytes(b"the log of the damaged file")

    assert waiting(path) == [0, 1, 2]
    assert not (tmp_path / "outbox.db.new").exists()


def test_what_is_left_of_a_replacement_that_did_not_come_to_its_end_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 5000)
    damage_page(path, path.stat().st_size // PAGE // 2)
    (tmp_path / "outbox.db.new").write_bytes(b"half a file")

    assert len(waiting(path)) > 4900


def test_when_the_new_file_cannot_be_written_nothing_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 5000)
    damage_page(path, path.stat().st_size // PAGE // 2)
    before = path.read_bytes()

    def on_a_small_disk(new: Path) -> sqlite3.Connection:
        file = connect(new)
        file.execute("PRAGMA max_page_count=10").fetchall()
        return file

    with pytest.raises(sqlite3.OperationalError, match="full"):
        salvage.replace(path, on_a_small_disk)

    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.glob("*.new*")] == []
    assert [entry.name for entry in tmp_path.glob("*corrupt*")] == []


def test_two_damaged_files_are_kept_to_be_looked_at(tmp_path: Path) -> None:
    for _ in range(4):
        (tmp_path / "outbox.db").write_bytes(b"x" * 5000)
        waiting(tmp_path / "outbox.db")

    assert sorted(entry.name for entry in tmp_path.glob("*corrupt*")) == ["outbox.corrupt-3", "outbox.corrupt-4"]


def test_a_page_that_can_be_read_the_second_time_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 3)
    monkeypatch.setattr(salvage, "_PAUSE", 0.0)
    tries = 0

    def flaky(file: Path) -> sqlite3.Connection:
        nonlocal tries
        tries += 1
        if tries == 1:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
            raise error
        return connect(file)

    assert salvage.damage(path, flaky) is None
    assert tries == 2


def test_a_file_that_another_program_holds_is_no_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(PermanentError, match="locked"):
        waiting(path)

    other.close()
    assert waiting(path) == [0]


WHOLE = st.integers(-(2**63), 2**63 - 1)
TYPES: dict[str, st.SearchStrategy[Any]] = {
    "INTEGER": st.sampled_from([0, -(2**63), 2**63 - 1]) | WHOLE,
    "TEXT": st.sampled_from(["", "\0", "一号"]) | st.text(),
    "": st.floats(allow_nan=False) | WHOLE | st.text(),
}
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "id INTEGER": st.integers(1, 2**63 - 1),
    "n INTEGER": st.integers(1, 2**63 - 1),
    "type INTEGER": st.sampled_from(DataType),
    "quality INTEGER": st.sampled_from(Quality),
}


def values(column: Column) -> st.SearchStrategy[Any]:
    special = SPECIAL.get(f"{column.name} {column.type}", TYPES[column.type])
    return st.none() | special if column.nullable and column.name not in {"id", "n"} else special


ROWS = st.fixed_dictionaries(
    {table.name: st.lists(st.tuples(*map(values, table.columns)), max_size=5) for table in database.tables()}
)
"""Rows of every table that the schema has, whichever these are."""


def everything(path: Path) -> dict[str, list[str]]:
    """All that SQLite knows of, the last row ids too, with its types."""
    with closing(sqlite3.connect(path)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: file.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608 - names of SQLite
    return {name: sorted(map(repr, records)) for name, records in rows.items()}


LAST_IDS = st.dictionaries(st.sampled_from(["reading", "boot"]), st.integers(0, 2**63 - 1))
"""Of rows that may be gone."""


@given(ROWS, LAST_IDS)
@settings(max_examples=50, deadline=None)
def test_whatever_an_outbox_holds_is_the_same_afterwards(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, list[tuple[Any, ...]]], last_ids: dict[str, int]
) -> None:
    path = tmp_path_factory.mktemp("sound") / "outbox.db"
    with closing(connect(path)) as file, database.transaction(file):
        file.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", last_ids.items())
        for name, records in rows.items():
            for record in records:
                marks = ", ".join("?" * len(record))
                file.execute(f"INSERT OR IGNORE INTO {name} VALUES ({marks})", record)  # noqa: S608 - as above
    before = everything(path)

    aside = salvage.replace(path)

    assert aside.exists()
    assert everything(path) == before


XOVIS = """
[[device]]
id = "xovis"
profile = "xovis"
topic = "xovis"
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Entries/Total"
device = "xovis"
point = "entries"
"""


def test_totals_go_on_and_a_message_that_is_sent_again_is_not_counted_twice(tmp_path: Path) -> None:
    path, edge = tmp_path / "outbox.db", edge_settings.edge(edge_settings.HEAD + XOVIS)

    def entries(number: int) -> Sample:
        return Sample("xovis", T + number, {"entries": Decoded(5, Quality.GOOD)}, mark=Mark(number, T + number, T + 99))

    async def take(outbox: Outbox, *numbers: int) -> list[object]:
        outcome = Binder(edge, await outbox.counters()).take(map(entries, numbers))
        await outbox.add(outcome.readings, outcome.counters)
        return [reading.value for reading in outcome.readings]

    assert with_outbox(path, lambda outbox: take(outbox, 7, 8)) == [5, 10]
    damage(path)

    assert with_outbox(path, lambda outbox: take(outbox, 8, 9)) == [10, 15]
    assert (tmp_path / "outbox.corrupt-1").exists()


def test_a_step_back_that_was_seen_once_is_confirmed_after_a_salvage(tmp_path: Path) -> None:
    path, series = tmp_path / "outbox.db", ("unit-1", "Cycles/Total")
    doubted = Counter("board/cycle_counter#SK-0001", CounterState(900, 900, 3))
    with_outbox(path, lambda outbox: outbox.add([], {series: doubted}))
    damage(path)

    assert with_outbox(path, Outbox.counters) == {series: doubted}


def test_readings_that_wait_for_the_clock_get_their_times_after_a_salvage(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"

    async def in_1970(outbox: Outbox) -> None:
        await outbox.begin_boot("a")
        await outbox.add([Reading("u", "Fill/Percent", 5000, 1.0)], {}, Stamp(5000, 0))

    async def after(outbox: Outbox) -> list[int]:
        start = await outbox.begin_boot("a")
        assert (start.floor, start.oldest) == (5000, 5000)
        return [reading.time for _, reading in await outbox.settle(T, T + 9000)]

    with_outbox(path, in_1970)
    damage(path)

    assert with_outbox(path, after) == [T + 5000]


def test_the_row_ids_of_what_was_sent_do_not_come_again(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    fill(path, 3)
    with_outbox(path, lambda outbox: outbox.delete([1, 2, 3]))
    damage(path)

    assert with_outbox(path, Outbox.stats).last == 3
    assert [row for row, _ in with_outbox(path, lambda outbox: outbox.add([Reading("u", "State", T, 1)], {}))] == [4]


def test_the_totals_of_a_file_of_an_older_version_are_saved_though_it_cannot_be_brought_up_to_date(
    tmp_path: Path,
) -> None:
    path = tmp_path / "outbox.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE counter (asset, metric, origin, total, raw, PRIMARY KEY (asset, metric))")
        file.execute("INSERT INTO counter VALUES ('unit-1', 'Cycles/Total', 'b/c', 70000, 12)")
        file.commit()

    salvage.replace(path)

    assert with_outbox(path, Outbox.counters) == {("unit-1", "Cycles/Total"): Counter("b/c", CounterState(70_000, 12))}
