"""What is to be shipped is told as of one moment, whatever is stored between two questions to the database."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core.model import Reading
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.shipping_queue import Outgoing
from tests.support.stores import commit

START = 1_800_000_000_000


@contextmanager
def late_one_between_questions(store: InfluxStore, reader: Outgoing, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After the first question of the reader a reading comes that is earlier than all that is listed."""
    ask = reader._database.ask
    waiting = [Reading("unit-1", "Fill/Percent", START, 1.0)]

    def interrupted(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        found = ask(sql, parameters)
        if waiting:
            commit(store, [waiting.pop()], START)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(reader._database, "ask", interrupted)
        yield
    assert not waiting


def test_no_key_is_listed_without_its_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key without its reading is taken for one that is gone: it would never be shipped."""
    path = tmp_path / "readings.db"
    with closing(InfluxStore.open(path)) as store, closing(Outgoing.open(path)) as reader:
        store.begin_shipping(START + MINUTE_MS)
        commit(store, [Reading("unit-1", "Fill/Percent", START + 1, 2.0)], START)
        with late_one_between_questions(store, reader, monkeypatch):
            keys, rows = reader.listed(1)
        assert [(row[0], row[1]) for row in rows] == keys
        assert [row[2] for row in rows] == [2.0]
        assert [row[2] for row in reader.listed(2)[1]] == [1.0, 2.0]
