"""Somebody with a session at the broker, who reads along and publishes what he likes. He has no key."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sukusuku_collector.host import claim as tenure
from sukusuku_core import sparkplug, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_core.state import HostState
from sukusuku_core.topics import MessageType, NodeTopic
from sukusuku_mqtt import MqttSession, MqttSettings

GROUP, HOST = "toshima", "sukusuku"
STATE = topics.state_topic(HOST)


class Attacker:
    """What he knows of one edge node: its birth, and how many messages it has sent since. `eyes`: how he reads."""

    def __init__(self, mqtt: MqttSession, eyes: MqttSession, node: str) -> None:
        self.mqtt = mqtt
        self.eyes = eyes
        self.node = node
        self.birth: int | None = None
        self.count = 0
        self.acknowledged = 0

    async def acknowledge_everything(self) -> None:
        """Say of every message of the node that it is stored, with a proof that is none, until cancelled."""
        while True:
            for message in await self.eyes.receive():
                topic = topics.parse(message.topic)
                if topic.node != self.node or topic.type is MessageType.NDEATH:
                    continue
                payload = sparkplug.decode(message.payload)
                if topic.type is MessageType.NBIRTH:
                    ours = any(metric.name == sparkplug.ACK_BIRTH for metric in payload.metrics)
                    if not ours:
                        continue  # his own
                    self.birth, self.count = payload.timestamp, 0
                self.count += 1
            if self.birth is not None:
                self.acknowledged += 1
                said: list[tuple[str, int | str]] = [
                    (sparkplug.ACK_BIRTH, self.birth),
                    (sparkplug.ACK_COUNT, self.count),
                ]
                if self.acknowledged % 2:
                    said.append((sparkplug.ACK_PROOF, secrets.token_hex(32)))
                self.command(*said)

    async def distract_collector(self) -> None:
        """Be born in the name of the node, so that the collector stores nothing of two that are called the same."""
        while True:
            bdseq = Metric(sparkplug.BDSEQ, secrets.randbelow(256), None, DataType.INT64)
            self.mqtt.publish(self._topic(MessageType.NBIRTH), sparkplug.encode(Payload(now_ms(), (bdseq,), 0)))
            await asyncio.sleep(0.2)

    def state(self, *, online: bool, timestamp: int, retain: bool = False) -> None:
        """Speak for the host application."""
        self.mqtt.publish(STATE, HostState(online, timestamp).encode(), 1, retain=retain)

    async def claim_the_host_id(self) -> None:
        """Say all the time that an older collector has it."""
        while True:
            self.mqtt.publish(tenure.topic(GROUP, HOST), tenure.Claim("00000000", 0, "x").encode())
            await asyncio.sleep(0.05)

    async def say_offline(self) -> None:
        """Say all the time that the host is gone."""
        while True:
            self.state(online=False, timestamp=now_ms() + 60_000, retain=True)
            await asyncio.sleep(0.1)

    async def say_online(self) -> None:
        """Say all the time that the host is there."""
        timestamp = now_ms() + 60_000
        while True:
            self.state(online=True, timestamp=timestamp)
            await asyncio.sleep(0.5)

    def command(self, *metrics: tuple[str, int | str | bool]) -> None:
        """Command the node."""
        self.mqtt.publish(self._topic(MessageType.NCMD), sparkplug.command(metrics, now_ms()))

    def _topic(self, kind: MessageType) -> str:
        return str(NodeTopic(GROUP, kind, self.node))


@contextlib.asynccontextmanager
async def attacker(
    port: int,
    account: Mapping[str, Any] | None = None,
    eyes: Mapping[str, Any] | None = None,
    node: str = "tobu-pi",
    eyes_port: int | None = None,
) -> AsyncIterator[Attacker]:
    """He publishes with one account and reads with another, at another port: what he may not read he knows anyhow."""
    accounts = [account or {}, eyes or account or {}]
    async with (
        MqttSession(MqttSettings("127.0.0.1", port, "attacker", **accounts[0])) as mqtt,
        MqttSession(MqttSettings("127.0.0.1", eyes_port or port, "eyes", **accounts[1])) as reading,
    ):
        reading.subscribe(topics.group_filters(GROUP))
        yield Attacker(mqtt, reading, node)


@contextlib.asynccontextmanager
async def at_work(*jobs: "asyncio.Task[None]") -> AsyncIterator[None]:
    """End them afterwards."""
    try:
        yield
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
