"""Two collectors share the groups of one operator, with a real broker, PostgreSQL and mail server."""

import asyncio
import contextlib
import io
import json
import re
import signal
import time
from argparse import Namespace
from collections import Counter
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
from tests.collector.operators.test_service import delivering
from tests.collector.operators.towns import OneDatabase
from tests.collector.running_collector import UNIT as METRICS
from tests.collector.running_collector import Process, check_stored_in, readings, run
from tests.collector.succession import TAKES_OVER
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


class World:
    """An operator whose sites are in two groups but one, with an edge node each that has a unit."""

    def __init__(self, folder: Path, broker: int, postgres: PostgresServer, smtp: int) -> None:
        self.file = folder / "facility.toml"
        database = OneDatabase(postgres).settings("toshima")
        text = FACILITY.format(port=broker, smtp=smtp, database=database)
        sites = [SITE.format(site=site, place=place) for place, site in enumerate(SITES)]
        groups = [GROUP.format(site=site) for site in GROUPED]
        self.file.write_text("".join((text, *sites, *groups)), encoding="utf-8")
        self.expected: list[Reading] = []
        self.edges = {
            site: FakeEdge(
                broker,
                {f"{site}-unit": METRICS | {"Fault/Code": DataType.INT64}},
                node=f"{site}-pi",
                historical=False,
                operator=f"{site}-group" if site in GROUPED else "toshima",
                host_id=f"{site}-host" if site in GROUPED else "sukusuku",
            )
            for site in SITES
        }
        self._turn = 0

    async def deliver(self) -> None:
        """Deliver readings of all sites, and wait until they are acknowledged."""
        for site, edge in self.edges.items():
            self._add(edge, readings(f"{site}-unit", self._turn, 4))
        self._turn += 4
        for edge in self.edges.values():
            await edge.reached(sum(it.asset in edge._metrics for it in self.expected))

    def jam(self, code: int) -> None:
        """Let the units of all sites jam, or (0) be free again."""
        for site, edge in self.edges.items():
            self._add(edge, [Reading(f"{site}-unit", "Fault/Code", now_ms(), code)])

    def _add(self, edge: FakeEdge, more: list[Reading]) -> None:
        edge.add(more)
        self.expected += more

    def status(self) -> dict[str, Any]:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status.main([str(self.file), "--json"])
        found: dict[str, Any] = json.loads(said.getvalue())
        return found

    def holders(self) -> Counter[int]:
        """How many shards each process holds, by its id."""
        health = self.status()["health"]
        leases = [health["lease"], *(group["lease"] for group in health["groups"])]
        assert len(leases) == len(SITES)
        return Counter(int(re.findall(r"\d+", it["holder"]["name"])[0]) for it in leases if it["holder"])

    def check(self) -> None:
        facility = settings.read(self.file)
        store = backends.open_reader(facility)
        check_stored_in(store, self.expected)
        store.close()


def test_one_takes_over_the_groups_of_the_other(broker: int, tmp_path: Path, postgres: PostgresServer) -> None:
    """Everything is stored once, each alert is mailed once, and so is a round over sites of both groups."""

    async def scenario() -> None:
        mailbox = Mailbox()
        async with mailbox.open() as smtp:
            world = World(tmp_path, broker, postgres, smtp)
            async with delivering(world.edges), Process(world.file) as first, Process(world.file) as second:
                await first.start("[tobu-group] ready", "[seibu-group] ready", "[toshima] ready")
                await world.deliver()
                await second.start("] ready")  # it was given one
                await world.deliver()
                assert sorted((await asyncio.to_thread(world.holders)).values()) == [1, 2]
                world.jam(7)
                await world.deliver()
                await mailbox.until_tries(len(SITES))
                first.send(signal.SIGKILL)
                begun = time.monotonic()
                await world.deliver()
                assert time.monotonic() - begun < TAKES_OVER
                await asyncio.to_thread(_plan, world.file)
                await mailbox.until_tries(len(SITES) + 1)
                found = await asyncio.to_thread(world.status)
                assert found["running"]["collector"] is True
                assert [it["last"] is not None for it in found["health"]["edges"]] == [True] * len(SITES)
                assert (await asyncio.to_thread(world.holders)) == {second.pid: len(SITES)}
                assert (await second.end(signal.SIGTERM))[0] == 0
            await asyncio.to_thread(world.check)
        _check_mails(mailbox)

    run(scenario())


def _plan(file: Path) -> None:
    """Plan the round of tomorrow, or of the day after where it does not go."""
    days = [local_day(now_ms() + number * DAY_MS) for number in (1, 2)]
    day = next(day for day in days if day.isoweekday() != 7)
    assert "mail queued" in send.run(Namespace(facility=file, round="round", date=day, json=False, lang="en"))


def _check_mails(mailbox: Mailbox) -> None:
    mails = [message_from_bytes(it.content) for it in mailbox.taken if isinstance(it.content, bytes)]
    assert len({it["Message-ID"] for it in mails}) == len(mails)
    assert Counter(it["To"] for it in mails) == {"office@example.jp": len(SITES), "crew@example.jp": 1}
