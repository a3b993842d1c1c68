"""Two collectors over one PostgreSQL and a real broker: one works, the other takes over, under load and with alerts."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from email import message_from_bytes
from pathlib import Path

from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from sukusuku_server import settings
from sukusuku_server.db import Operations
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.postgres.store import PostgresStore
from tests.collector.fake_edge import FakeEdge
from tests.collector.running_collector import UNIT, Process, check_stored_in, readings, run
from tests.collector.small_facility import FACILITY
from tests.support.postgres import PostgresServer
from tests.support.smtp_server import Mailbox

TAKES_OVER = 15.0
"""Seconds that are promised, with a term of 6; here it is 2, for the sake of the tests and of a busy machine."""
SETTINGS = """
[operations]
url = "{operations}"
lease_seconds = {seconds}

[store]
kind = "postgres"

[store.postgres]
url = "{readings}"
schema = "{schema}"

[alerts]
urgent = ["unit_fault"]
fault_for = 0

[mail]
sender = "sukusuku@example.jp"
port = {smtp}

[[contact]]
name = "担当"
mail = "office@example.jp"
"""

JAMS = [f"jam-{number}" for number in range(1, 5)]
"""Units that say nothing but that they are jammed."""
UNIT_THAT_JAMS = """
[[site.unit]]
id = "{id}"
name = {{ja = "{id}", en = "{id}"}}
edge = "seibu-pi"
"""
FAULTS = {signal.SIGKILL: -signal.SIGKILL, signal.SIGSTOP: 4, signal.SIGTERM: 0}
"""What comes upon a holder, and with which status it ends, that of SIGSTOP once it runs again."""


def facility_file(folder: Path, broker: int, postgres: PostgresServer, smtp: int, lease_seconds: float) -> Path:
    store, path = postgres.settings(), folder / "facility.toml"
    shared = SETTINGS.format(
        operations=postgres.operations(), seconds=lease_seconds, readings=store.url, schema=store.schema, smtp=smtp
    )
    units = "".join(UNIT_THAT_JAMS.format(id=jam) for jam in JAMS)
    path.write_text(FACILITY.format(port=broker) + units + shared, encoding="utf-8")
    return path


class Load:
    """Two edge nodes: one delivers without a pause, the other a fault now and then."""

    def __init__(self, broker: int) -> None:
        self.expected: list[Reading] = []
        self._edges = (
            FakeEdge(broker, {"unit-1": UNIT}),
            FakeEdge(broker, {jam: {"Fault/Code": DataType.INT64} for jam in JAMS}, node="seibu-pi", historical=False),
        )
        self._jams = iter(JAMS)
        self._turns = 0

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Deliver inside the block. At its end wait until everything is acknowledged."""
        async with asyncio.TaskGroup() as group:
            delivering = [group.create_task(edge.run()) for edge in self._edges]
            measuring = group.create_task(self._measure())
            yield
            measuring.cancel()
            jams = sum(item.asset in JAMS for item in self.expected)
            await self._edges[0].reached(len(self.expected) - jams)
            await self._edges[1].reached(jams)
            for task in delivering:
                task.cancel()

    async def _measure(self) -> None:
        while True:
            self._add(0, readings("unit-1", self._turns, 5))
            self._turns += 5
            await asyncio.sleep(0.1)

    def jam(self) -> None:
        self._add(1, [Reading(next(self._jams), "Fault/Code", now_ms(), 1)])

    def _add(self, edge: int, more: list[Reading]) -> None:
        self._edges[edge].add(more)
        self.expected += more

    async def flowing(self) -> None:
        """Wait until more is acknowledged than has been until now."""
        await self._edges[0].reached(self._edges[0].delivered + 60)


class Succession:
    """Collectors that follow each other, with load from edge nodes. `took` are seconds until the next one is ready."""

    def __init__(self, broker: int) -> None:
        self.load, self.mailbox = Load(broker), Mailbox()
        self.took: dict[str, float] = {}

    async def play(self, folder: Path, broker: int, postgres: PostgresServer, lease_seconds: float) -> Facility:
        """One holder is killed, one stopped for longer than its term, one ended."""
        async with self.mailbox.open() as smtp, contextlib.AsyncExitStack() as stack:
            file = facility_file(folder, broker, postgres, smtp, lease_seconds)
            holder, *standbys = [await stack.enter_async_context(Process(file)) for _ in JAMS]
            await holder.start()
            async with self.load.delivering():
                await self._works(mails=1)
                for mails, (number, standby) in enumerate(zip(FAULTS, standbys, strict=True), 2):
                    await standby.start("standing by")
                    since = time.monotonic()
                    holder.send(number)
                    await standby.until_it_says(" ready")
                    self.took[number.name] = time.monotonic() - since
                    await self.load.flowing()
                    await self._ended(holder, number)
                    await self._works(mails)
                    holder = standby
            assert (await holder.end(signal.SIGTERM))[0] == 0
        return settings.read(file)

    async def _works(self, mails: int) -> None:
        """Readings flow, and another alert is mailed."""
        self.load.jam()
        await self.mailbox.until_tries(mails)
        await self.load.flowing()

    async def _ended(self, holder: Process, number: signal.Signals) -> None:
        if number is signal.SIGSTOP:
            holder.send(signal.SIGCONT)
        status, said = await holder.ended()
        assert status == FAULTS[number], said
        assert "Traceback" not in said
        assert ("has taken over" in said) == (number is signal.SIGSTOP)

    def check(self, facility: Facility) -> None:
        """Everything is stored once, and each alert was raised and mailed once."""
        operations = Operations(facility.operations.url)
        assert len([alert for alert in operations.alerts(open_only=False) if alert.rule == "unit_fault"]) == len(JAMS)
        operations.close()
        store = PostgresStore.open_reader(facility.store.postgres)
        check_stored_in(store, self.load.expected)
        store.close()
        bodies = [mail.content for mail in self.mailbox.taken if isinstance(mail.content, bytes)]
        known = [message_from_bytes(body)["Message-ID"] for body in bodies]
        assert len(set(known)) == len(known) == len(JAMS)


def test_killed_stopped_and_ended_holders_are_followed_without_a_loss_or_a_second_mail(
    broker: int, postgres: PostgresServer, tmp_path: Path
) -> None:
    succession = Succession(broker)

    async def scenario() -> None:
        succession.check(await succession.play(tmp_path, broker, postgres, lease_seconds=2))

    run(scenario())
    assert max(succession.took.values()) < TAKES_OVER
