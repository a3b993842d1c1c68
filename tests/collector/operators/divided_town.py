"""An operator whose sites are in groups, and two collectors that share them and are killed or hang in turn."""

import asyncio
import contextlib
import io
import json
import re
import signal
import time
from argparse import Namespace
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from email import message_from_bytes
from pathlib import Path
from typing import Any

from sukusuku_cli import status
from sukusuku_collector.dispatch import send
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, local_day
from sukusuku_server import settings
from sukusuku_server.timeseries import backends
from tests.collector.fake_edge import FakeEdge
from tests.collector.operators.towns import OneDatabase
from tests.collector.running_collector import UNIT as METRICS
from tests.collector.running_collector import Process, check_stored_in, readings
from tests.support.postgres import PostgresServer
from tests.support.smtp_server import Mailbox

SITE = """
[[site]]
id = "{site}"
name = {{ja = "{site}", en = "{site}"}}
place = {{ lat = 35.73, lon = 139.7{place} }}

[[site.unit]]
id = "{site}-unit"
name = {{ja = "1号機", en = "Unit 1"}}
edge = "{site}-pi"
"""
JAMS = """
[[site.unit]]
id = "{site}-jam-{number}"
name = {{ja = "{number}号機", en = "Unit {number}"}}
edge = "{site}-pi"
"""
"""A unit that says nothing but that it is jammed."""
GROUP = """
[[group]]
id = "{site}-group"
host_id = "{site}-host"
schema = "readings_{site}"
sites = ["{site}"]
"""
FACILITY = """
[operator]
id = "toshima"
name = {{ja = "豊島区", en = "Toshima"}}

[broker]
port = {port}
keepalive = 5
{database}
[alerts]
urgent = ["unit_fault"]
fault_for = 0

[mail]
sender = "sukusuku@example.jp"
port = {smtp}

[[contact]]
name = "担当"
mail = "office@example.jp"
rules = ["unit_fault"]

[[depot]]
id = "depot"
name = {{ja = "車庫", en = "Depot"}}
lat = 35.72
lon = 139.71

[[vehicle]]
id = "van"
name = {{ja = "回収車", en = "Van"}}
depot = "depot"

[[round]]
id = "round"
name = {{ja = "午後便", en = "Afternoon"}}
vehicle = "van"
days = ["mon", "tue", "wed", "thu", "fri", "sat"]
holidays = true
attach = []

[[round.crew]]
name = "佐藤"
mail = "crew@example.jp"
"""
GROUPED = ("tobu", "seibu")
SITES = (*GROUPED, "hombu")
SUNDAY = 7


