"""Two collectors with one host id, and two edge nodes with one identity, over a real broker."""

import asyncio
import logging
import signal
from pathlib import Path

import pytest

from sukusuku_collector import service
from sukusuku_collector.host.claim import RivalError
from sukusuku_core import state
from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from sukusuku_core.state import HostState
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.fake_edge import FakeEdge
from tests.collector.running_collector import STATE, UNIT, Process, check_stored, collector, observer, readings, run
from tests.collector.small_facility import facility_file, facility_in
from tests.support.patience import PATIENCE


def second(folder: Path, port: int) -> Path:
    """The folder of a second collector with the same host id and a store of its own."""
    other = folder / "second"
    other.mkdir()
    return facility_file(other, port)


def test_a_second_collector_ends_in_words_and_the_first_goes_on(broker: int, tmp_path: Path) -> None:
    file, rival = facility_file(tmp_path, broker), second(tmp_path, broker)
    expected = readings("unit-1", 0, 400)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        process, late = Process(file), Process(rival)
        async with observer(broker, STATE) as seen:
            await process.start()
            online = await seen.state(online=True)
            delivering = asyncio.create_task(edge.run())
            edge.add(expected[:600])
            await edge.reached(300)
            async with asyncio.timeout(PATIENCE):
                status, said = await late.until_it_ends()
            assert status == 3
            assert "host id 'sukusuku' is in use by another collector" in said
            assert f"process {process.pid} on" in said
            assert f"process {late.pid} on" in said
            assert "Traceback" not in said
            edge.add(expected[600:])
            await edge.reached(len(expected))
            delivering.cancel()
            status, _ = await process.end(signal.SIGTERM)
            assert status == 0
            # The second one has not touched the STATE: what comes next is the goodbye of the first.
            offline = await seen.next(lambda item: item.topic == STATE)
            assert not state.decode(offline.payload).online
            assert state.decode(offline.payload).timestamp >= online.timestamp

    run(scenario())
    check_stored(tmp_path / "readings.db", expected)
    check_stored(rival.parent / "readings.db", [])


def test_of_two_that_start_at_once_exactly_one_goes_on(broker: int, tmp_path: Path) -> None:
    facilities = [facility_in(tmp_path, broker), facility_in(second(tmp_path, broker).parent, broker)]
    expected = readings("unit-1", 0, 100)

    async def scenario() -> None:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(service.run(item, stop)) for item in facilities]
        async with asyncio.timeout(PATIENCE):
            done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(left)) == (1, 1)
        with pytest.raises(RivalError):
            done.pop().result()
        edge = FakeEdge(broker, {"unit-1": UNIT})
        edge.add(expected)
        delivering = asyncio.create_task(edge.run())
        await edge.reached(len(expected))
        delivering.cancel()
        stop.set()
        await left.pop()

    run(scenario())
    stores = [SqliteStore.open(item.store.path) for item in facilities]
    counts = [len(store.raw("unit-1", "Fill/Percent", 0, 2**62, 1000)) for store in stores]
    for store in stores:
        store.close()
    assert sorted(counts) == [0, 100]


def test_the_online_state_of_a_crashed_collector_elsewhere_is_followed_by_a_newer_one(
    broker: int, tmp_path: Path
) -> None:
    """Its machine is gone, its clock was ahead of ours, and the broker still holds what it said."""
    ahead = now_ms() + 86_400_000

    async def scenario() -> None:
        async with observer(broker, STATE) as seen:
            seen.mqtt.publish(STATE, HostState(online=True, timestamp=ahead).encode(), 1, retain=True)
            await seen.mqtt.flush()
            async with collector(facility_in(tmp_path, broker)):
                newer = await seen.next(
                    lambda item: state.decode(item.payload).online and state.decode(item.payload).timestamp > ahead
                )
                assert newer.topic == STATE

    run(scenario())


@pytest.mark.parametrize("online", [True, False])
def test_a_foreign_state_while_we_are_online_is_told_and_followed_by_a_newer_one(
    broker: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, online: bool
) -> None:
    expected = readings("unit-1", 0, 100)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        async with observer(broker, STATE) as seen, collector(facility_in(tmp_path, broker)):
            first = await seen.state(online=True)
            delivering = asyncio.create_task(edge.run())
            edge.add(expected[:150])
            await edge.reached(150)
            foreign = HostState(online=online, timestamp=first.timestamp + 60_000)
            seen.mqtt.publish(STATE, foreign.encode(), 1, retain=True)
            async with asyncio.timeout(PATIENCE):
                await seen.next(lambda item: state.decode(item.payload).timestamp > foreign.timestamp)
            edge.add(expected[150:])
            await edge.reached(len(expected))
            delivering.cancel()

    run(scenario())
    assert "somebody else has set the STATE of host id sukusuku" in caplog.text
    check_stored(tmp_path / "readings.db", expected)


def test_a_host_application_that_insists_on_our_id_ends_us(broker: int, tmp_path: Path) -> None:
    async def insist() -> None:
        async with observer(broker, STATE) as seen:
            said = set[int]()
            while True:
                ours = await seen.state(online=True)
                if ours.timestamp not in said:
                    said.add(ours.timestamp + 1)
                    foreign = HostState(online=True, timestamp=ours.timestamp + 1)
                    seen.mqtt.publish(STATE, foreign.encode(), 1, retain=True)

    async def scenario() -> None:
        insisting = asyncio.create_task(insist())
        with pytest.raises(RivalError, match="not a collector"):
            await service.run(facility_in(tmp_path, broker), asyncio.Event())
        insisting.cancel()

    run(scenario())


# ---------------------------------------------------------------- edge nodes


def test_two_edge_nodes_with_one_identity_are_told_and_lose_nothing(
    broker: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They push each other off; neither's readings are stored or acknowledged from then on."""
    caplog.set_level(logging.ERROR)
    expected = readings("unit-1", 0, 200)

    async def scenario() -> None:
        async with collector(facility_in(tmp_path, broker)):
            edge, twin = (FakeEdge(broker, {"unit-1": UNIT}, pause=0.4) for _ in range(2))
            edge.add(expected[:300])
            delivering = asyncio.create_task(edge.run())
            await edge.reached(300)
            intruding = asyncio.create_task(twin.run())
            async with asyncio.timeout(PATIENCE):
                while "two edge nodes use the identity toshima/tobu-pi" not in caplog.text:  # noqa: ASYNC110 - a log line
                    await asyncio.sleep(0.1)
            twin.add([Reading("unit-1", "Fill/Percent", 1_780_000_000_001, 99.0)])
            edge.add(expected[300:])
            await asyncio.sleep(1)
            assert (edge.delivered, twin.delivered) == (300, 0)
            intruding.cancel()
            delivering.cancel()

    run(scenario())
    store = SqliteStore.open(tmp_path / "readings.db")
    assert len(store.raw("unit-1", "Fill/Percent", 0, 2**62, 1000)) == 100
    assert {item.reason for item in store.quarantine(100)} == {"two-nodes"}
    store.close()
