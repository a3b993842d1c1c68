"""The edge agent's outbox."""

import asyncio
import os
import random
from pathlib import Path

from sukusuku_core.counters import CounterState
from sukusuku_core.message_order import Seen
from sukusuku_edge import session_numbers
from sukusuku_edge.binding import Counter
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.session_numbers import Number
from tests.faults.power.subjects import EVERYTHING, UNITS, T, a_reading

FREE_PAGES = 36
"""Where an SQLite file says how many of its pages are free."""


def a_state(total: int) -> CounterState:
    """Some state of every kind: counting, doubtful, and of a device that reports what it counted in a period."""
    raw = total % 2**16
    return (CounterState(total, raw), CounterState(total, raw, raw // 2), CounterState(total, seen=Seen((raw,), (T,))))[
        total % 3
    ]


class OutboxSubject:
    """The edge agent's outbox with its counters, bdSeq and the last birth."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "outbox.db"
        self._careless = False
        self._runner: asyncio.Runner

    def open(self) -> None:
        self._runner = asyncio.Runner()
        try:
            self._outbox = self._runner.run(Outbox(self._path, ballast=0).__aenter__())
        except BaseException:
            self._runner.close()
            raise
        if self._careless:
            self.careless()

    def close(self) -> None:
        self._runner.run(self._outbox.__aexit__())
        self._runner.close()

    def step(self, rng: random.Random) -> None:
        self._runner.run(self._step(rng))

    async def _step(self, rng: random.Random) -> None:
        kind = rng.choices(("add", "delete", "bdseq", "birth"), (12, 6, 1, 1))[0]
        if kind == "add":
            await self._add(rng)
        elif kind == "delete":
            await self._forget(rng)
            await self._outbox.flush()
        elif kind == "bdseq":
            await self._outbox.next_bdseq()
        else:
            await self._outbox.set_last_birth(T + rng.randrange(10**9))

    async def _add(self, rng: random.Random) -> None:
        last = (await self._outbox.stats()).last
        readings = [a_reading(rng, T + 1000 * last + n) for n in range(rng.randint(1, 40))]
        counter = Counter("board/cycle_counter", a_state(rng.randrange(2**32)))
        await self._outbox.add(readings, {(rng.choice(UNITS), "Cycles/Total"): counter})

    async def _forget(self, rng: random.Random) -> None:
        limit = rng.randint(0, 80)
        if not self._outbox._forgotten:  # a step that is tried again has chosen already
            await self._outbox.delete([row for row, _ in await self._outbox.peek(0, limit)])

    def dump(self) -> object:
        return self._runner.run(self._dump())

    async def _dump(self) -> object:
        box = self._outbox
        counters = sorted((await box.counters()).items())
        number = await box._read(lambda file: session_numbers.get(file, Number.BDSEQ))
        return await box.peek(0, EVERYTHING), counters, number, await box.last_birth(), await box.stats()

    def careless(self) -> None:
        self._careless = True  # also after a step that opens the file again
        self._runner.run(self._outbox._read(lambda file: file.execute("PRAGMA synchronous=OFF").fetchall()))


class GroupedSubject(OutboxSubject):
    """The same; what the collector has stored is forgotten together with the next readings, in one commit."""

    async def _step(self, rng: random.Random) -> None:
        await self._forget(rng)
        await self._add(rng)


class DamagedSubject(OutboxSubject):
    """The same, but now and then a step is to damage the file, in a place where no reading is, and to start again."""

    def step(self, rng: random.Random) -> None:
        if rng.random() < 0.9 or not self._path.exists():
            super().step(rng)
            return
        self.close()
        file = os.open(self._path, os.O_RDWR)
        os.pwrite(file, b"\0\0\7\7", FREE_PAGES)
        os.fsync(file)
        os.close(file)
        self.open()


SUBJECT = OutboxSubject
