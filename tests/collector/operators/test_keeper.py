"""Processes that share leases over one real PostgreSQL, turn by turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
import pytest

from sukusuku_collector.lease import SupersededError
from sukusuku_collector.operators.keeper import NEGLECTED_SECONDS, Keeper, SharedLease
from sukusuku_server.db import Operations
from sukusuku_server.db.leases import collectors, open_leases
from sukusuku_server.db.shards import Shards
from tests.collector.running_collector import run
from tests.support.postgres import PostgresServer

TERM = 60_000
TOWNS = ("itabashi", "nerima", "toshima")


class Process:
    """One process; its clock is played, and so is that of the database where it looks."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.seconds = 0.0
        self._shards = Shards(open_leases(url), name, f"process {name}", TERM, self.database_time)
        self.keeper = Keeper(self._shards, lambda: self.seconds)
        self.work: dict[str, tuple[SharedLease, asyncio.Task[bool], asyncio.Event]] = {}

    def database_time(self, _: object) -> int:
        return 1_800_000_000_000 + round(self.seconds * 1000)

    async def offer(self, *towns: str) -> None:
        for town in towns:
            stop = asyncio.Event()
            lease = self.keeper.lease(town, None)
            self.work[town] = lease, asyncio.create_task(lease.obtain(stop)), stop
        await asyncio.sleep(0)

    async def turn(self) -> None:
        self.keeper.turn()
        for _ in range(3):
            await asyncio.sleep(0)

    def holds(self) -> set[str]:
        return {town for town, (lease, _, _) in self.work.items() if lease.epoch}

    def given_up(self) -> set[str]:
        return {town for town, (_, _, stop) in self.work.items() if stop.is_set()}

    def end_work(self, town: str) -> None:
        lease, waiting, _ = self.work.pop(town)
        waiting.cancel()
        lease.give_back()


@contextlib.asynccontextmanager
async def processes(postgres: PostgresServer, *names: str) -> AsyncIterator[list[Process]]:
    url = postgres.operations()
    made = [Process(url, name) for name in names]
    try:
        yield made
    finally:
        for process in made:
            for town in list(process.work):
                process.end_work(town)
            process._shards.close()


def test_who_is_alone_works_for_all_and_gives_up_a_share_when_another_comes(postgres: PostgresServer) -> None:
    async def scenario() -> None:
        async with processes(postgres, "one", "two") as (one, two):
            await one.offer(*TOWNS)
            await one.turn()
            assert one.holds() == {*TOWNS}
            await two.offer(*TOWNS)
            await two.turn()
            assert two.holds() == set()
            await one.turn()
            await one.turn()  # only one at a time
            (town,) = one.given_up()
            one.end_work(town)
            await one.offer(town)  # it goes on standing by
            await one.turn()
            assert one.holds() == {*TOWNS} - {town}
            await two.turn()
            assert two.holds() == {town}
            assert two.work[town][0].epoch == 2
            await one.turn()
            assert one.given_up() == set()

    run(scenario())


def test_what_another_one_does_not_take_in_time_is_taken_back(postgres: PostgresServer) -> None:
    async def scenario() -> None:
        async with processes(postgres, "one", "two") as (one, two):
            await one.offer(*TOWNS)
            await one.turn()
            await two.offer(*TOWNS)
            await two.turn()
            await one.turn()
            (town,) = one.given_up()
            one.end_work(town)
            await one.offer(town)
            await one.turn()
            one.seconds += NEGLECTED_SECONDS
            await one.turn()
            assert one.holds() == {*TOWNS}

    run(scenario())


def test_a_dead_one_s_are_taken_and_it_learns_of_it(postgres: PostgresServer) -> None:
    async def scenario() -> None:
        async with processes(postgres, "one", "two") as (one, two):
            await one.offer(*TOWNS)
            await one.turn()
            await two.offer(*TOWNS)
            two.seconds = TERM / 1000 - 1
            await two.turn()
            assert two.holds() == set()
            two.seconds += 1
            await two.turn()
            assert two.holds() == {*TOWNS}
            held = one.work["toshima"][0]
            assert held.held()
            await one.turn()
            assert not held.held()
            with pytest.raises(SupersededError):
                await held.until_superseded()

    run(scenario())


def test_one_that_somebody_still_writes_under_holds_up_no_other(postgres: PostgresServer) -> None:
    async def scenario() -> None:
        async with processes(postgres, "one", "two") as (one, two):
            await one.offer(*TOWNS)
            await one.turn()
            await two.offer(*TOWNS)
            two.seconds = TERM / 1000
            with psycopg.connect(two.url.replace("+psycopg", "")) as writing:
                shared = "SELECT FROM collector_lease WHERE shard = 'nerima' FOR KEY SHARE"
                writing.execute(shared)
                await two.turn()
                assert two.holds() == {*TOWNS} - {"nerima"}
            await two.turn()
            assert two.holds() == {*TOWNS}

    run(scenario())


def test_one_statement_renews_all(postgres: PostgresServer) -> None:
    async def scenario() -> None:
        async with processes(postgres, "one", "two") as (one, two):
            await one.offer(*TOWNS)
            await one.turn()
            one.seconds = TERM / 1000 - 1
            await one.turn()
            assert all(lease.held() for lease, _, _ in one.work.values())
            await two.offer(*TOWNS)
            two.seconds = 2 * TERM / 1000 - 2
            await two.turn()
            assert two.holds() == set()
            assert all(lease.held() for lease, _, _ in one.work.values())

    run(scenario())


def test_a_process_in_trouble_is_given_nothing(postgres: PostgresServer) -> None:
    async def scenario() -> None:
        async with processes(postgres, "one", "two") as (one, two):
            await one.offer(*TOWNS)
            await one.turn()
            for town in TOWNS:
                two.keeper.tell(town, "its channel cannot be opened")
            await two.turn()
            await one.turn()
            assert one.given_up() == set()
            operations = Operations(two.url)
            found = collectors(operations, "toshima", clock=two.database_time)
            operations.close()
            assert found is not None
            assert [it.trouble for it in found.standbys] == ["its channel cannot be opened"]

    run(scenario())
