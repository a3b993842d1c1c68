"""Histories that people bring in: every store keeps them as late readings and takes them back whole."""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as change

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError
from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.imports import NewImport
from sukusuku_server.model.series import Bucket, Point, Row
from sukusuku_server.timeseries import thinned_key
from sukusuku_server.timeseries.protocols import Store
from tests.server.timeseries.conftest import Open
from tests.support import databases

START = 1_800_000_000_000 // HOUR_MS * HOUR_MS
LEVEL = ("unit-1", "Fill/Percent")
HISTORY = NewImport("unit-1", "Fill/Percent", "levels.csv", "digest")
NOW = START + 400 * 24 * HOUR_MS


def rows_of(store: Store, values: dict[int, float]) -> list[Row]:
    number = store.series(*LEVEL, DataType.DOUBLE)
    return [(START + minute * 60_000, number, value, int(Quality.GOOD)) for minute, value in values.items()]


def everything(store: Store) -> tuple[list[Point], list[Bucket], object]:
    return (
        store.raw(*LEVEL, 0, 1 << 60, 100_000),
        [change(hour, mean=round(hour.mean, 9)) for hour in store.hourly(*LEVEL, 0, 1 << 60)],  # summed anew
        {asset: {name: (it.time, it.value) for name, it in found.items()} for asset, found in store.latest().items()},
    )


def test_a_history_is_stored_late_and_taken_back_to_the_last_reading(open_store: Open) -> None:
    store = open_store()
    live = rows_of(store, {0: 5.0, 125: 6.0, 500: 7.0})
    store.commit_rows(live, (), NOW)
    for late in store.late():
        store.settle([late])
    store.put_derived("unit-1", START - 1, START + HOUR_MS, [Reading("unit-1", "Fill/Estimate", START, 5.0)])
    before = everything(store)

    number = store.keep_import(HISTORY, rows_of(store, {minute: minute / 10 for minute in range(10, 600, 20)}), NOW)

    [made] = store.imports()
    assert (made.number, made.what, made.time, made.readings, made.undone) == (number, HISTORY, NOW, 30, None)
    assert (made.first, made.last) == (START + 600_000, START + 590 * 60_000)
    assert len(store.raw(*LEVEL, 0, 1 << 60, 100)) == 33
    assert sum(hour.count for hour in store.hourly(*LEVEL, 0, 1 << 60)) == 33
    assert [(late.asset, late.since) for late in store.late()] == [("unit-1", made.first)]
    store.put_derived("unit-1", made.first, NOW, [Reading("unit-1", "Fill/Estimate", made.last + HOUR_MS, 9.0)])

    assert store.undo_import(number, NOW + 1) == made

    assert everything(store) == before
    assert store.derived("unit-1", "Fill/Estimate", 0, 1 << 60) == [Point(START, 5.0, Quality.GOOD)]
    assert [(late.asset, late.since) for late in store.late()] == [("unit-1", made.first)]
    assert [item.undone for item in store.imports()] == [NOW + 1]


def test_taking_an_import_back_leaves_what_can_never_be_derived_again(open_store: Open) -> None:
    store = open_store()
    number = store.keep_import(HISTORY, rows_of(store, {0: 5.0, 60: 6.0}), NOW)
    [made] = store.imports()
    times = [made.last, made.last + HOUR_MS, made.last + 3 * HOUR_MS]
    store.put_derived("unit-1", made.first - 1, NOW, [Reading("unit-1", "Fill/Estimate", time, 9.0) for time in times])
    store.note(thinned_key("unit-1"), made.last + 2 * HOUR_MS)

    store.undo_import(number, NOW)

    assert [point.time for point in store.derived("unit-1", "Fill/Estimate", 0, 1 << 60)] == [made.last + HOUR_MS]


@settings(max_examples=15, deadline=None)
@given(
    live=st.dictionaries(st.integers(0, 400), st.floats(0, 100), max_size=20),
    history=st.dictionaries(st.integers(0, 400), st.floats(0, 100), min_size=1, max_size=20),
    pieces=st.integers(1, 3),
)
def test_taking_all_imports_back_leaves_what_was_there(
    live: dict[int, float], history: dict[int, float], pieces: int
) -> None:
    with TemporaryDirectory() as folder, closing(databases.store(Path(folder))) as store:
        store.commit_rows(rows_of(store, live), (), NOW)
        before = everything(store)
        new = [(minute, value) for minute, value in history.items() if minute not in live]
        parts = [dict(new[place::pieces]) for place in range(pieces)]
        numbers = [store.keep_import(HISTORY, rows_of(store, part), NOW) for part in parts if part]
        assert len(store.raw(*LEVEL, 0, 1 << 60, 1000)) == len(live) + len(new)
        for number in numbers:
            store.undo_import(number, NOW)
        assert everything(store) == before


def test_what_is_there_already_refuses_the_whole_history(open_store: Open) -> None:
    store = open_store()
    store.commit_rows(rows_of(store, {0: 5.0}), (), NOW)
    before = everything(store)
    with pytest.raises(PermanentError, match="1 of 2 readings of unit-1 Fill/Percent are stored already"):
        store.keep_import(HISTORY, rows_of(store, {0: 8.0, 10: 9.0}), NOW)
    assert everything(store) == before
    assert store.imports() == []


def test_an_import_is_taken_back_once_and_its_number_is_never_used_again(open_store: Open) -> None:
    store = open_store()
    first = store.keep_import(HISTORY, rows_of(store, {0: 5.0}), NOW)
    store.undo_import(first, NOW)
    with pytest.raises(PermanentError, match=f"import {first} has been taken back already"):
        store.undo_import(first, NOW)
    with pytest.raises(PermanentError, match="there is no import 99"):
        store.undo_import(99, NOW)
    assert store.keep_import(HISTORY, rows_of(store, {0: 5.0}), NOW) > first
