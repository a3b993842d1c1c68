"""An edge agent and a scripted host that says all sorts of things about itself."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from sukusuku_mqtt import MqttSession
from tests.sparkplug.recording import Recording
from tests.sparkplug.recording_stage import Stage, is_received, is_sent, stage
from tests.support.mqtt_packets import Kind, Packet

OTHER = "spBv1.0/STATE/another-host"
OWN = "spBv1.0/STATE/sukusuku"
GRACE = 0.3
"""Seconds that the agent gets to do what it must not do; it does what it must within milliseconds."""


@dataclass
class Waiting:
    """The recording, and how many packets it had when each thing was said."""

    edge: Recording
    said: list[tuple[str, bool, int, int]]
    """Topic, online, timestamp, and the number of NBIRTHs and NDEATHs that had been sent before."""


@dataclass
class _Script:
    made: Stage
    host: MqttSession
    said: list[tuple[str, bool, int, int]]

    async def say(self, topic: str, timestamp: int, *, online: bool) -> None:
        """Publish a STATE; returns when the agent has had time to react."""
        at = len(self.made.edge_side.packets)
        self.said.append((topic, online, timestamp, self.reactions()))
        body = json.dumps({"online": online, "timestamp": timestamp}).encode()
        self.host.publish(topic, body, qos=1, retain=True)
        await self.host.flush()
        if topic == OWN:
            await self.made.edge_side.until(is_received("STATE"), at)
        await asyncio.sleep(GRACE)

    def reactions(self) -> int:
        return sum(is_sent("NBIRTH")(packet) or is_sent("NDEATH")(packet) for packet in self.made.edge_side.packets)


def _subscribed(packet: Packet) -> bool:
    return packet.kind is Kind.SUBACK


async def wait(folder: Path, broker: int) -> Waiting:
    """The whole script."""
    async with stage(folder, broker) as made, made.client("scripted-host") as host:
        script = _Script(made, host, [])
        await made.edge()
        await made.edge_side.until(_subscribed)
        await asyncio.sleep(GRACE)  # no STATE at all
        await script.say(OTHER, 9_000, online=True)
        await script.say(OWN, 5_000, online=False)
        await script.say(OWN, 4_000, online=True)  # older than what is known
        at = len(made.edge_side.packets)
        await script.say(OWN, 6_000, online=True)
        await made.edge_side.until(is_sent("DBIRTH", "unit-2"), at)
        await script.say(OTHER, 9_500, online=False)
        await script.say(OWN, 5_500, online=False)  # the late will of an older session
        at = len(made.edge_side.packets)
        await script.say(OWN, 6_000, online=False)
        await made.edge_side.until(is_sent("NDEATH"), at)
        await made.edge_side.until(lambda packet: packet.connect is not None, at)
        await made.edge_side.until(_subscribed, at)
        await asyncio.sleep(GRACE)
        await script.say(OWN, 7_000, online=True)
        await made.edge_side.until(is_sent("DBIRTH", "unit-2"), at)
        assert await made.programs[0].stop() == 0
        edge, _ = made.recordings()
        return Waiting(edge, script.said)
