"""An outbox in a folder, what is put into it, and what its file would hold after a power cut."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sukusuku_core.model import Reading
from sukusuku_edge import database
from sukusuku_edge.outbox import Outbox

R = TypeVar("R")
T = 1_760_000_000_000
TOTAL = ("unit-1", "Cycles/Total")


def readings(count: int, metric: str = "Fill/Percent", start: int = 0) -> list[Reading]:
    return [Reading("unit-1", metric, T + n, float(n)) for n in range(start, start + count)]


def with_outbox(path: Path, work: Callable[[Outbox], Awaitable[R]], max_rows: int = 1_000_000) -> R:
    async def run() -> R:
        async with Outbox(path, max_rows) as outbox:
            return await work(outbox)

    return asyncio.run(run())


def in_file(path: Path) -> list[int]:
    """The rows as a power cut would leave them."""
    with contextlib.closing(database.connect_to_read(path)) as file:
        return [row for (row,) in file.execute("SELECT id FROM reading ORDER BY id")]
