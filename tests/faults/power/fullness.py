"""What our programs do on a disk that runs full, stays so for a while, and is made free again: one round each."""

import asyncio
import random
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sukusuku_core.counters import CounterState
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Reading
from sukusuku_edge.binding import Counter
from sukusuku_edge.outbox import Outbox
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.faults.power.operations import OperationsSubject
from tests.faults.power.subjects import EVERYTHING, T
from tests.support.stores import commit

BALLAST = 4 * 1024 * 1024
REFUSALS = 20
"""So often a commit is refused before the disk is made free."""
CYCLES = ("u", "Cycles/Total")


@dataclass(slots=True)
class Tally:
    """What the rounds came to; `full` counts the times that the disk was full."""

    full: int = 0
    refused: int = 0
    accepted: int = 0
    lost: int = 0
    duplicates: int = 0
    faults: list[str] = field(default_factory=list)

    def compare(self, found: Mapping[int, object], wanted: Mapping[int, object]) -> None:
        """What is there against what was accepted and has not been given away."""
        self.lost += len(wanted.keys() - found.keys())
        self.duplicates += len(found.keys() - wanted.keys())
        if any(found[key] != wanted[key] for key in found.keys() & wanted.keys()):
            self.faults.append("a value has changed")

    def sound(self, path: Path) -> None:
        """SQLite's own judgement of a file."""
        with closing(sqlite3.connect(path)) as file:
            verdict = file.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            self.faults.append(f"integrity check of {path.name}: {verdict}")


class Filler:
    """Somebody else's file, which takes all that is left."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "filler"

    def fill(self) -> None:
        """Until nothing more goes onto the disk."""
        with self._path.open("ab", buffering=0) as file:
            for size in (65536, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def free(self) -> None:
        """Give it all back."""
        self._path.unlink()


class Scenario(Protocol):
    """A program's file on a disk of its own."""

    def __init__(self, folder: Path, rng: random.Random, tally: Tally) -> None: ...

    def round(self) -> None:
        """Fill the disk, see what is refused and what is not, free it, look at everything."""


class EdgeDisk:
    """The outbox: readings wait for room; acknowledgements, new sessions and a restart do not."""

    def __init__(self, folder: Path, rng: random.Random, tally: Tally) -> None:
        self._folder, self._rng, self._tally = folder, rng, tally
        self._path = folder / "outbox.db"
        self._filler = Filler(folder)
        self._model: dict[int, Reading] = {}
        self._number = self._total = 0
        self._bdseq = -1

    def round(self) -> None:
        """See Scenario."""
        asyncio.run(self._round())

    async def _round(self) -> None:
        async with Outbox(self._path, ballast=BALLAST) as box:
            await self._until_refused(box)
        async with Outbox(self._path, ballast=BALLAST) as box:  # a start on a full disk
            await self._acknowledge(box)
            self._filler.free()
            await self._add(box, 1)
            found = dict(await box.peek(0, EVERYTHING))
            self._tally.compare(found, self._model)
            await self._look(box)
            await box.delete(list(found))
        self._model.clear()
        self._tally.sound(self._path)

    async def _until_refused(self, box: Outbox) -> None:
        for _ in range(self._rng.randint(5, 30)):
            await self._add(box, self._rng.randint(1, 200))
        self._filler.fill()
        self._tally.full += 1
        refused = 0
        while refused < REFUSALS:
            try:
                await self._add(box, self._rng.randint(1, 200))
            except TransientError:
                refused += 1
            if self._rng.random() < 0.3:
                await self._acknowledge(box)
        self._tally.refused += refused

    async def _add(self, box: Outbox, count: int) -> None:
        number = self._number
        readings = [Reading("u", "Fill/Percent", T + n, float(n % 100)) for n in range(number, number + count)]
        rows = await box.add(readings, {CYCLES: Counter("b/c", CounterState(number, number))})
        self._model.update(rows)
        self._total, self._number = number, number + count
        self._tally.accepted += count

    async def _acknowledge(self, box: Outbox) -> None:
        """What must succeed on a full disk; it raises when it does not."""
        gone = sorted(self._model)[: self._rng.randint(1, 60)]
        await box.delete(gone)
        await box.flush()
        for row in gone:
            del self._model[row]
        self._bdseq = (self._bdseq + 1) % 256
        if (found := await box.next_bdseq()) != self._bdseq:
            self._tally.faults.append(f"bdSeq {found} instead of {self._bdseq}")

    async def _look(self, box: Outbox) -> None:
        if (total := (await box.counters())[CYCLES].state.total) != self._total:
            self._tally.faults.append(f"the counter stands at {total} instead of {self._total}")
        if self._path.with_name("outbox.db.ballast").stat().st_size != BALLAST:
            self._tally.faults.append("the ballast is not reserved again")
        if list(self._folder.glob("*corrupt*")):
            self._tally.faults.append("the outbox was put aside as damaged")


