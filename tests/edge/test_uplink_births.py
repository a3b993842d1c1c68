"""What an uplink says about its edge node and assets: births, deaths, rebirths that are asked for."""

import asyncio
from pathlib import Path

import pytest

from sukusuku_core import sparkplug
from sukusuku_core.clock import now_ms
from sukusuku_core.edge_payloads import READINGS_PER_MESSAGE
from sukusuku_core.model import Quality, Reading
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.uplink import CHUNK
from sukusuku_mqtt import MqttSession, MqttSettings
from tests.edge.host_application import Host
from tests.edge.uplink_node import eventually, node, run
from tests.support.patience import PATIENCE


def test_when_the_host_goes_offline_the_node_says_goodbye_and_waits(
    tmp_path: Path, broker: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    seen: list[str] = []

    async def listen(mqtt: MqttSession) -> None:
        while True:
            seen.extend(message.topic.split("/")[2] for message in await mqtt.receive())

    async def work() -> None:
        host = Host()
        async with MqttSession(MqttSettings("127.0.0.1", broker, "witness")) as witness, node(tmp_path, broker) as one:
            witness.subscribe(["spBv1.0/toshima/NBIRTH/+", "spBv1.0/toshima/NDEATH/+"])
            listener = asyncio.create_task(listen(witness))
            one.uplink.asset_up("unit-1")
            async with host.online(broker):
                await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            waiting = "connected; waiting for the host sukusuku"
            await eventually(lambda: [record.message for record in caplog.records].count(waiting) == 2)
            await one.read("unit-1", "State", 4)
            assert seen == ["NBIRTH", "NDEATH"]
            async with host.online(broker):
                await host.until(lambda: host.stored == set(one.accepted))
                await one.empty()
            listener.cancel()
        assert host.bdseqs == [0, 1]

    run(work())


def test_the_goodbye_reaches_the_host_that_stays(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host()
        async with host.online(broker):
            async with node(tmp_path, broker) as one:
                one.uplink.asset_up("unit-1")
                await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            await host.until(lambda: host.arrived[-1] == "NDEATH")
            async with node(tmp_path, broker):
                await host.until(lambda: host.bdseqs == [0, 1])

    run(work())


def test_a_rebirth_is_answered_and_sends_again_what_is_not_acknowledged(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host(acknowledging=False)
        async with host.online(broker) as mqtt, node(tmp_path, broker) as one:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "State", 1)
            await host.until(lambda: len(host.readings) == 1)
            mqtt.publish("spBv1.0/toshima/NCMD/tobu-pi", sparkplug.command([(sparkplug.REBIRTH, True)], now_ms()))
            await host.until(lambda: len(host.readings) == 2)
            host.acknowledging = True
            await one.read("unit-1", "State", 2)
            await one.empty()
        assert host.bdseqs == [0, 0]
        assert host.readings[0][0] == host.readings[1][0]
        assert host.stored == set(one.accepted)

    run(work())


def test_after_a_rebirth_request_no_data_goes_out_before_the_birth(
    tmp_path: Path, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while a backlog is being sent: the request arrives between its first part and the next."""

    async def work() -> None:
        async with Outbox(tmp_path / "outbox.db") as outbox:
            await outbox.add([Reading("unit-1", "State", 1_760_000_000_000 + n, n) for n in range(3 * CHUNK)], {})
        host = Host(acknowledging=False)
        async with host.online(broker) as mqtt, node(tmp_path, broker) as one:
            peek, asked = one.outbox.peek, asyncio.Event()

            async def ask_meanwhile(after: int, limit: int, until: int) -> list[tuple[int, Reading]]:
                if 0 < after < until and not asked.is_set():
                    asked.set()
                    await host.until(lambda: len(host.readings) == CHUNK)
                    mqtt.publish("spBv1.0/toshima/NCMD/tobu-pi", sparkplug.command([(sparkplug.REBIRTH, True)], 1))
                    await eventually(lambda: one.uplink._session is not None and one.uplink._session.inbox)
                return await peek(after, limit, until)

            monkeypatch.setattr(one.outbox, "peek", ask_meanwhile)
            one.uplink.asset_up("unit-1")
            await host.until(lambda: len(host.bdseqs) == 2)
        birth = len(host.arrived) - host.arrived[::-1].index("NBIRTH") - 1
        assert host.arrived[:birth].count("DDATA unit-1") == CHUNK // READINGS_PER_MESSAGE

    run(work())


def test_the_last_readings_of_a_dead_asset_come_before_its_death(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host()
        async with host.online(broker), node(tmp_path, broker) as one:
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            await one.read("unit-1", "State", 1, quality=Quality.STALE)
            one.uplink.asset_down("unit-1")
            await host.until(lambda: "DDEATH unit-1" in host.arrived)
            one.uplink.asset_up("unit-1")
            await host.until(lambda: host.arrived.count("DBIRTH unit-1") == 2)
            await one.empty()
        assert host.arrived.index("DDATA unit-1") < host.arrived.index("DDEATH unit-1")
        assert host.stored == set(one.accepted)

    run(work())


def test_nonsense_on_the_command_topic_ends_nothing(
    tmp_path: Path, broker: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        host = Host()
        async with host.online(broker) as mqtt, node(tmp_path, broker) as one:
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            for topic in ("NCMD/tobu-pi", "DCMD/tobu-pi/unit-1"):
                for payload in (b"\xff\xff nonsense", b"", sparkplug.command([("Anything", "x")], 1)):
                    mqtt.publish(f"spBv1.0/toshima/{topic}", payload)
            mqtt.publish("spBv1.0/STATE/sukusuku", b"ONLINE")
            await one.read("unit-1", "State", 1)
            await host.until(lambda: host.stored == set(one.accepted))
            await one.empty()
        assert host.bdseqs == [0]

    run(work())
    assert "ignored: " in caplog.text


def test_at_the_start_births_come_before_any_data(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host()
        async with host.online(broker), node(tmp_path, broker, first_answers=PATIENCE) as one:
            await host.until(lambda: "NBIRTH" in host.arrived)
            await one.read("tobu-pi", "Comm/Errors", 0)
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            await one.read("unit-1", "State", 1)
            one.uplink.asset_up("room")
            await host.until(lambda: host.stored == set(one.accepted))
        assert host.arrived[:3] == ["NBIRTH", "DBIRTH unit-1", "DBIRTH room"]

    run(work())


def test_a_device_that_does_not_answer_holds_data_up_for_a_while_only(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host()
        async with host.online(broker), node(tmp_path, broker, first_answers=0.5) as one:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "State", 1)
            await host.until(lambda: host.stored == set(one.accepted))
        assert host.arrived[:3] == ["NBIRTH", "DBIRTH unit-1", "DDATA unit-1"]

    run(work())
