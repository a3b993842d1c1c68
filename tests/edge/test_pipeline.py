import asyncio
from pathlib import Path
from typing import Any, cast

from sukusuku_edge.bootclock import SystemClock, Timekeeper
from sukusuku_edge.health import Computer
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.pipeline import QUEUE, Parts, Pipeline
from tests.edge.binders import T, binder, sample
from tests.support.patience import PATIENCE


class Deaf:
    """An uplink and a reporter, to which everything is said for nothing but that a batch has been taken."""

    refused = 0

    def __init__(self) -> None:
        self.taken = asyncio.Event()

    def progress(self, _: int) -> None:
        self.taken.set()

    def __getattr__(self, _: str) -> object:
        return lambda *_arguments: None


def test_the_end_waits_for_no_commit_when_as_many_events_wait_as_may(tmp_path: Path) -> None:
    async def work() -> None:
        deaf = cast("Any", Deaf())
        async with Outbox(tmp_path / "o.db") as outbox:
            keeper = Timekeeper(SystemClock(), None, None, 0.0)
            pipeline = Pipeline(Parts(binder(), outbox, deaf, keeper, Computer(tmp_path), deaf), commit_every=3600.0)
            running = asyncio.create_task(pipeline.run())
            await pipeline.emit(sample(T, state=0))
            await deaf.taken.wait()
            await pipeline.emit(sample(T + 1, state=1))
            for _ in range(10):  # it leaves the queue, and waits for the next commit
                await asyncio.sleep(0)
            for n in range(QUEUE):
                await pipeline.emit(sample(T + 2 + n, state=n % 2))
            async with asyncio.timeout(PATIENCE):
                await pipeline.end()
            await running

    asyncio.run(work())
