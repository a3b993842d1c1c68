"""The collector over a real broker: STATE on the wire, restarts, kills, the mirror."""

import asyncio
import contextlib
import json
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sukusuku_collector.__main__ import main
from sukusuku_collector.host.session import STATE_KEY
from sukusuku_core import state
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from sukusuku_core.state import HostState
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.fake_edge import FakeEdge
from tests.collector.running_collector import (
    STATE,
    UNIT,
    Observer,
    Process,
    check_stored,
    collector,
    observer,
    readings,
    run,
)
from tests.collector.small_facility import facility_file, facility_in
from tests.support.broker import mosquitto
from tests.support.ports import free_port

# ---------------------------------------------------------------- STATE


def test_state_is_retained_with_one_timestamp_and_ends_with_the_present(broker: int, tmp_path: Path) -> None:
    facility = facility_in(tmp_path, broker)

    async def scenario() -> None:
        before = now_ms()
        async with observer(broker, STATE) as seen:
            async with collector(facility):
                online = await seen.state(online=True)
                assert before <= online.timestamp <= now_ms()
                async with observer_late(broker) as late:
                    assert (await late.next()).retain
            offline = await seen.state(online=False)
            assert online.timestamp <= offline.timestamp <= now_ms()

    run(scenario())


@contextlib.asynccontextmanager
async def observer_late(port: int) -> AsyncIterator[Observer]:
    async with MqttSession(MqttSettings("127.0.0.1", port, "observer-late")) as mqtt:
        mqtt.subscribe([STATE])
        yield Observer(mqtt)


def test_someone_elses_offline_is_answered_with_the_same_timestamp(broker: int, tmp_path: Path) -> None:
    facility = facility_in(tmp_path, broker)

    async def scenario() -> None:
        async with observer(broker, STATE) as seen, collector(facility):
            online = await seen.state(online=True)
            for payload in (HostState(online=False, timestamp=online.timestamp).encode(), b"OFFLINE"):
                seen.mqtt.publish(STATE, payload, 1, retain=True)
                again = await seen.next(lambda item: item.payload.startswith(b"{") and b"true" in item.payload)
                assert state.decode(again.payload) == online

    run(scenario())


def test_the_timestamp_never_steps_back_with_the_clock(broker: int, tmp_path: Path) -> None:
    facility = facility_in(tmp_path, broker)

    async def scenario() -> None:
        stamps: list[int] = []
        async with observer(broker, STATE) as seen:
            for clock in (now_ms, lambda: now_ms() - 86_400_000, lambda: 0):
                async with collector(facility, clock):
                    stamps.append((await seen.state(online=True)).timestamp)
                stamps.append((await seen.state(online=False)).timestamp)
        assert stamps == sorted(stamps)
        assert stamps[1] < stamps[2]
        assert stamps[3] < stamps[4]

    run(scenario())
    store = SqliteStore.open(tmp_path / "readings.db")
    assert store.noted(STATE_KEY) is not None
    store.close()


def test_the_will_of_a_killed_collector_carries_its_own_timestamp(broker: int, tmp_path: Path) -> None:
    file = facility_file(tmp_path, broker)

    async def scenario() -> None:
        async with observer(broker, STATE) as seen:
            process = Process(file)
            await process.start()
            online = await seen.state(online=True)
            await process.end(signal.SIGKILL)
            assert await seen.state(online=False) == HostState(online=False, timestamp=online.timestamp)

    run(scenario())


# ---------------------------------------------------------------- readings


def test_readings_reach_the_store_and_the_mirror(broker: int, tmp_path: Path) -> None:
    facility = facility_in(tmp_path, broker)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        edge.add([Reading("unit-1", "Fill/Percent", now_ms(), 71.5)])
        async with observer(broker, "sukusuku/#") as seen, collector(facility):
            delivering = asyncio.create_task(edge.run())
            await edge.reached(1)
            mirrored = await seen.next(lambda item: b'"level":71.5' in item.payload)
            delivering.cancel()
        assert mirrored.topic == "sukusuku/toshima/tobu/unit-1/state"
        assert json.loads(mirrored.payload)["condition"] == "ok"

    run(scenario())


def test_the_mirror_is_old_when_the_collector_has_ended_and_holds_only_what_there_is(
    broker: int, tmp_path: Path
) -> None:
    facility = facility_in(tmp_path, broker)
    gone, foreign = "sukusuku/toshima/tobu/unit-0/state", "sukusuku/elsewhere/tobu/unit-0/state"

    async def scenario() -> None:
        edge = FakeEdge(broker, {"room": {"Occupancy/Children": DataType.INT64}})
        edge.add([Reading("room", "Occupancy/Children", now_ms(), 5)])
        async with observer(broker, "sukusuku/#") as seen:
            seen.mqtt.publish(gone, b"{}", 1, retain=True)
            seen.mqtt.publish(foreign, b"{}", 1, retain=True)
            await seen.mqtt.flush()
            async with collector(facility):
                delivering = asyncio.create_task(edge.run())
                await seen.next(lambda item: item.topic == gone and item.payload == b"")
                await seen.next(lambda item: b'"children":5' in item.payload)
                delivering.cancel()
        async with observer(broker, "sukusuku/+/+/+/state") as later:
            left: dict[str, bytes] = {}
            while len(left) < 5:
                message = await later.next()
                left[message.topic] = message.payload
        room = json.loads(left["sukusuku/toshima/tobu/room/state"])
        assert (room["stale"], room["condition"], room["children"]) == (True, "silent", None)
        assert room["time"] is not None
        assert left[foreign] == b"{}"
        assert gone not in left

    run(scenario())


