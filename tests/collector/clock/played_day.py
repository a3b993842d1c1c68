"""A day of two units in seconds: honest edge nodes, a real broker, the whole collector, a mail server.

What is in the databases and in the mailbox afterwards does not depend on how long the machine took, so a day with a
wrong clock can be held against the same day with a right one.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from sukusuku_collector import service, works
from sukusuku_collector.clock import trusted
from sukusuku_collector.derivation import runner
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_core.time import MINUTE_MS, SECOND_MS
from sukusuku_server import settings
from tests.collector.clock.played_time import BEGIN, Computer, PlayedTime
from tests.collector.fake_edge import FakeEdge
from tests.collector.small_facility import FACILITY
from tests.support.databases import migrate_operations
from tests.support.patience import PATIENCE
from tests.support.smtp_server import Mailbox

UNITS = {"tobu-pi": "unit-1", "seibu-pi": "unit-2"}
METRICS = {"Fill/Percent": DataType.DOUBLE, "Cycles/Total": DataType.INT64}
STEP_MS = 10 * MINUTE_MS
STEPS = 36
"""Six hours."""
LAST = BEGIN + STEPS * STEP_MS
WRONG = range(6, 30)
"""From one hour on the clock is off, for four hours."""
MAIL = """
[mail]
port = {port}
sender = "sukusuku@example.jp"
[[contact]]
name = "Office"
mail = "office@example.jp"
language = "en"
[alerts]
urgent = ["collection", "asset_silent", "kg_limit"]
repeat_after = 0
"""
_DERIVED = """
SELECT asset, metric, time, value FROM derived JOIN derived_series ON derived_series.id = series
WHERE asset IN ('unit-1', 'unit-2') AND time <= {last} ORDER BY asset, metric, time
"""
"""What comes after the last reading depends on when it is looked at."""
_ALL_DERIVED = """
SELECT 1 WHERE 2 = (
    SELECT count(DISTINCT asset) FROM derived JOIN derived_series ON derived_series.id = series
    WHERE asset IN ('unit-1', 'unit-2') AND time >= {last}
)
"""
_READINGS = """
SELECT asset, metric, time, value, quality FROM reading JOIN series ON series.id = series
WHERE asset IN ('unit-1', 'unit-2') ORDER BY asset, metric, time
"""


@dataclass(frozen=True)
class Facts:
    """What a day has left behind: readings and derived series of the units, alerts, mails.

    How full a bag was when it was told is no part of it: with a wrong clock that is told later.
    """

    readings: list[tuple[object, ...]]
    derived: list[tuple[object, ...]]
    alerts: list[tuple[object, ...]]
    mails: list[tuple[object, ...]]
    mails_taken: int
    moved: int


class Day:
    """The facility, its edge nodes, and the computer of the collector."""

    def __init__(self, folder: Path, port: int, smtp: Mailbox) -> None:
        self.true = PlayedTime()
        self.computer = Computer(self.true)
        self.mailbox = smtp
        self.sent = 0
        path = folder / "facility.toml"
        migrate_operations(folder)
        rooms = FACILITY.index("[[site.room]]")
        path.write_text(FACILITY[:rooms].format(port=port) + MAIL.format(port=smtp.port), encoding="utf-8")
        self.facility = settings.read(path)
        self._folder = folder
        self._port = port
        self._edges: Mapping[str, FakeEdge] = {}

    @contextlib.asynccontextmanager
    async def collector(self) -> AsyncIterator[None]:
        """Run the collector on the computer."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(service.run(self.facility, stop, self.computer))
            try:
                yield
            finally:
                stop.set()

    @contextlib.asynccontextmanager
    async def edges(self) -> AsyncIterator[None]:
        """Connect new edge nodes, whose clocks are right."""
        self.sent = 0
        self._edges = {
            node: FakeEdge(
                self._port,
                {node: {"Clock/Synced": DataType.BOOLEAN}, unit: METRICS},
                node,
                clock=self.true,
                historical=False,
            )
            for node, unit in UNITS.items()
        }
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(edge.run()) for edge in self._edges.values()]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def step(self, number: int) -> None:
        """Let ten minutes pass; then every edge node says how full its unit is, until that is stored."""
        time = BEGIN + (number + 1) * STEP_MS
        self.true.until(time)
        levels = {"unit-1": min(86.0, 40.0 + 2 * number), "unit-2": 30.0}
        for node, unit in UNITS.items():
            self._edges[node].add(
                [
                    Reading(node, "Clock/Synced", time, value=True),
                    Reading(unit, "Fill/Percent", time, levels[unit]),
                    Reading(unit, "Cycles/Total", time, number // 6),
                ]
            )
        self.sent += 3
        await asyncio.gather(*(edge.reached(self.sent) for edge in self._edges.values()))

    async def pass_slowly(self, ms: int) -> None:
        """Let time pass so that the collector looks at its assets all the while: a gap would be silence of its own."""
        end = self.true() + ms
        while self.true() < end:
            self.true.until(min(end, self.true() + 20 * SECOND_MS))
            await asyncio.sleep(2 * works.WATCH_SECONDS)

    async def until(self, query: str, database: str = "operations.db") -> None:
        """Wait until a query on a database of the collector has a row."""
        async with asyncio.timeout(PATIENCE):
            while not self.ask(query, database):  # noqa: ASYNC110 - another thread writes it
                await asyncio.sleep(0.05)

    def ask(self, query: str, database: str = "operations.db") -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        with contextlib.closing(sqlite3.connect(f"file:{self._folder / database}?mode=ro", uri=True)) as opened:
            return opened.execute(query).fetchall()

    def subjects(self) -> list[str]:
        """Return the subjects of the mails that were taken."""
        contents = [envelope.content for envelope in self.mailbox.taken]
        return [
            str(message_from_bytes(content, policy=policy.default)["Subject"])
            for content in contents
            if isinstance(content, bytes)
        ]

    def facts(self) -> Facts:
        """Return what is there now."""
        return Facts(
            self.ask(_READINGS, "readings.db"),
            self.ask(_DERIVED.format(last=LAST), "readings.db"),
            sorted(self.ask("SELECT rule, asset, state FROM alert")),
            sorted(self.ask("SELECT kind, rule, asset FROM mail_outbox JOIN alert ON alert.id = alert_id")),
            len(self.mailbox.taken),
            len(self.ask("SELECT 1 FROM moved", "readings.db")),
        )


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Let the collector rest for less than it does, as hours pass in seconds."""
    rests = ((runner, "PASS_SECONDS", 0.2), (trusted, "LOOK_SECONDS", 0.1), (works, "WATCH_SECONDS", 0.1))
    before = [getattr(module, name) for module, name, _ in rests]
    for module, name, seconds in rests:
        setattr(module, name, seconds)
    try:
        yield
    finally:
        for (module, name, _), seconds in zip(rests, before, strict=True):
            setattr(module, name, seconds)


@contextlib.asynccontextmanager
async def day(folder: Path, port: int) -> AsyncIterator[Day]:
    """A day that has not begun."""
    smtp = Mailbox()
    async with smtp.open():
        yield Day(folder, port, smtp)


async def play(folder: Path, port: int, offset: int, *, at_start: bool = False) -> Facts:
    """Play the day; the clock is off by `offset` (ms) for four hours, or from the start on until then."""
    async with day(folder, port) as it, it.edges():
        it.computer.offset = offset if at_start else 0
        async with it.collector():
            for number in range(STEPS):
                if number == WRONG.start:
                    it.computer.offset = offset
                if number == WRONG.stop:
                    it.computer.offset = 0
                await it.step(number)
            it.true.until(LAST + 5 * MINUTE_MS)
            await it.until("SELECT 1 FROM mail_outbox WHERE state = 'sent'")
            await it.until(_ALL_DERIVED.format(last=LAST), "readings.db")
        return it.facts()
