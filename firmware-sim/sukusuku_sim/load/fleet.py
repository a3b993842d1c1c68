"""Many edge nodes in one process: connected one after the other, read in turn, told the time now and then."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sukusuku_core.clock import now_ms
from sukusuku_core.proof import ProofKey
from sukusuku_core.sparkplug import BDSEQ_MODULUS
from sukusuku_sim.load.node import Node, Plan, Tally
from sukusuku_sim.load.unit import METRICS

STEP = 0.02
"""Seconds between two looks at what is due."""
TICK = 4.0
"""Seconds within which every node is told the time."""
CONNECTS = 10
"""Connections that are begun in a step: 500 a second."""
RETRY = 2.0
"""Seconds before a node connects again."""
GRACE = 15.0
"""Seconds for the last acknowledgements."""
LATE = 1.0
"""Seconds behind which readings are taken late."""


@dataclass(slots=True)
class Report:
    """How it stands."""

    nodes: int = 0
    online: int = 0
    unsent: int = 0
    """Readings that could not be sent yet."""
    waiting: int = 0
    """Readings that nobody has acknowledged, those among them."""
    late: int = 0
    """Readings that this process took more than a second after their time: the machine cannot bear the load."""
    tally: Tally = field(default_factory=Tally)


class Fleet:
    """Nodes `first` to `first + count - 1`; each reads its unit every `period` seconds."""

    def __init__(
        self, plan: Plan, first: int, count: int, period: float, keys: Mapping[str, ProofKey] | None = None
    ) -> None:
        self._period = period
        self._late = 0
        self._tally = Tally()
        start = int(time.time()) % BDSEQ_MODULUS
        known = keys or {}
        self._nodes = [
            Node(plan, number, self._tally, start, known.get(f"load-{number}"))
            for number in range(first, first + count)
        ]
        self._away: dict[Node, float] = {}
        """Nodes without a connection, and when to try again, by the loop's clock."""
        self._connecting: set[asyncio.Task[None]] = set()

    def report(self) -> Report:
        """Return how it stands."""
        online = sum(node.online for node in self._nodes)
        unsent, waiting = sum(node.unsent for node in self._nodes), sum(node.waiting for node in self._nodes)
        return Report(len(self._nodes), online, unsent, waiting, self._late, self._tally)

    async def run(self, wait: float, seconds: float, told: Callable[[Report], None], every: float = 5.0) -> Report:
        """Be online for the first time, read for the second, wait for acknowledgements, say goodbye.

        A reading has the time at which it was due, also when it is taken late: a node never has two of one time.
        """
        await self._connect_all()
        told(self.report())
        loop = asyncio.get_running_loop()
        begun = loop.time() + wait
        ahead = now_ms() - loop.time() * 1000
        next_told = begun + every
        reads = itertools.count()
        apart = self._period / len(self._nodes)
        ticks = itertools.cycle(self._nodes)
        tick_step = max(1, round(len(self._nodes) * STEP / TICK))
        due = begun
        while (now := loop.time()) < begun + seconds:
            wall = now_ms()
            while due <= now:
                self._late += len(METRICS) * (now - due > LATE)
                self._nodes[next(reads) % len(self._nodes)].read(round(ahead + due * 1000), wall)
                due += apart
            self._look_after(ticks, tick_step, wall)
            if now >= next_told:
                told(self.report())
                next_told = now + every
            await asyncio.sleep(STEP)
        end = loop.time() + GRACE
        while loop.time() < end and any(node.waiting for node in self._nodes):
            self._look_after(ticks, tick_step, now_ms())
            await asyncio.sleep(STEP)
        found = self.report()
        await self._leave()
        return found

    async def _connect_all(self) -> None:
        """Begin all sessions, at most so many a second; nodes that the broker refuses are tried again later."""
        for place in range(0, len(self._nodes), CONNECTS):
            for node in self._nodes[place : place + CONNECTS]:
                self._connect(node)
            await asyncio.sleep(STEP)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                while not all(node.online for node in self._nodes):
                    self._look_after(iter(self._nodes), 0, now_ms())
                    await asyncio.sleep(STEP)

    def _connect(self, node: Node) -> None:
        node.clock = now_ms()
        self._away[node] = asyncio.get_running_loop().time() + RETRY

        async def connect() -> None:
            with contextlib.suppress(OSError):
                await node.connect()

        task = asyncio.create_task(connect())
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def _look_after(self, ticks: Iterator[Node], count: int, wall: int) -> None:
        for node in itertools.islice(ticks, count):
            node.tick(wall)
            if not node.connected:
                self._away.setdefault(node, 0.0)
        now, left = asyncio.get_running_loop().time(), CONNECTS
        for node, again in list(self._away.items()):
            if node.connected:
                del self._away[node]
            elif again <= now and left:
                left -= 1
                self._connect(node)

    async def _leave(self) -> None:
        for node in self._nodes:
            node.leave()
        await asyncio.sleep(STEP)