def test_a_killed_collector_loses_nothing_and_doubles_nothing(broker: int, tmp_path: Path) -> None:
    file = facility_file(tmp_path, broker)
    expected = readings("unit-1", 0, 2000)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        process = Process(file)
        await process.start()
        delivering = asyncio.create_task(edge.run())
        for part in range(4):
            edge.add(expected[part * 1500 : (part + 1) * 1500])
            await edge.reached(part * 1500 + 300)
            await process.end(signal.SIGKILL)
            await process.start()
        await edge.reached(len(expected))
        delivering.cancel()
        status, rest = await process.end(signal.SIGTERM)
        assert status == 0, rest
        assert "Traceback" not in rest

    run(scenario())
    check_stored(tmp_path / "readings.db", expected)


def test_a_restarted_broker_loses_nothing(tmp_path: Path) -> None:
    port = free_port()
    facility = facility_in(tmp_path, port)
    expected = readings("unit-1", 0, 600)

    async def scenario() -> None:
        edge = FakeEdge(port, {"unit-1": UNIT})
        async with collector(facility):  # before there is a broker
            delivering = asyncio.create_task(edge.run())
            for part in range(3):
                with mosquitto(port):
                    edge.add(expected[part * 600 : (part + 1) * 600])
                    await edge.reached(part * 600 + 200)
            with mosquitto(port):
                await edge.reached(len(expected))
            delivering.cancel()

    run(scenario())
    check_stored(tmp_path / "readings.db", expected)


def test_a_stranger_gets_no_acknowledgement_and_disturbs_nobody(broker: int, tmp_path: Path) -> None:
    facility = facility_in(tmp_path, broker)
    own, other = readings("unit-1", 0, 50), readings("unit-2", 0, 50)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        second = FakeEdge(broker, {"unit-2": UNIT}, "seibu-pi")
        stranger = FakeEdge(broker, {"unit-1": UNIT}, "stranger")
        stranger.add([Reading("unit-1", "Fill/Percent", 1_780_000_000_001, 99.0)])
        async with observer(broker, "spBv1.0/toshima/DDATA/stranger/unit-1") as seen, collector(facility):
            delivering = [asyncio.create_task(item.run()) for item in (stranger, edge, second)]
            await seen.next()
            edge.add(own)  # the collector gets these after what the stranger said
            second.add(other)
            await edge.reached(len(own))
            await second.reached(len(other))
            for task in delivering:
                task.cancel()
        assert stranger.delivered == 0

    run(scenario())
    store = SqliteStore.open(tmp_path / "readings.db")
    assert {item.reason for item in store.quarantine(100)} == {"unknown-node"}
    assert len(store.raw("unit-1", "Fill/Percent", 0, 2**62, 1000)) == 50
    assert len(store.raw("unit-2", "Fill/Percent", 0, 2**62, 1000)) == 50
    store.close()


def test_a_full_disk_loses_nothing(broker: int, tmp_path: Path) -> None:
    """The collector goes offline, so that the edge nodes keep their readings, and comes back when there is room."""
    file = facility_file(tmp_path, broker)
    expected = readings("unit-1", 0, 1000)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        process = Process(file)
        async with observer(broker, STATE) as seen:
            await process.start()
            await seen.state(online=True)
            delivering = asyncio.create_task(edge.run())
            edge.add(expected[:600])
            await edge.reached(600)
            before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY))
            edge.add(expected[600:])
            await seen.state(online=False)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
            await edge.reached(len(expected))
            delivering.cancel()
        status, rest = await process.end(signal.SIGTERM)
        assert status == 0, rest
        assert "the store does not answer" in rest
        assert "answer again" in rest
        assert "Traceback" not in rest

    run(scenario())
    check_stored(tmp_path / "readings.db", expected)


# ---------------------------------------------------------------- the command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(broker: int, tmp_path: Path, number: signal.Signals) -> None:
    file = facility_file(tmp_path, broker)

    async def scenario() -> None:
        process = Process(file)
        await process.start()
        status, rest = await process.end(number)
        assert status == 0, rest
        assert "Traceback" not in rest
        assert rest.rstrip().endswith("stopped")

    run(scenario())


def test_wrong_settings_end_with_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "facility.toml"
    file.write_text("[operater]\n", encoding="utf-8")
    assert main([str(file)]) == 2
    assert "did you mean `operator`?" in capsys.readouterr().err


def test_a_store_in_use_ends_with_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = facility_file(tmp_path, 1)
    store = SqliteStore.open(tmp_path / "readings.db")
    assert main([str(file)]) == 1
    assert "another collector is writing" in capsys.readouterr().err
    store.close()


def test_help_teaches_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "stores each exactly once" in out
    assert "計測値" in out
