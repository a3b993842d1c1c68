"""Of a damaged table, every row that SQLite can still reach is read, and nothing else."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_edge import database
from sukusuku_edge.database import Table
from sukusuku_edge.readable import Rows

PAGE = 4096
TABLES = {table.name: table for table in database.tables()}
Records = list[tuple[Any, ...]]


def fill(path: Path, rng: random.Random) -> None:
    """Some pages of every table but `session`; ids start late and have gaps, as in an outbox that was drained."""
    ids = sorted(rng.sample(range(1_000_000, 1_002_000), 750))
    texts = ["Fill/Percent", "Info/Serial", "一号" * 200]
    with closing(database.connect(path)) as file, database.transaction(file):
        file.executemany(
            "INSERT INTO reading VALUES (?, ?, ?, ?, ?, 12, 192, 0)",
            [(row, "unit-1", rng.choice(texts), row, rng.choice(texts)) for row in ids],
        )
        file.executemany("INSERT INTO held VALUES (?, ?, ?)", [(row, row % 7, row * 1000) for row in ids])
        file.executemany("INSERT INTO boot VALUES (?, ?, ?)", [(n, f"{n:036}", n or None) for n in range(1, 300)])
        file.executemany(
            "INSERT INTO counter VALUES (?, 'Entries/Total', 'eye/in', ?, NULL, NULL, ?)",
            [(f"unit-{n}", n, "[1760000000000]" * 20) for n in range(100)],
        )
        file.executemany("INSERT INTO session VALUES (?, ?)", [("bdseq", 7), ("thinned", 900)])


def contents(file: sqlite3.Connection, table: Table) -> Records:
    by = ", ".join(table.key)
    return file.execute(f"SELECT * FROM {table.name} ORDER BY {by}").fetchall()  # noqa: S608 - names of the schema


def readable(file: sqlite3.Connection, table: Table) -> tuple[Records, sqlite3.Error | None]:
    rows = Rows(file, table)
    return list(rows), rows.error


def reachable(file: sqlite3.Connection, table: Table, rows: Records) -> Records:
    """The rows that SQLite finds when it is told their keys; without row ids, from the start or from the end alone."""
    key = (table.columns[0].name,) if table.numbered else table.key
    where = " AND ".join(f"{name} = ?" for name in key)
    query = f"SELECT * FROM {table.name} WHERE {where}"  # noqa: S608 - names of the schema

    def there(row: tuple[Any, ...]) -> bool:
        try:
            return bool(file.execute(query, row[: len(key)]).fetchone() == row)
        except sqlite3.DatabaseError:
            return False

    if table.numbered:
        return [row for row in rows if there(row)]
    return [*takewhile(there, rows), *takewhile(there, reversed(rows))]


@pytest.fixture(scope="module", name="sound")
def fixture_sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "o.db"
    fill(path, random.Random(7))
    return path


FILLINGS = [b"\0" * PAGE, b"\xff" * PAGE, *(random.Random(seed).randbytes(PAGE) for seed in range(9))]


@st.composite
def damages(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Some pages hold something else, and the end of the file may be missing."""
    places = draw(st.sets(st.integers(0, 10_000), min_size=1, max_size=8))
    filling = draw(st.sampled_from(FILLINGS))
    cut = draw(st.none() | st.integers(1, 20))

    def damage(data: bytes) -> bytes:
        pages = [data[at : at + PAGE] for at in range(0, len(data), PAGE)]
        for place in places:
            pages[place % len(pages)] = filling
        return b"".join(pages if cut is None else pages[:-cut])

    return damage


def test_of_a_sound_file_every_row_is_read(sound: Path) -> None:
    with closing(sqlite3.connect(sound)) as file:
        for table in TABLES.values():
            assert readable(file, table) == (contents(file, table), None)


@given(damages())
@settings(max_examples=15, deadline=None)
def test_every_row_that_can_be_reached_is_read_and_no_other(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "o.db"
    path.write_bytes(damage(sound.read_bytes()))

    with closing(sqlite3.connect(sound)) as whole, closing(sqlite3.connect(path)) as damaged:
        for table in TABLES.values():
            before = contents(whole, table)
            rows, error = readable(damaged, table)
            assert set(rows) <= set(before)
            assert set(reachable(damaged, table, before)) <= set(rows)
            assert error is not None or rows == before


@pytest.mark.parametrize("ends", [[0], [-1], [0, -1]], ids=["first", "last", "both"])
def test_a_bad_page_at_an_end_of_the_ids_hides_no_other(sound: Path, tmp_path: Path, ends: list[int]) -> None:
    path, table = tmp_path / "o.db", TABLES["held"]
    data = bytearray(sound.read_bytes())
    with closing(sqlite3.connect(sound)) as file:
        before = contents(file, table)
    for end in ends:
        page = data.index(before[end][2].to_bytes(4, "big")) // PAGE
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    path.write_bytes(data)

    with closing(sqlite3.connect(path)) as file:
        rows, _ = readable(file, table)
        there = reachable(file, table, before)

    assert sorted(rows) == there
    assert 0 < len(there) < len(before)
    assert not {before[end] for end in ends} & set(there)


@pytest.fixture(name="file")
def fixture_file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(database.connect(tmp_path / "o.db")) as file:
        yield file


def test_a_row_that_no_outbox_writes_is_left_out_and_its_neighbours_are_read(file: sqlite3.Connection) -> None:
    good = "'u', 'State', 1, 1, 4, 192, 0"
    bad = [
        "CAST(x'ff' AS TEXT), 'State', 1, 1, 4, 192, 0",
        "x'75', 'State', 1, 1, 4, 192, 0",
        "'u', 'State', 'now', 1, 4, 192, 0",
        "'u', 'State', 1, x'01', 4, 192, 0",
        "'u', 'State', 1, 1, 99, 192, 0",
        "'u', 'State', 1, 1, 4, 7, 0",
    ]
    for n, values in enumerate([good, *bad, good], 1):
        file.execute(f"INSERT INTO reading VALUES ({n}, {values})")  # noqa: S608 - as above

    assert [row[0] for row in Rows(file, TABLES["reading"])] == [1, len(bad) + 2]


def test_columns_that_another_version_did_not_have_are_not_asked_for(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "o.db")) as file:
        file.execute("CREATE TABLE counter (asset, metric, origin, total, raw, PRIMARY KEY (asset, metric))")
        file.execute("INSERT INTO counter VALUES ('u', 'Cycles/Total', 'b/c', 70000, NULL)")
        rows = Rows(file, TABLES["counter"])

        assert [column.name for column in rows.columns] == ["asset", "metric", "origin", "total", "raw"]
        assert list(rows) == [("u", "Cycles/Total", "b/c", 70_000, None)]
        assert list(Rows(file, TABLES["reading"])) == []


def test_a_file_that_another_program_holds_is_not_taken_for_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    database.connect(path).close()
    with closing(sqlite3.connect(path, timeout=0)) as file, closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            list(Rows(file, TABLES["reading"]))


def test_a_disk_that_cannot_read_is_not_asked_for_hours(tmp_path: Path) -> None:
    class Dying(sqlite3.Connection):
        reads = 0

        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            if "BETWEEN" not in sql:
                return super().execute(sql, parameters)
            self.reads += 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
            raise error

    database.connect(tmp_path / "o.db").close()
    with closing(sqlite3.connect(tmp_path / "o.db", factory=Dying)) as file:
        rows = Rows(file, TABLES["reading"])

        assert list(rows) == []
        assert 2 <= file.reads <= 200
        assert str(rows.error) == "disk I/O error"
