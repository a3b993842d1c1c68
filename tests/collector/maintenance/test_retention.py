"""What the collector does beside its work happens when it is quiet, a little at a time."""

import asyncio
import logging
import threading

import pytest

from sukusuku_collector.maintenance.retention import QUIET, THINNED, RetentionTask
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, day_start, local_day
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.small_facility import facility
from tests.support.patience import PATIENCE
from tests.support.stores import commit

NOW = 1_790_000_000_000


def test_rooms_are_thinned_out_a_little_in_each_quiet_second(store: SqliteStore) -> None:
    busy, arrived, steps = iter([0, QUIET + 1]), 0, 0

    done = threading.Event()

    def so_far() -> int:
        nonlocal arrived
        arrived += next(busy, 0)  # the first second is not quiet
        return arrived

    def thin() -> bool:
        nonlocal steps
        steps += 1
        if steps == THINNED + 3:
            done.set()
        return steps < THINNED + 3

    async def scenario() -> None:
        work = asyncio.create_task(RetentionTask(facility(), store, lambda: NOW, so_far, thin).run())
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(done.wait)
        work.cancel()

    asyncio.run(scenario())
    assert steps == THINNED + 3, "two quiet seconds"


def test_a_clock_in_doubt_deletes_nothing_and_what_is_deleted_is_logged(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The readings are three years old by the clock; only when it is believed they are."""
    commit(store, [Reading("unit-1", "Fill/Percent", NOW - n, float(n)) for n in range(20)], NOW)
    later, believed = NOW + 3 * 365 * DAY_MS, False
    looked, pruned = threading.Event(), threading.Event()

    def sure() -> bool:
        looked.set()
        return believed

    def thin() -> bool:  # comes after the readings
        pruned.set()
        return False

    async def until(happened: threading.Event) -> None:
        running = asyncio.create_task(RetentionTask(facility(), store, lambda: later, lambda: 0, thin).run(sure))
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(happened.wait)
        running.cancel()

    def kept() -> int:
        return len(store.raw("unit-1", "Fill/Percent", 0, 2**62, 100))

    async def scenario() -> None:
        nonlocal believed
        await until(looked)
        assert (kept(), pruned.is_set()) == (20, False)
        believed = True
        await until(pruned)
        assert kept() == 0

    with caplog.at_level(logging.INFO):
        asyncio.run(scenario())
    (line,) = [line for line in caplog.messages if "deleted" in line]
    assert "deleted 20 raw readings" in line
    assert "keep_raw_days = 730" in line
    assert len(store.hourly("unit-1", "Fill/Percent", 0, 2**62)) >= 1


def test_a_day_goes_when_all_of_it_is_old_enough(store: SqliteStore) -> None:
    today = day_start(local_day(NOW))
    commit(store, [Reading("unit-1", "Fill/Percent", time, 1.0) for time in (today - 1, today)], NOW)
    pruned = threading.Event()

    def thin() -> bool:
        pruned.set()
        return False

    async def scenario() -> None:
        later = today + (730 + 1) * DAY_MS - 1
        running = asyncio.create_task(RetentionTask(facility(), store, lambda: later, lambda: 0, thin).run())
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(pruned.wait)
        running.cancel()

    asyncio.run(scenario())
    assert [point.time for point in store.raw("unit-1", "Fill/Percent", 0, 2**62, 9)] == [today]


def test_a_store_that_does_not_answer_is_reported_once_and_asked_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[TransientError | int] = [TransientError("disk I/O error"), TransientError("disk I/O error"), 0]
    answers = iter(told)
    pruned = threading.Event()

    def prune(_before: int, _rows: int) -> int:
        answer = next(answers, 0)
        if isinstance(answer, TransientError):
            raise answer
        return answer

    def thin() -> bool:
        pruned.set()
        return False

    async def scenario() -> None:
        running = asyncio.create_task(RetentionTask(facility(), store, lambda: NOW, lambda: 0, thin).run())
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(pruned.wait)
        running.cancel()

    monkeypatch.setattr(store, "prune", prune)
    with caplog.at_level(logging.INFO):
        asyncio.run(scenario())
    assert [line for line in caplog.messages if "housekeeping" in line] == [
        "housekeeping: failed, retrying: disk I/O error",
        "housekeeping: works again",
    ]
