"""Programs that claim an identity which is taken: two edge agents with one node id, two collectors with one host id."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.sparkplug.recording import Recording
from tests.sparkplug.recording_stage import is_sent, stage, until
from tests.support.patience import PATIENCE


@dataclass
class Rivals:
    """The recordings, and what the programs have said on their logs. `refused` is the second collector's status."""

    edge: Recording
    host: Recording
    warned: str
    refused: int
    why: str
    first_lives: bool


async def claim(folder: Path, broker: int) -> Rivals:
    """The whole script."""
    async with stage(folder, broker) as made:
        collector = await made.collector()
        await made.edge()
        await made.edge_side.until(is_sent("DBIRTH", "unit-2"))
        other = await made.edge(folder="neighbour", group="another-city")
        await made.edge_side.until(lambda packet: packet.connect is not None and "another" in packet.connect.client_id)
        await other.kill()
        await made.edge(folder="twin")
        await until(lambda: "two edge nodes use the identity toshima/tobu-pi" in collector.said())
        for program in made.programs[1:]:
            await program.kill()
        second = await made.collector(folder="second", wait=False)
        assert second.process is not None
        async with asyncio.timeout(PATIENCE):
            refused = await second.process.wait()
        at = len(made.edge_side.packets)
        await made.programs[1].start()
        await made.edge_side.until(is_sent("NBIRTH"), at)
        edge, host = made.recordings()
        return Rivals(edge, host, collector.said(), refused, second.said(), collector.running)
