"""The load of `sukusuku sim load` against a real broker, and a host that acknowledges when it is told to."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.settings import read
from sukusuku_sim.__main__ import main
from sukusuku_sim.load import facility, packets
from sukusuku_sim.load.fleet import STEP, Fleet, Report
from sukusuku_sim.load.node import Plan
from sukusuku_sim.load.unit import METRICS
from tests.edge.host_application import Host
from tests.support.broker import mosquitto
from tests.support.ports import free_port

NODES = 4


def fleet(broker: int, period: float = 0.2) -> Fleet:
    return Fleet(Plan("127.0.0.1", broker, "toshima", "sukusuku", 60, 10_000), 0, NODES, period)


def tell(_: Report) -> None:
    """Nobody listens."""


@given(st.text(max_size=200), st.binary(max_size=20_000), st.integers(0, 1), st.integers(1, 40))
def test_packets_are_taken_apart_as_they_were_put_together(topic: str, payload: bytes, qos: int, size: int) -> None:
    stream = packets.publish(topic, payload, qos, 7) + packets.PINGREQ
    buffer, found = bytearray(), list[tuple[int, bytes]]()
    for place in range(0, len(stream), size * 97):
        buffer += stream[place : place + size * 97]
        found += packets.take(buffer)

    assert packets.message(*found[0]) == (topic, payload, b"\0\7" if qos else b"")
    assert [first >> 4 for first, _ in found] == [packets.PUBLISH, 12]
    assert not buffer


def test_everything_is_acknowledged_though_the_host_is_silent_for_a_while_and_the_broker_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sukusuku_sim.load.fleet.RETRY", 0.1)

    async def work() -> tuple[Report, Host]:
        host, port = Host(acknowledging=False), free_port()
        load = fleet(port)
        with mosquitto(port):
            async with host.online(port):
                running = asyncio.create_task(load.run(0, 3.0, tell))
                await host.until(lambda: len(host.stored) > NODES * len(METRICS))
                running_before = load.report()
                assert running_before.tally.acknowledged == 0
                assert running_before.waiting >= len(host.stored)
        host.acknowledging = True
        with mosquitto(port):
            async with host.online(port):
                return await running, host

    report, host = asyncio.run(work())

    assert report.tally.read == report.tally.acknowledged == len(host.stored)
    assert (report.waiting, report.tally.dropped) == (0, 0)
    assert report.tally.sent_again > 0
    assert report.tally.births >= 2 * NODES
    assert host.arrived[-1] == "NDEATH"


def test_a_node_that_is_read_several_times_at_once_has_a_time_for_each_reading() -> None:
    async def work(port: int) -> tuple[Report, Host]:
        host = Host()
        async with host.online(port):
            return await fleet(port, period=STEP / 5).run(0, 10 * STEP, tell), host

    with mosquitto() as port:
        report, host = asyncio.run(work(port))

    assert report.tally.read == report.tally.acknowledged == len(host.stored) > 0


def test_what_could_not_be_sent_and_what_was_dropped_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sukusuku_sim.load.fleet.GRACE", 0.1)
    arguments = ["--nodes=2", "--rate=200", "--seconds=1", "--outbox=30", f"--broker=127.0.0.1:{free_port()}", "--json"]

    assert main(["load", *arguments]) == 1

    told = json.loads(capsys.readouterr().out)
    tally = told["tally"]
    assert (told["online"], tally["acknowledged"]) == (0, 0)
    assert told["waiting"] == told["unsent"] == 2 * 30
    assert tally["read"] == tally["dropped"] + told["waiting"]


def test_the_collector_takes_the_settings_that_are_written_for_it(tmp_path: Path) -> None:
    assert main(["load", "--nodes=3", f"--facility={tmp_path / 'facility.toml'}", "--broker=broker.example:1884"]) == 0

    found = read(tmp_path / "facility.toml")
    assert (found.operator.id, found.host_id, found.broker.port) == (facility.OPERATOR, facility.HOST, 1884)
    assert [(asset.id, asset.edge) for asset in found.assets()] == [(f"load-unit-{n}", f"load-{n}") for n in range(3)]
