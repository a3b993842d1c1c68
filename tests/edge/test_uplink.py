import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.edge_payloads import READINGS_PER_MESSAGE
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_core.model import Quality, Reading
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.uplink import CHUNK, Uplink
from sukusuku_mqtt import MqttSession, MqttSettings
from tests.edge.host_application import Host
from tests.support.broker import mosquitto
from tests.support.mqtt_proxy import Flow, MqttProxy
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

IDENTITY = NodeIdentity("toshima", "tobu-pi", "sukusuku")
METRICS = {
    "tobu-pi": {"Comm/Errors": DataType.INT64},
    "unit-1": {"Fill/Percent": DataType.DOUBLE, "State": DataType.INT64},
    "room": {"Occupancy/Count": DataType.INT64},
}


class Node:
    """An outbox and its uplink, as the service drives them."""

    def __init__(
        self, outbox: Outbox, port: int, waiting: int, account: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self.outbox = outbox
        self.accepted: list[Reading] = []
        broker = MqttSettings(
            "127.0.0.1",
            port,
            "toshima-tobu-pi",
            keepalive=5,
            connect_timeout=2.0,
            **({} if account is None else account),
        )
        self.uplink = Uplink(IDENTITY, METRICS, broker, outbox, now_ms, waiting=waiting, **options)

    async def read(self, asset: str, metric: str, *values: float | None, quality: Quality = Quality.GOOD) -> None:
        """The readings are committed and handed on."""
        start = now_ms() + len(self.accepted)
        readings = [Reading(asset, metric, start + n, value, quality) for n, value in enumerate(values)]
        self.accepted.extend(readings)
        self.uplink.committed(await self.outbox.add(readings, {}))

    async def empty(self) -> None:
        """Wait until the outbox is empty: nothing tells, so look."""
        async with asyncio.timeout(PATIENCE):
            while (await self.outbox.stats()).rows:  # noqa: ASYNC110 - the outbox has no event
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def node(path: Path, port: int, ack_timeout: int = 20_000, **options: Any) -> AsyncIterator[Node]:
    async with Outbox(path / "outbox.db") as outbox:
        one = Node(outbox, port, (await outbox.stats()).last, ack_timeout=ack_timeout, **options)
        task = asyncio.create_task(one.uplink.run())
        try:
            yield one
        finally:
            one.uplink.stop()
            await task


async def eventually(what: Callable[[], object]) -> None:
    """Wait for something that only the log tells."""
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.02)


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(bounded())


