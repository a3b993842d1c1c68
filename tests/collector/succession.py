"""Collectors that follow each other over one PostgreSQL and a real broker, under load and with alerts."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Sequence
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
from tests.collector.running_collector import UNIT, Process, check_stored_in, readings
from tests.collector.small_facility import FACILITY
from tests.support.postgres import PostgresServer
from tests.support.postgres_proxy import PostgresProxy, postgres_proxy
from tests.support.smtp_server import Mailbox

TAKES_OVER = 15.0
"""Seconds that are promised, with a term of 6."""
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

UNIT_THAT_JAMS = """
[[site.unit]]
id = "{id}"
name = {{ja = "{id}", en = "{id}"}}
edge = "seibu-pi"
"""
"""It says nothing but that it is jammed."""
FAULTS = {"killed": -signal.SIGKILL, "hung": 4, "cut off": 4, "stopped": 0}
"""What comes upon a holder, and with which status it ends; a hung one and one that was cut off when that is over."""
SIGNALS = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP, "stopped": signal.SIGTERM}


class Load:
    """Two edge nodes: one delivers without a pause, the other a fault now and then."""

    def __init__(self, broker: int, jams: Sequence[str]) -> None:
        self.expected: list[Reading] = []
        self._edges = (
            FakeEdge(broker, {"unit-1": UNIT}),
            FakeEdge(broker, {jam: {"Fault/Code": DataType.INT64} for jam in jams}, node="seibu-pi", historical=False),
        )
        self._jams = iter(jams)
        self._turns = 0

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Deliver inside the block. At its end wait until everything is acknowledged."""
        async with asyncio.TaskGroup() as group:
            delivering = [group.create_task(edge.run()) for edge in self._edges]
            measuring = group.create_task(self._measure())
            yield
            measuring.cancel()
            jams = sum(item.asset != "unit-1" for item in self.expected)
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


class Collector(Process):
    """One of several collectors, with its own way to the database."""

    def __init__(
        self, folder: Path, proxy: PostgresProxy, settings: str, postgres: PostgresServer, module: str
    ) -> None:
        folder.mkdir()
        self.file = folder / "facility.toml"
        self.file.write_text(settings.replace(str(proxy.server), str(proxy.folder)), encoding="utf-8")
        self.proxy = proxy
        super().__init__(self.file, module)

    def suffer(self, fault: str) -> None:
        if fault in SIGNALS:
            self.send(SIGNALS[fault])
        else:
            self.proxy.flowing.clear()

    def recover(self, fault: str) -> None:
        self.proxy.flowing.set()
        if fault == "hung":
            self.send(signal.SIGCONT)


class Succession:
    """Collectors that follow each other, with load from edge nodes. `took` are seconds until the next one is ready."""

    def __init__(
        self,
        broker: int,
        postgres: PostgresServer,
        faults: Sequence[str] = tuple(FAULTS),
        module: str = "sukusuku_collector",
    ) -> None:
        self._faults, self._module = faults, module
        self._jams = [f"jam-{number}" for number in range(len(faults) + 1)]
        self.load, self.mailbox = Load(broker, self._jams), Mailbox()
        self.took: list[tuple[str, float]] = []
        self._broker, self._postgres = broker, postgres

    async def play(self, folder: Path, lease_seconds: float) -> None:
        """Each fault comes upon one holder; at the end nothing is lost, doubled or mailed twice."""
        async with self.mailbox.open() as smtp, contextlib.AsyncExitStack() as stack:
            text = self._settings(smtp, lease_seconds)
            proxies = [await stack.enter_async_context(postgres_proxy(self._postgres.folder)) for _ in self._jams]
            folders = [folder / str(number) for number in range(len(proxies))]
            collectors = [
                Collector(*own, text, self._postgres, self._module) for own in zip(folders, proxies, strict=True)
            ]
            holder, *standbys = [await stack.enter_async_context(it) for it in collectors]
            await holder.start()
            async with self.load.delivering():
                await self._works(mails=1)
                for mails, (fault, standby) in enumerate(zip(self._faults, standbys, strict=True), 2):
                    await standby.start("standing by")
                    since = time.monotonic()
                    holder.suffer(fault)
                    await standby.until_it_says(" ready")
                    self.took.append((fault, time.monotonic() - since))
                    await self.load.flowing()
                    await self._ended(holder, fault)
                    await self._works(mails)
                    holder = standby
            assert (await holder.end(signal.SIGTERM))[0] == 0
            await asyncio.to_thread(self._check, settings.read(holder.file))

    def _settings(self, smtp: int, lease_seconds: float) -> str:
        store = self._postgres.settings()
        units = "".join(UNIT_THAT_JAMS.format(id=jam) for jam in self._jams)
        shared = SETTINGS.format(
            operations=self._postgres.operations(),
            seconds=lease_seconds,
            readings=store.url,
            schema=store.schema,
            smtp=smtp,
        )
        return FACILITY.format(port=self._broker) + units + shared

    async def _works(self, mails: int) -> None:
        """Readings flow, and another alert is mailed."""
        self.load.jam()
        await self.mailbox.until_tries(mails)
        await self.load.flowing()

    async def _ended(self, holder: Collector, fault: str) -> None:
        holder.recover(fault)
        status, said = await holder.ended()
        assert status == FAULTS[fault], said
        assert "Traceback" not in said
        assert ("has taken over" in said) == (status == 4)

    def _check(self, facility: Facility) -> None:
        """Everything is stored once, and each alert was raised and mailed once."""
        operations = Operations(facility.operations.url)
        assert len([alert for alert in operations.alerts(open_only=False) if alert.rule == "unit_fault"]) == len(
            self._jams
        )
        operations.close()
        store = PostgresStore.open_reader(facility.store.postgres)
        check_stored_in(store, self.load.expected)
        store.close()
        bodies = [mail.content for mail in self.mailbox.taken if isinstance(mail.content, bytes)]
        known = [message_from_bytes(body)["Message-ID"] for body in bodies]
        assert len(set(known)) == len(known) == len(self._jams)
