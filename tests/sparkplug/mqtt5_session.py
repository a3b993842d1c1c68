"""An edge agent and a collector with MQTT 5: born, told something, ended."""

from dataclasses import dataclass
from pathlib import Path

from tests.sparkplug.recording import Recording
from tests.sparkplug.recording_stage import is_received, is_sent, stage


@dataclass
class Five:
    """Both recordings."""

    edge: Recording
    host: Recording


async def live(folder: Path, broker: int) -> Five:
    """The whole story."""
    async with stage(folder, broker, protocol="5") as made:
        collector = await made.collector()
        edge = await made.edge()
        await made.host_side.until(is_received("DBIRTH", "unit-2"))
        await made.edge_side.until(is_received("NCMD"))
        at = len(made.host_side.packets)
        assert await edge.stop() == 0
        death = await made.host_side.until(is_received("NDEATH"), at)
        await made.host_side.until(is_received("NDEATH"), made.host_side.packets.index(death) + 1)
        at = len(made.host_side.packets)
        assert await collector.stop() == 0
        await made.host_side.until(is_sent("STATE"), at)
        return Five(*made.recordings())