def test_readings_arrive_live_and_leave_the_outbox_with_the_acknowledgement(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host()
        async with host.online(broker), node(tmp_path, broker) as one:
            await one.read("unit-1", "Fill/Percent", 40.0)
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            await one.read("unit-1", "Fill/Percent", 41.0, 42.5)
            await one.read("unit-1", "State", 3)
            await one.read("tobu-pi", "Comm/Errors", 2)
            await host.until(lambda: host.stored == set(one.accepted))
            await one.empty()
        assert [reading.value for reading, historical in host.readings if not historical][-4:] == [41.0, 42.5, 3, 2]
        assert len(host.readings) == len(one.accepted)
        assert host.arrived[:2] == ["NBIRTH", "DBIRTH unit-1"]

    run(work())


def test_without_an_acknowledgement_rows_stay_and_are_sent_again_as_historical(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host(acknowledging=False)
        async with host.online(broker), node(tmp_path, broker, ack_timeout=300) as one:
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            await one.read("unit-1", "State", 1, 2)
            await host.until(lambda: len(host.readings) >= 4)
            assert (await one.outbox.stats()).rows == 2
            host.acknowledging = True
            await one.empty()
        assert [historical for _, historical in host.readings[:4]] == [False, False, True, True]
        assert host.stored == set(one.accepted)
        assert len(set(host.bdseqs)) == 1  # births, but no new session

    run(work())


def test_another_session_that_was_asked_for_loses_nothing(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host(acknowledging=False)
        async with host.online(broker), node(tmp_path, broker) as one:
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            await one.read("unit-1", "State", 1, 2)
            host.acknowledging = True
            one.uplink.reconnect("there is a new certificate")
            await one.read("unit-1", "State", 3)
            await one.empty()
        assert host.stored == set(one.accepted)
        assert len(set(host.bdseqs)) == 2

    run(work())


def test_readings_from_before_the_session_are_historical_and_come_after_the_live_ones(
    tmp_path: Path, broker: int
) -> None:
    async def work() -> None:
        async with Outbox(tmp_path / "outbox.db") as outbox:
            old = [Reading("unit-1", "Fill/Percent", 1_760_000_000_000 + n, n / 100) for n in range(30_000)]
            await outbox.add(old, {})
        host = Host()
        async with host.online(broker), node(tmp_path, broker) as one:
            one.uplink.asset_up("unit-1")
            await host.until(lambda: len(host.readings) > 0)
            await one.read("unit-1", "State", 5)
            await host.until(lambda: one.accepted[0] in host.stored)
            before_live = len(host.readings)
            await host.until(lambda: len(host.stored) == 30_001)
            await one.empty()
        flags = {historical for reading, historical in host.readings if reading.metric == "Fill/Percent"}
        assert flags == {True}
        assert (one.accepted[0], False) in host.readings
        assert before_live < 30_000  # it did not wait for the whole backlog
        assert host.stored == {*old, *one.accepted}

    run(work())


def test_an_unreachable_broker_is_said_once_and_readings_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = socket.socket()  # holds the port without listening: whoever connects is refused
    nobody.bind(("127.0.0.1", 0))
    port: int = nobody.getsockname()[1]
    said: list[str] = []

    async def work() -> None:
        host = Host()
        async with node(tmp_path, port) as one:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "State", 1, 2, 3)
            await eventually(lambda: any("cannot connect" in record.message for record in caplog.records))
            nobody.close()
            with mosquitto(port):
                async with host.online(port):
                    await host.until(lambda: host.stored == set(one.accepted))
                    await one.empty()
                    # until the broker ends, which is another thing to say
                    said.extend(record.message for record in caplog.records if record.message.startswith("broker: "))
        assert {historical for _, historical in host.readings} == {True}

    run(work())

    assert len(said) == 1
    assert f"MQTT broker 127.0.0.1:{port}: cannot connect" in said[0]
    assert "readings are kept in the outbox" in said[0]


def test_after_the_broker_was_killed_everything_arrives(tmp_path: Path) -> None:
    port = free_port()

    async def work() -> None:
        host = Host()
        async with node(tmp_path, port) as one:
            one.uplink.asset_up("unit-1")
            for round_ in range(3):
                with mosquitto(port):
                    async with host.online(port):
                        await one.read("unit-1", "Fill/Percent", *(round_ * 100 + n / 10 for n in range(50)))
                        await host.until(lambda: host.stored == set(one.accepted))
                        host.acknowledging = round_ != 1
                        await one.read("unit-1", "Fill/Percent", *(round_ * 100 + 50 + n / 10 for n in range(50)))
                        await host.until(lambda: host.stored == set(one.accepted))
                        host.acknowledging = True
                await one.read("unit-1", "State", round_)
            with mosquitto(port):
                async with host.online(port):
                    await host.until(lambda: host.stored == set(one.accepted))
                    await one.empty()
        assert host.bdseqs == sorted(host.bdseqs)
        assert len(set(host.bdseqs)) >= 4

    run(work())


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


def test_readings_of_things_that_left_the_settings_still_arrive(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        old = [
            Reading("old-unit", "State", 1_760_000_000_000, 1),
            Reading("unit-1", "Motor/Power", 1_760_000_000_000, 5.0),
            Reading("tobu-pi", "Old/Metric", 1_760_000_000_000, 1),
        ]
        async with Outbox(tmp_path / "outbox.db") as outbox:
            await outbox.add(old, {})
        host = Host()
        async with host.online(broker), node(tmp_path, broker) as one:
            await host.until(lambda: host.stored == set(old))
            await one.empty()

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


def test_a_refused_connection_raises_no_bdseq(tmp_path: Path) -> None:
    port = free_port()

    async def work() -> None:
        host = Host()
        async with node(tmp_path, port) as one:
            await eventually(lambda: "cannot connect" in one.uplink.state)
            with mosquitto(port):
                async with host.online(port):
                    await host.until(lambda: host.bdseqs)
        assert host.bdseqs == [0], "the only CONNECT that was sent"

    run(work())


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


def test_for_a_host_that_acknowledges_nothing_the_brokers_word_counts(
    tmp_path: Path, broker: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        host = Host(acknowledging=False)
        async with host.online(broker), node(tmp_path, broker, acknowledge=False) as one:
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            for value in range(200):
                await one.read("unit-1", "State", value)
            await one.empty()
            await host.until(lambda: host.stored == set(one.accepted))
            assert "when the broker has them" in one.uplink.state
        assert len(host.readings) == 200
        assert host.bdseqs == [0]

    run(work())
    assert "what the host loses after that is lost" in caplog.text


def test_what_the_broker_has_not_confirmed_is_sent_again_in_the_next_session(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        host = Host(acknowledging=False)
        async with (
            MqttProxy(broker) as proxy,
            host.online(broker),
            node(tmp_path, proxy.port, acknowledge=False) as one,
        ):
            one.uplink.asset_up("unit-1")
            await host.until(lambda: "DBIRTH unit-1" in host.arrived)
            proxy.set_flow(Flow.SWALLOW)
            await one.read("unit-1", "State", *range(50))
            assert (await one.outbox.stats()).rows == 50
            proxy.set_flow(Flow.OPEN)
            proxy.reset_all()
            await host.until(lambda: host.stored == set(one.accepted))
            await one.empty()

    run(work())