class CollectorDisk:
    """The store: a refused commit changes nothing, and goes through later. The edge keeps its readings meanwhile."""

    def __init__(self, folder: Path, rng: random.Random, tally: Tally) -> None:
        self._rng, self._tally = rng, tally
        self._path = folder / "store.db"
        self._filler = Filler(folder)

    def round(self) -> None:
        """See Scenario."""
        model: dict[int, float] = {}
        left = self._until_refused(model)
        self._start_when_full()
        self._filler.free()
        store = SqliteStore.open(self._path)
        if not self._commit(store, left, model):
            self._tally.faults.append("the disk has room again, but the store still refuses")
        points = store.raw("u", "Fill/Percent", 0, T + 10**9, EVERYTHING)
        self._tally.compare({point.time: point.value for point in points}, model)
        hours = store.hourly("u", "Fill/Percent", T - T % 3_600_000, T + 10**9)
        if sum(hour.count for hour in hours) != len(model):
            self._tally.faults.append("the hourly counts differ from what was committed")
        store.close()
        self._tally.sound(self._path)
        self._tally.accepted += len(model)
        for file in self._path.parent.iterdir():
            file.unlink()

    def _until_refused(self, model: dict[int, float]) -> Sequence[Reading]:
        store = SqliteStore.open(self._path)
        refused, fill_at = 0, self._rng.randint(5, 30)
        readings = self._readings(len(model))
        while refused < REFUSALS:
            fill_at -= 1
            if fill_at == 0:
                self._filler.fill()
                self._tally.full += 1
            if self._commit(store, readings, model):
                readings = self._readings(len(model))
            else:
                refused += 1
            store.latest()  # the wall goes on looking
        store.close()
        self._tally.refused += refused
        return readings

    def _readings(self, start: int) -> Sequence[Reading]:
        count = self._rng.randint(1, 400)
        return [Reading("u", "Fill/Percent", T + start + n, self._rng.random()) for n in range(count)]

    def _commit(self, store: SqliteStore, readings: Sequence[Reading], model: dict[int, float]) -> bool:
        try:
            committed = commit(store, readings, T)
        except TransientError:
            return False
        if committed.stored != len(readings):
            self._tally.faults.append("a refused commit has left something")
        model.update((reading.time, float(reading.value or 0)) for reading in readings)
        return True

    def _start_when_full(self) -> None:
        try:
            SqliteStore.open(self._path).close()
        except (TransientError, PermanentError) as error:
            if str(self._path) not in str(error):
                self._tally.faults.append(f"the refusal does not name the file: {error}")


class OperationsDisk:
    """Alerts and mails: the same."""

    def __init__(self, folder: Path, rng: random.Random, tally: Tally) -> None:
        self._folder, self._rng, self._tally = folder, rng, tally
        self._filler = Filler(folder)

    def round(self) -> None:
        """See Scenario."""
        subject = OperationsSubject(self._folder)
        subject.open()
        refused, fill_at = 0, self._rng.randint(5, 30)
        while refused < REFUSALS:
            fill_at -= 1
            if fill_at == 0:
                self._filler.fill()
                self._tally.full += 1
            refused += not self._step(subject)
        self._tally.refused += refused
        kept = subject.dump()
        subject.close()
        self._filler.free()
        subject.open()
        if subject.dump() != kept:
            self._tally.faults.append("alerts or mails differ after the restart")
        subject.step(self._rng)
        subject.close()
        self._tally.sound(self._folder / "operations.db")
        for file in self._folder.iterdir():
            file.unlink()

    def _step(self, subject: OperationsSubject) -> bool:
        before = subject.dump()
        try:
            subject.step(self._rng)
        except TransientError:
            if subject.dump() != before:
                self._tally.faults.append("a refused change has left something")
            return False
        self._tally.accepted += 1
        return True


SCENARIOS: Mapping[str, type[Scenario]] = {
    "edge": EdgeDisk,
    "collector": CollectorDisk,
    "operations": OperationsDisk,
}
