"""Readings that are old enough are packed beside the work, and somebody is told how far that is."""

import asyncio
import logging
import threading
from collections.abc import Callable

import msgspec
import pytest

from sukusuku_collector.maintenance.compaction import CompactionTask
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, day_number, midnight
from sukusuku_server.settings.store import StoreSettings
from sukusuku_server.timeseries import PACKED
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.patience import PATIENCE
from tests.support.stores import commit

NOW = midnight(day_number(1_790_000_000_000)) + 1


class Told(logging.Handler):
    """Sets an event when something is logged that begins so."""

    def __init__(self, begin: str) -> None:
        super().__init__()
        self.begin = begin
        self.heard = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(self.begin):
            self.heard.set()


def run(store: object, until: threading.Event, sure: Callable[[], bool] = lambda: True, days: int = 1) -> None:
    """Pack until something has happened."""

    async def scenario() -> None:
        settings = msgspec.structs.replace(StoreSettings(), compact_after_days=days)
        task = asyncio.create_task(CompactionTask(settings, store, lambda: NOW, 0.01).run(sure))  # type: ignore[arg-type]
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(until.wait)
        task.cancel()

    asyncio.run(scenario())


def loose(store: SqliteStore) -> int:
    [(found,)] = store._all("SELECT count(*) FROM reading")
    return int(found)


@pytest.fixture
def filled(store: SqliteStore) -> SqliteStore:
    """Three readings a day, of four days of which the last one is not over for a day."""
    times = [NOW - day * DAY_MS - n for day in range(4) for n in range(2, 5)]
    commit(store, [Reading("unit-1", "Fill/Percent", time, 1.0) for time in times], NOW)
    return store


def test_what_is_older_than_a_day_is_packed_and_told(filled: SqliteStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = Told("readings measured before")
    logging.getLogger().addHandler(told)
    run(filled, told.heard)
    logging.getLogger().removeHandler(told)
    assert loose(filled) == 3
    assert filled.noted(PACKED) == NOW - 1 - DAY_MS
    assert len(filled.raw("unit-1", "Fill/Percent", 0, NOW, 100)) == 12
    assert any(line.endswith("are packed") for line in caplog.messages)


@pytest.mark.parametrize("days", [0, 1, 5])
def test_what_is_younger_stays_and_a_clock_in_doubt_packs_nothing(filled: SqliteStore, days: int) -> None:
    looked = threading.Event()
    rounds = iter(range(3))

    def sure() -> bool:
        if next(rounds, None) is None:
            looked.set()
        return days != 1

    if days == 0:
        looked.set()
    run(filled, looked, sure, days)
    assert loose(filled) == 12


def test_trouble_is_told_once_and_it_goes_on(
    filled: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures, work = iter(range(3)), filled.compact

    def failing(before: int) -> bool:
        if next(failures, None) is not None:
            raise TransientError("the disk is full")
        return work(before)

    monkeypatch.setattr(filled, "compact", failing)
    told = Told("packing old readings: works again")
    logging.getLogger().addHandler(told)
    with caplog.at_level(logging.INFO):
        run(filled, told.heard)
    logging.getLogger().removeHandler(told)
    assert sum("the disk is full" in line for line in caplog.messages) == 1
    assert loose(filled) == 3