class DividedTown:
    """Two sites are in a group each, one is in none; each has an edge node. `took` are seconds until all deliver again.

    The two collectors get these signals in turn: SIGKILL, or SIGSTOP until the other one works for all.
    """

    def __init__(
        self,
        folder: Path,
        broker: int,
        postgres: PostgresServer,
        faults: Sequence[signal.Signals] = (signal.SIGKILL,),
    ) -> None:
        self.file = folder / "facility.toml"
        self.took: list[float] = []
        self.expected: list[Reading] = []
        self._broker, self._database = broker, OneDatabase(postgres)
        self._faults, self._turn, self._mailbox = faults, 0, Mailbox()
        jams = [f"jam-{number}" for number in range(len(faults))]
        self._edges = {
            site: FakeEdge(
                broker,
                {f"{site}-unit": METRICS} | {f"{site}-{jam}": {"Fault/Code": DataType.INT64} for jam in jams},
                node=f"{site}-pi",
                historical=False,
                operator=f"{site}-group" if site in GROUPED else "toshima",
                host_id=f"{site}-host" if site in GROUPED else "sukusuku",
            )
            for site in SITES
        }

    async def play(self, lease_seconds: float) -> None:
        """At the end nothing is lost or doubled, and alerts and a round over all sites are mailed once."""
        async with self._mailbox.open() as smtp:
            self.file.write_text(self._settings(smtp, lease_seconds), encoding="utf-8")
            async with delivering(self._edges), Process(self.file) as first, Process(self.file) as second:
                await first.start("[tobu-group] ready", "[seibu-group] ready", "[toshima] ready")
                await self._deliver()
                await second.start("] ready")  # it was given one
                await self._deliver()
                assert sorted((await asyncio.to_thread(self._holders)).values()) == [1, 2]
                for number, fault in enumerate(self._faults):
                    victim = (first, second)[number % 2]
                    await self._suffer(victim, fault, number)
                    if fault == signal.SIGSTOP:
                        await self._go_on(victim)
                    elif number + 1 < len(self._faults):
                        await victim.start("] ready")  # it was given one again
                survivor = (first, second)[len(self._faults) % 2]
                if self._faults[-1] == signal.SIGSTOP:
                    assert (await victim.end(signal.SIGTERM))[0] == 0
                    await self._deliver()
                await asyncio.to_thread(self._plan)
                await self._mailbox.until_tries(len(SITES) * len(self._faults) + 1)
                await asyncio.to_thread(self._check_status, survivor)
                assert (await survivor.end(signal.SIGTERM))[0] == 0
            await asyncio.to_thread(self._check_stored)
        self._check_mails()

    async def _suffer(self, victim: Process, fault: signal.Signals, number: int) -> None:
        """An alert of each site comes while nobody works for some of them."""
        victim.send(fault)
        begun = time.monotonic()
        for site, edge in self._edges.items():
            self._add(edge, [Reading(f"{site}-jam-{number}", "Fault/Code", now_ms(), 7)])
        await self._deliver()
        self.took.append(time.monotonic() - begun)
        await self._mailbox.until_tries(len(SITES) * (number + 1))
        if fault == signal.SIGKILL:
            await victim.ended()

    async def _go_on(self, victim: Process) -> None:
        """One that hung learns from its lease or from the broker, which names the other one, that its time is over."""
        victim.send(signal.SIGCONT)
        await victim.until_it_says("has taken over, because")
        await victim.until_it_says("] ready")  # it was given one again

    async def _deliver(self) -> None:
        """Deliver readings of all sites, and wait until they are acknowledged."""
        for site, edge in self._edges.items():
            self._add(edge, readings(f"{site}-unit", self._turn, 4))
        self._turn += 4
        for site, edge in self._edges.items():
            await edge.reached(sum(it.asset.startswith(site) for it in self.expected))

    def _add(self, edge: FakeEdge, more: list[Reading]) -> None:
        edge.add(more)
        self.expected += more

    def _settings(self, smtp: int, lease_seconds: float) -> str:
        database = self._database.settings("toshima", lease_seconds)
        sites = []
        for place, site in enumerate(SITES):
            jams = [JAMS.format(site=site, number=number) for number in range(len(self._faults))]
            sites += [SITE.format(site=site, place=place), *jams]
        groups = [GROUP.format(site=site) for site in GROUPED]
        return "".join((FACILITY.format(port=self._broker, smtp=smtp, database=database), *sites, *groups))

    def _plan(self) -> None:
        """Plan the round of tomorrow, or of the day after where it does not go."""
        days = [local_day(now_ms() + number * DAY_MS) for number in (1, 2)]
        day = next(day for day in days if day.isoweekday() != SUNDAY)
        told = send.run(Namespace(facility=self.file, round="round", date=day, json=False, lang="en"))
        assert "mail queued" in told

    def _status(self) -> dict[str, Any]:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status.main([str(self.file), "--json"])
        found: dict[str, Any] = json.loads(said.getvalue())
        return found

    def _holders(self) -> Counter[int]:
        """How many shards each process holds, by its id."""
        health = self._status()["health"]
        leases = [health["lease"], *(group["lease"] for group in health["groups"])]
        assert len(leases) == len(SITES)
        return Counter(int(re.findall(r"\d+", it["holder"]["name"])[0]) for it in leases if it["holder"])

    def _check_status(self, survivor: Process) -> None:
        found = self._status()
        assert found["running"]["collector"] is True
        assert [it["last"] is not None for it in found["health"]["edges"]] == [True] * len(SITES)
        assert self._holders() == {survivor.pid: len(SITES)}

    def _check_stored(self) -> None:
        store = backends.open_reader(settings.read(self.file))
        check_stored_in(store, self.expected)
        store.close()

    def _check_mails(self) -> None:
        mails = [message_from_bytes(it.content) for it in self._mailbox.taken if isinstance(it.content, bytes)]
        assert len({it["Message-ID"] for it in mails}) == len(mails)
        told = {"office@example.jp": len(SITES) * len(self._faults), "crew@example.jp": 1}
        assert Counter(it["To"] for it in mails) == told


@contextlib.asynccontextmanager
async def delivering(edges: Mapping[str, FakeEdge]) -> AsyncIterator[None]:
    """Let edge nodes deliver inside the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(it.run()) for it in edges.values()]
        yield
        for task in tasks:
            task.cancel()
