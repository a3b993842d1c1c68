"""The store when something is wrong that SQLite does not call an error."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sukusuku_core.errors import PermanentError
from sukusuku_core.model import Reading
from sukusuku_server.model.series import Quarantined
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.stores import commit

T = 1_760_000_000_000


def test_what_cannot_be_written_leaves_no_transaction_open(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "store.db")
    reading = Reading("unit-1", "Fill/Percent", T, 1.0)
    no_text = Quarantined(T, "half a character: \ud83e", "topic", "", b"")

    with pytest.raises(UnicodeEncodeError):
        commit(store, [reading], T, [no_text])

    assert commit(store, [reading], T).stored == 1
    store.close()


def test_a_store_with_impossible_content_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore.open(path)
    commit(store, [Reading("unit-1", "Fill/Percent", T, 1.0)], T)
    store.close()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE series SET datatype = 99")

    with pytest.raises(PermanentError, match=r"store\.db: the store is damaged .*99.*; restore it from a backup"):
        SqliteStore.open(path)
