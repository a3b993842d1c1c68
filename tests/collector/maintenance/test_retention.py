"""What the collector does beside its work happens when it is quiet, a little at a time."""

import asyncio
import threading

from sukusuku_collector.maintenance.retention import QUIET, THINNED, RetentionTask
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.small_facility import facility
from tests.support.patience import PATIENCE

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
