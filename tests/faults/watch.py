"""Looks at the collector's store all the time, to tell when something new has been stored."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sukusuku_core.errors import SukusukuError
from sukusuku_server.timeseries.sqlite import SqliteStore

EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Sight:
    """At `seen` (monotonic seconds, `wall` in UTC ms) the newest stored reading was one taken at `taken` (UTC ms)."""

    seen: float
    wall: int
    taken: int


@dataclass(eq=False, slots=True)
class Watch:
    """The newest reading of one asset, as it goes up."""

    store: Path
    asset: str
    sights: list[Sight] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until cancelled."""
        reader: SqliteStore | None = None
        version = newest = -1
        try:
            while True:
                try:
                    reader = reader or SqliteStore.open_reader(self.store)
                    if (now := reader.version()) != version:
                        version = now
                        latest = reader.latest().get(self.asset, {})
                        taken = max((item.time for item in latest.values()), default=-1)
                        if taken > newest:
                            newest = taken
                            self.sights.append(Sight(time.monotonic(), time.time_ns() // 1_000_000, taken))
                            self._changed.set()
                except SukusukuError:
                    pass  # the collector is between two lives
                await asyncio.sleep(EVERY)
        finally:
            if reader is not None:
                reader.close()

    def seconds(self, since: float, taken_from: int) -> float:
        """How long after `since` (monotonic) a reading was stored that was taken at `taken_from` (UTC ms) or later.

        Infinite when that has not happened.
        """
        for sight in self.sights:
            if sight.taken >= taken_from and sight.seen >= since:
                return sight.seen - since
        return math.inf

    async def until(self, taken_from: int, seconds: float) -> bool:
        """Wait for a reading that was taken at `taken_from` or later; False when it does not come."""
        return await self._wait(lambda: bool(self.sights) and self.sights[-1].taken >= taken_from, seconds)

    async def _wait(self, what: Callable[[], bool], seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while not what():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True
