import socket
from pathlib import Path

import pytest

from sukusuku_core.model import Reading
from sukusuku_edge.outbox import Outbox
from tests.edge.host_application import Host
from tests.edge.uplink_node import eventually, node, run
from tests.support.broker import mosquitto
from tests.support.mqtt_proxy import Flow, MqttProxy
from tests.support.ports import free_port


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


def test_a_broker_through_which_no_acknowledgement_comes_is_left_for_the_next_one(tmp_path: Path, broker: int) -> None:
    async def work() -> None:
        cut_off, host = Host(acknowledging=False), Host()
        with mosquitto() as whole:
            others = {"others": (("127.0.0.1", free_port()), ("127.0.0.1", whole))}
            async with (
                cut_off.online(broker),
                host.online(whole),
                node(tmp_path, broker, ack_timeout=300, account=others) as one,
            ):
                one.uplink.asset_up("unit-1")
                await one.read("unit-1", "State", 1, 2)
                await one.empty()
        assert cut_off.readings
        assert host.stored == set(one.accepted)

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
