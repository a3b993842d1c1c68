"""A collector and a scripted edge node: messages that overtake others, deaths, somebody else's STATE."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sukusuku_mqtt import MqttSession
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.sparkplug import oracle
from tests.sparkplug.recording import Recording, utc_ms
from tests.sparkplug.recording_stage import GROUP, NODE, UNITS, Stage, is_received, is_sent, next_message, stage, until
from tests.support.mqtt_packets import Packet

BDSEQ = 7
REBIRTH = "Node Control/Rebirth"
MIRROR = "sukusuku/toshima/tobu/unit-1/state"
LEFT_OVER = "sukusuku/toshima/tobu/unit-that-was/state"
"""What the broker retains of other settings gives the collector something to say at once."""
STATE = "spBv1.0/STATE/sukusuku"
REORDER_MS = 700

Stale = Mapping[str, set[int | None]]
"""Since when the latest values of an asset or node are stale, as a reader of the store sees it."""


@dataclass
class Hosting:
    """The recording of the collector, and what a reader of its store saw after each death (UTC ms)."""

    host: Recording
    stale: dict[str, Stale] = field(default_factory=dict)
    moments: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Start and end in UTC ms."""
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Start and end among the packets of the collector."""
    said: dict[str, int] = field(default_factory=dict)
    mirrored: dict[str, bool] = field(default_factory=dict)


class Node:
    """An edge node whose every message is written by hand."""

    def __init__(self, made: Stage, mqtt: MqttSession) -> None:
        self._made = made
        self._mqtt = mqtt
        self.birth_time = 0
        self._value = 0

    async def birth(self) -> None:
        """NBIRTH, and DBIRTHs of both units: seq 0, 1, 2."""
        self.birth_time = max(utc_ms(), self.birth_time + 1)
        now = self.birth_time
        body = oracle.payload(now, 0)
        body.metrics.add(name="bdSeq", timestamp=now, datatype=oracle.INT64, long_value=BDSEQ)
        body.metrics.add(name=REBIRTH, timestamp=now, datatype=oracle.BOOLEAN, boolean_value=False)
        body.metrics.add(name="Node Control/Ack Birth", timestamp=now, datatype=oracle.INT64, long_value=now)
        body.metrics.add(name="Node Control/Ack Count", timestamp=now, datatype=oracle.INT64, long_value=0)
        body.metrics.add(name="Devices/Down", timestamp=now, datatype=oracle.INT64, long_value=0)
        await self.send("NBIRTH", body)
        for seq, unit in enumerate(UNITS, 1):
            body = oracle.payload(now, seq)
            body.metrics.add(name="Cycles/Total", timestamp=now, datatype=oracle.INT64, long_value=self._value)
            await self.send("DBIRTH", body, unit)

    async def data(self, seq: int, unit: str = "unit-1") -> None:
        """A DDATA with one more cycle."""
        self._value += 1
        now = utc_ms()
        body = oracle.payload(now, seq)
        body.metrics.add(name="Cycles/Total", timestamp=now, long_value=self._value)
        await self.send("DDATA", body, unit)

    async def death(self, bdseq: int = BDSEQ) -> None:
        """NDEATH."""
        body = oracle.payload(utc_ms())
        body.metrics.add(name="bdSeq", datatype=oracle.INT64, long_value=bdseq)
        await self.send("NDEATH", body)

    async def send(self, kind: str, body: Any, device: str | None = None) -> None:
        """Publish, and wait until the collector has got it."""
        at = len(self._made.host_side.packets)
        tail = f"/{device}" if device is not None else ""
        self._mqtt.publish(f"spBv1.0/{GROUP}/{kind}/{NODE}{tail}", body.SerializeToString())
        await self._made.host_side.until(is_received(kind, device), at)

    async def acknowledged(self, count: int) -> None:
        """Wait until so many messages of this birth are acknowledged."""

        def says(packet: Packet) -> bool:
            if not is_sent("NCMD")(packet):
                return False
            values = {metric.name: oracle.value(metric) for metric in oracle.decode(packet.payload).metrics}
            return (
                values.get("Node Control/Ack Birth") == self.birth_time
                and values.get("Node Control/Ack Count") == count
            )

        await self._made.host_side.until(says)


def asks_rebirth(packet: Packet) -> bool:
    """A request for a rebirth on its way to the broker."""
    return is_sent("NCMD")(packet) and REBIRTH in {metric.name for metric in oracle.decode(packet.payload).metrics}


async def host(folder: Path, broker: int) -> Hosting:
    """The whole script."""
    async with (
        stage(folder, broker, reorder=REORDER_MS / 1000) as made,
        made.client("scripted-edge") as mqtt,
        made.client("reader-of-the-mirror") as mirror,
    ):
        mqtt.publish(LEFT_OVER, b"{}", 1, retain=True)
        await mqtt.flush()
        collector = await made.collector()
        store = SqliteStore.open_reader(folder / "readings.db", 10.0)
        mirror.subscribe([MIRROR])
        node, seen = Node(made, mqtt), Hosting(Recording(()))
        try:
            await _overtaken(made, node, seen)
            await _deaths(node, seen, store, mirror)
            await _own_state(made, mqtt, seen)
        finally:
            store.close()
        assert await collector.stop() == 0
        _, seen.host = made.recordings()
        return seen


async def _overtaken(made: Stage, node: Node, seen: Hosting) -> None:
    await node.birth()
    await node.data(3)
    packets = made.host_side.packets
    at = len(packets)
    await node.data(5)
    await node.data(6)
    await node.data(4)
    await node.acknowledged(7)
    seen.places["filled"] = (at, len(packets))
    at = len(packets)
    await node.data(8)
    await made.host_side.until(asks_rebirth, at)
    seen.places["missing"] = (at, len(packets))
    await node.birth()
    await node.data(3)
    await node.acknowledged(4)


async def _deaths(node: Node, seen: Hosting, store: SqliteStore, mirror: MqttSession) -> None:
    seen.stale["alive"] = _stale(store)
    said = utc_ms() - 1_234
    seen.said["device death"] = said
    await node.send("DDEATH", oracle.payload(said, 4), "unit-1")
    seen.mirrored["device death"] = await _mirrors(mirror, stale=True)
    await until(lambda: any(_stale(store)["unit-1"]))
    seen.stale["device death"] = _stale(store)

    await node.death(bdseq=BDSEQ - 1)  # of an older session
    await node.data(5, "unit-2")
    await node.acknowledged(6)
    seen.stale["old death"] = _stale(store)

    body = oracle.payload(utc_ms(), 6)
    body.metrics.add(name="Cycles/Total", timestamp=utc_ms(), datatype=oracle.INT64, long_value=99)
    await node.send("DBIRTH", body, "unit-1")
    await node.acknowledged(7)
    await _mirrors(mirror, stale=False)
    seen.stale["born again"] = _stale(store)

    begin = utc_ms()
    await node.death()
    seen.mirrored["node death"] = await _mirrors(mirror, stale=True)
    await until(lambda: all(None not in since for since in _stale(store).values()))
    seen.stale["node death"] = _stale(store)
    seen.moments["node death"] = (begin, utc_ms())


def _stale(store: SqliteStore) -> Stale:
    return {asset: {item.stale_since for item in metrics.values()} for asset, metrics in store.latest().items()}


async def _mirrors(mirror: MqttSession, *, stale: bool) -> bool:
    """Wait until the mirror says so."""
    message = await next_message(mirror, lambda item: json.loads(item.payload)["stale"] is stale)
    return bool(json.loads(message.payload)["stale"])


async def _own_state(made: Stage, mqtt: MqttSession, seen: Hosting) -> None:
    """Somebody says for the collector that it is offline: the will of a session that it had before."""
    online = json.loads(next(p for p in made.host_side.packets if is_sent("STATE")(p)).payload)
    seen.said["online"] = online["timestamp"]
    at = len(made.host_side.packets)
    mqtt.publish(STATE, json.dumps({"online": False, "timestamp": online["timestamp"]}).encode(), 1, retain=True)
    await mqtt.flush()
    await made.host_side.until(is_sent("STATE"), at)
    seen.places["own state"] = (at, len(made.host_side.packets))
