"""Brokers that take no large message: what waits arrives all the same."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_core.model import Reading
from sukusuku_edge.message_size import FLOOR, MessageSize
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.uplink import Uplink
from sukusuku_mqtt import MqttSettings
from sukusuku_mqtt.reconnect import Reconnect
from tests.edge.host_application import Host
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE

IDENTITY = NodeIdentity("toshima", "tobu-pi", "sukusuku")
METRICS: dict[str, dict[str, DataType]] = {
    "tobu-pi": {},
    "unit-1": {"Fill/Percent": DataType.DOUBLE, "State": DataType.INT64},
}
T = 1_760_000_000_000


def rows(count: int, first: int = 1, value: float | str = 1.0) -> list[tuple[int, Reading]]:
    return [(first + n, Reading("unit-1", "Fill/Percent", T + n, value)) for n in range(count)]


@pytest.mark.parametrize(
    ("settings", "protocol"),
    [
        ("max_packet_size 1500", "5"),
        ("max_packet_size 1500", "3.1.1"),
        ("message_size_limit 1200", "3.1.1"),
        ("message_size_limit 1200", "5"),
    ],
)
def test_what_waits_arrives_at_a_broker_that_takes_no_large_message(
    tmp_path: Path, settings: str, protocol: Literal["3.1.1", "5"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reconnect, "pause", lambda _self: 0.01)

    async def work() -> None:
        host = Host()
        readings = [Reading("unit-1", "Fill/Percent", T + 60_000 * n, 40.0 + n % 50) for n in range(600)]
        with mosquitto(settings=settings) as port:
            async with host.online(port), Outbox(tmp_path / "outbox.db") as outbox:
                await outbox.add(readings, {})
                broker = MqttSettings("127.0.0.1", port, "node", keepalive=5, connect_timeout=2.0, protocol=protocol)
                uplink = Uplink(
                    IDENTITY, METRICS, broker, outbox, now_ms, waiting=(await outbox.stats()).last, ack_timeout=300
                )
                uplink.asset_up("unit-1")
                task = asyncio.create_task(uplink.run())
                await host.until(lambda: host.stored >= set(readings))
                while (await outbox.stats()).rows:  # noqa: ASYNC110 - the outbox has no event
                    await asyncio.sleep(0.02)
                uplink.stop()
                await task

    async def bounded() -> None:
        async with asyncio.timeout(3 * PATIENCE):
            await work()

    asyncio.run(bounded())


def test_a_size_that_fails_twice_is_halved_until_it_arrives() -> None:
    one = MessageSize()
    limits = []
    for attempt in range(8):
        one.sent([attempt], 8000 if one.limit is None else one.limit)
        one.failed()
        limits.append(one.limit)

    assert limits == [None, 4000, 4000, 2000, 2000, 1000, 1000, FLOOR]
    one.sent([9], FLOOR)
    assert not one.failed()
    assert one.limit == FLOOR


def test_a_connection_that_ends_otherwise_changes_nothing() -> None:
    one = MessageSize()
    for attempt in range(10):
        one.sent([2 * attempt], 8000)
        one.delivered([2 * attempt])
        one.sent([2 * attempt + 1], 8000)
        one.failed()
    one.sent([100], 9000)
    one.failed()
    one.sent([100], 9000)
    one.forget()
    one.failed()

    assert one.limit is None


def test_what_has_arrived_is_never_too_large() -> None:
    one = MessageSize()
    one.sent([1, 2], 6000)
    one.delivered([1])
    one.delivered([2])
    for _ in range(2):
        one.sent([3], 8000)
        one.failed()

    assert one.limit == 6000


def test_rows_are_taken_as_far_as_they_fit() -> None:
    one = MessageSize()
    assert len(one.fitting(rows(1000))) == 1000
    one.told(2000)
    assert 10 <= len(one.fitting(rows(1000))) <= 20
    assert len(one.fitting(rows(3, value="x" * 5000))) == 1
    assert one.fitting([]) == []
