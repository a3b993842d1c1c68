"""A flooding edge node over a real broker."""

import asyncio
from pathlib import Path

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import MqttSession, MqttSettings
from tests.collector.fake_edge import FakeEdge
from tests.collector.running_collector import UNIT, check_stored, collector, readings, run
from tests.collector.small_facility import facility_in


def test_a_flood_of_births_does_not_hurt_the_others(broker: int, tmp_path: Path) -> None:
    """A node gone mad sends births as fast as the broker takes them; the other one delivers everything meanwhile."""
    expected = readings("unit-1", 0, 500)
    body = Payload(1_780_000_000_000, (Metric(sparkplug.BDSEQ, 0, 1_780_000_000_000, DataType.INT64),), 0)
    birth = sparkplug.encode(body)

    async def flood() -> None:
        async with MqttSession(MqttSettings("127.0.0.1", broker, "mad")) as mqtt:
            while True:
                for _ in range(20):
                    mqtt.publish("spBv1.0/toshima/NBIRTH/seibu-pi", birth)
                await asyncio.sleep(0.01)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        async with collector(facility_in(tmp_path, broker)):
            flooding = asyncio.create_task(flood())
            edge.add(expected)
            delivering = asyncio.create_task(edge.run())
            await edge.reached(len(expected))
            assert not flooding.done()
            flooding.cancel()
            delivering.cancel()

    run(scenario())
    check_stored(tmp_path / "readings.db", expected, refused={"rate-limit"})
