"""The one schema of the outbox."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sukusuku_edge import database


def test_a_file_has_the_tables_that_the_schema_names(tmp_path: Path) -> None:
    with closing(database.connect(tmp_path / "o.db")) as file:
        names = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        columns = {table.name: database.column_names(file, table.name) for table in database.tables()}

    assert names - {"sqlite_sequence"} == columns.keys()
    assert columns == {table.name: {column.name for column in table.columns} for table in database.tables()}


def test_tables_say_what_orders_them_and_what_may_be_null() -> None:
    tables = {table.name: table for table in database.tables()}

    assert {name: table.key for name, table in tables.items()} == {
        "boot": ("rowid",), "counter": ("asset", "metric"), "held": ("rowid",), "reading": ("rowid",),
        "session": ("name",),
    }  # fmt: skip
    assert [column.name for column in tables["counter"].columns if column.nullable] == ["raw", "lower", "seen"]


@pytest.mark.parametrize(
    ("table", "column", "good", "bad"),
    [
        ("counter", "total", [0, -(2**63)], [None, "1", 1.0, b"1"]),
        ("counter", "raw", [0, None], ["1", 1.5]),
        ("counter", "seen", ["{}", None], [7, b"{}"]),
        ("reading", "value", [None, 1, 1.5, "一号"], [b"\xff"]),
        ("reading", "quality", [0, 192, 500], [1, None]),
        ("reading", "type", [4, 10, 11, 12, None], [0, 99]),
        ("session", "name", ["bdseq"], [None, 1]),
    ],
)
def test_a_column_accepts_what_an_outbox_writes(table: str, column: str, good: list[object], bad: list[object]) -> None:
    columns = {item.name: item for item in next(item for item in database.tables() if item.name == table).columns}

    assert [columns[column].accepts(value) for value in good] == [True] * len(good)
    assert [columns[column].accepts(value) for value in bad] == [False] * len(bad)


def test_a_transaction_that_fails_has_changed_nothing(tmp_path: Path) -> None:
    def put(*values: int | None) -> None:
        with database.transaction(file):
            file.executemany("INSERT INTO session VALUES ('bdseq' || ?1, ?1)", [(value,) for value in values])

    with closing(database.connect(tmp_path / "o.db")) as file:
        with pytest.raises(sqlite3.IntegrityError):
            put(1, None)
        put(2)

        assert file.execute("SELECT * FROM session").fetchall() == [("bdseq2", 2)]


def test_reading_a_file_never_makes_one(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), closing(database.connect_to_read(tmp_path / "o.db")) as file:
        file.execute("SELECT 1 FROM reading")

    assert list(tmp_path.iterdir()) == []
