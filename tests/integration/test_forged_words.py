"""Acknowledgements and STATE that others say in the host's name: the real edge agent, collector and broker.

Each attack is made twice: with a key nothing is deleted that was not stored, without one it is. Were the second not so,
the first would prove nothing.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sukusuku_collector import service
from sukusuku_collector.host.claim import RivalError
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_core.proof import ProofKey
from sukusuku_core.state import LATEST_TIMESTAMP
from sukusuku_server import settings
from sukusuku_server.db import Operations
from sukusuku_server.db.node_keys import NodeKeys
from sukusuku_server.db.shared_secrets import CLAIMS, shared
from sukusuku_server.model import foreign
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.running_collector import STATE, collector, observer
from tests.collector.small_facility import facility_in
from tests.edge.uplink_node import Node, eventually, node, run
from tests.support.attacker import Attacker, at_work, attacker
from tests.support.broker import mosquitto

REFUSED = "refused, nothing is deleted"
KEYS = pytest.mark.parametrize("keyed", [True, False], ids=["with a key", "without a key"])


@pytest.fixture
def port() -> Iterator[int]:
    with mosquitto() as found:
        yield found


def enrolled(facility: Facility) -> ProofKey:
    """A key of the node, known to both sides."""
    operations = Operations(facility.operations.url)
    key = NodeKeys(operations).make("tobu-pi", 1, "test")
    operations.close()
    return key


def noted(folder: Path, key: str) -> int:
    """What the collector has noted; 0 before it has a store."""
    try:
        with closing(SqliteStore.open_reader(folder / "readings.db")) as store:
            return store.noted(key) or 0
    except TransientError:
        return 0


async def waiting(one: Node) -> int:
    return (await one.outbox.stats()).rows


async def missing(one: Node, folder: Path) -> set[Reading]:
    """Accepted readings that neither wait at the node nor are stored."""
    kept = {reading for _, reading in await one.outbox.peek(0, 100_000, 1 << 62)}
    store = SqliteStore.open_reader(folder / "readings.db")
    stored = {
        (it.asset, it.metric, point.time)
        for it in one.accepted
        for point in store.raw(it.asset, it.metric, it.time, it.time + 1, 2)
    }
    store.close()
    return {it for it in one.accepted if it not in kept and (it.asset, it.metric, it.time) not in stored}


async def read_under_attack(one: Node, rogue: Attacker) -> None:
    """The collector is made to distrust the node, and in its place somebody else acknowledges, forty times."""
    jobs = [asyncio.create_task(job()) for job in (rogue.acknowledge_everything, rogue.distract_collector)]
    async with at_work(*jobs):
        said = rogue.acknowledged
        while rogue.acknowledged < said + 40:
            await one.read("unit-1", "State", len(one.accepted) % 5)
            await asyncio.sleep(0.05)


@KEYS
def test_without_a_collector_a_forged_state_and_forged_acknowledgements(
    port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, keyed: bool
) -> None:
    """Each kind of them is logged once, in whichever order they come."""

    async def scenario() -> None:
        options: dict[str, Any] = {"key": ProofKey.new()} if keyed else {}
        async with node(tmp_path, port, 500, **options) as one, attacker(port) as rogue:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "Fill/Percent", *(n / 10 for n in range(600)))
            rogue.state(online=True, timestamp=LATEST_TIMESTAMP - 1, retain=True)
            async with at_work(asyncio.create_task(rogue.acknowledge_everything())):
                if keyed:
                    await eventually(lambda: one.uplink.refused >= 4 and caplog.text.count(REFUSED) == 2)
                    assert await waiting(one) == 600
                else:
                    await one.empty()

    run(scenario())
    assert caplog.text.count(REFUSED) == (2 if keyed else 0)


@KEYS
def test_with_a_collector_that_is_made_to_distrust_the_node(port: int, tmp_path: Path, *, keyed: bool) -> None:
    facility = facility_in(tmp_path, port)

    async def scenario() -> None:
        options: dict[str, Any] = {"key": enrolled(facility)} if keyed else {}
        async with (
            collector(facility),
            node(tmp_path, port, 500, **options) as one,
            attacker(port) as rogue,
        ):
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "Fill/Percent", 1.0)
            await one.empty()
            await read_under_attack(one, rogue)
            lost = await missing(one, tmp_path)
            assert (len(lost) == 0) is keyed

    run(scenario())


def test_what_is_honest_is_proved_and_arrives(port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    facility = facility_in(tmp_path, port)

    async def scenario() -> None:
        async with collector(facility), node(tmp_path, port, key=enrolled(facility)) as one:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "Fill/Percent", *(n / 100 for n in range(3_000)))
            await one.empty()
            assert await missing(one, tmp_path) == set()
            assert one.uplink.refused == 0

    run(scenario())
    assert "tobu-pi believes only what is proved" in caplog.text


def test_a_key_that_the_collector_does_not_know_keeps_the_readings_until_it_does(
    port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    facility = facility_in(tmp_path, port)

    async def scenario() -> None:
        key = ProofKey.new()
        async with collector(facility), node(tmp_path, port, 500, key=key) as one:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "Fill/Percent", 1.0, 2.0)
            await eventually(lambda: "has a key that is not known here" in caplog.text)
            assert await waiting(one) == 2

    run(scenario())


@KEYS
def test_a_forged_offline_state_does_not_silence_a_node_with_a_key(port: int, tmp_path: Path, *, keyed: bool) -> None:
    facility = facility_in(tmp_path, port)

    async def scenario() -> None:
        options: dict[str, Any] = {"key": enrolled(facility)} if keyed else {}
        async with collector(facility), node(tmp_path, port, **options) as one, attacker(port) as rogue:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "Fill/Percent", 1.0)
            await one.empty()
            rogue.state(online=False, timestamp=LATEST_TIMESTAMP - 1)
            if keyed:
                for n in range(20):
                    await one.read("unit-1", "State", n % 5)
                await one.empty()
                assert one.uplink.state == "online"
            else:
                await eventually(lambda: one.uplink.state != "online")

    run(scenario())


def test_a_forged_claim_ends_no_collector_whose_nodes_have_keys(
    port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    facility = facility_in(tmp_path, port)

    async def scenario() -> None:
        key = enrolled(facility)
        async with collector(facility), node(tmp_path, port, key=key) as one, attacker(port) as rogue:
            one.uplink.asset_up("unit-1")
            async with at_work(asyncio.create_task(rogue.claim_the_host_id())):
                await eventually(lambda: noted(tmp_path, foreign.CLAIMS) >= 20)
                await one.read("unit-1", "Fill/Percent", 1.0, 2.0)
                await one.empty()
            assert await missing(one, tmp_path) == set()

    run(scenario())
    assert caplog.text.count("asks it to prove that it came first") == 1


def test_without_keys_the_same_claim_ends_it(port: int, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with attacker(port) as rogue, at_work(asyncio.create_task(rogue.claim_the_host_id())):
            with pytest.raises(RivalError):
                await service.run(facility_in(tmp_path, port), asyncio.Event())

    run(scenario())


def test_of_a_collector_and_its_copy_one_goes_on(port: int, tmp_path: Path) -> None:
    """A backup was restored elsewhere while the first machine still runs: it has the secret and can prove it."""
    facility = facility_in(tmp_path, port)
    enrolled(facility)
    operations = Operations(facility.operations.url)
    shared(operations, CLAIMS)
    operations.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tmp_path.glob("operations.db*"):
        shutil.copy(file, copy)
    shutil.copy(tmp_path / "facility.toml", copy)

    async def scenario() -> None:
        async with observer(port, STATE) as seen, collector(facility):
            await seen.state(online=True)
            with pytest.raises(RivalError):
                await service.run(settings.read(copy / "facility.toml"), asyncio.Event())

    run(scenario())


def test_while_somebody_says_offline_all_the_time_readings_arrive(port: int, tmp_path: Path) -> None:
    facility = facility_in(tmp_path, port)

    async def scenario() -> None:
        key = enrolled(facility)
        async with collector(facility), node(tmp_path, port, 2_000, key=key) as one, attacker(port) as rogue:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "State", 1)
            await one.empty()
            async with at_work(asyncio.create_task(rogue.say_offline())):
                await eventually(lambda: noted(tmp_path, foreign.STATES) >= 20)
                await one.read("unit-1", "Fill/Percent", 1.0, 2.0)
                await one.empty()
            assert await missing(one, tmp_path) == set()

    run(scenario())
