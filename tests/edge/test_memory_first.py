"""Measured values are sent from memory; counts, and what waits for long, are in the file."""

import asyncio
import threading
from pathlib import Path

import pytest

from sukusuku_core.counters import CounterState
from sukusuku_core.errors import TransientError
from sukusuku_edge.binding import Counter
from sukusuku_edge.outbox import Outbox
from tests.edge.outbox_cases import TOTAL, in_file, readings
from tests.support.patience import PATIENCE


def memory_first(path: Path) -> Outbox:
    return Outbox(path, memory_first=PATIENCE)


def test_memory_first_writes_only_what_is_not_acknowledged_in_time(tmp_path: Path) -> None:
    path = tmp_path / "o.db"

    async def work() -> None:
        async with memory_first(path) as outbox:
            await outbox.add(readings(2), {})
            await outbox.add(readings(2, start=2), {})
            assert [row for row, _ in await outbox.peek(0, 10)] == [1, 2, 3, 4]
            await outbox.delete([1, 2])
            assert in_file(path) == []
            await outbox.flush()
            assert in_file(path) == [3, 4]
            await outbox.delete([3, 4])
            await outbox.add(readings(1, start=4), {})
            assert (await outbox.stats()).rows == 1
        assert in_file(path) == [5]

    asyncio.run(work())


def test_memory_first_writes_totals_and_all_before_them_at_once(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    counter = Counter("board/cycle_counter", CounterState(7, 7))

    async def work() -> None:
        async with memory_first(path) as outbox:
            await outbox.add(readings(1), {})
            rows = await outbox.add(readings(1, "Cycles/Total", start=1), {TOTAL: counter})
            assert ([row for row, _ in rows], in_file(path)) == ([2], [1, 2])
            assert await outbox.counters() == {TOTAL: counter}

    asyncio.run(work())


def test_memory_first_keeps_what_a_refusing_disk_does_not_take(tmp_path: Path) -> None:
    path = tmp_path / "o.db"

    async def work() -> None:
        async with memory_first(path) as outbox:
            await outbox.add(readings(3000), {})
            await outbox._read(lambda file: file.execute("PRAGMA max_page_count=5"))
            with pytest.raises(TransientError, match="full"):
                await outbox.flush()
            assert len(await outbox.peek(0, 5000)) == 3000
            await outbox._read(lambda file: file.execute("PRAGMA max_page_count=100000"))
        assert len(in_file(path)) == 3000

    asyncio.run(work())


def test_memory_first_keeps_what_waits_to_be_written_when_whoever_writes_is_cancelled(tmp_path: Path) -> None:
    path, busy = tmp_path / "o.db", threading.Event()

    async def work() -> None:
        async with memory_first(path) as outbox:
            await outbox.add(readings(3), {})
            blocked = asyncio.create_task(outbox._do(busy.wait))
            writing = asyncio.create_task(outbox.flush())
            while outbox._unwritten:  # noqa: ASYNC110 - until it is handed to the thread, which nothing tells
                await asyncio.sleep(0)
            writing.cancel()
            asyncio.get_running_loop().call_later(0.05, busy.set)
        await asyncio.gather(blocked, writing, return_exceptions=True)
        assert in_file(path) == [1, 2, 3]

    asyncio.run(work())


def test_memory_first_keeps_what_is_being_written_when_it_is_closed(tmp_path: Path) -> None:
    path, busy = tmp_path / "o.db", threading.Event()

    async def work() -> None:
        async with Outbox(path, memory_first=0.01) as outbox:
            await outbox._read(lambda file: file.execute("PRAGMA max_page_count=5"))
            blocked = asyncio.create_task(outbox._do(busy.wait))
            await outbox.add(readings(3000), {})
            while outbox._unwritten:  # noqa: ASYNC110 - until it is handed to the thread, which nothing tells
                await asyncio.sleep(0.01)
            room = asyncio.create_task(outbox._read(lambda file: file.execute("PRAGMA max_page_count=100000")))
            asyncio.get_running_loop().call_later(0.05, busy.set)
        await asyncio.gather(blocked, room)
        assert len(in_file(path)) == 3000

    asyncio.run(work())
