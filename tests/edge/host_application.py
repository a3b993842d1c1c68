"""A tiny host application: keeps what arrives in memory, acknowledges it when told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from sukusuku_core import sparkplug, topics
from sukusuku_core.clock import now_ms
from sukusuku_core.host_session import HostSession, NodeKey
from sukusuku_core.model import Reading
from sukusuku_core.sparkplug import ACK_BIRTH, ACK_COUNT, BDSEQ, REBIRTH, Payload
from sukusuku_core.state import HostState
from sukusuku_core.topics import MessageType, NodeTopic
from sukusuku_mqtt import Message, MqttSession, MqttSettings, Will
from tests.support.patience import PATIENCE

STATE = topics.state_topic("sukusuku")
CONTROL = {BDSEQ, REBIRTH, ACK_BIRTH, ACK_COUNT}


@dataclass(slots=True)
class Host:
    """What the host `sukusuku` of group `toshima` knows. `acknowledging` may be switched at any time."""

    acknowledging: bool = True
    readings: list[tuple[Reading, bool]] = field(default_factory=list)
    """In the order of arrival, with the historical flag; repeats included. Births are not in it."""
    arrived: list[str] = field(default_factory=list)
    """Message types, with the device."""
    bdseqs: list[int] = field(default_factory=list)
    session: HostSession = field(default_factory=HostSession)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, what: Callable[[], object]) -> None:
        """Wait for something to be true, looking after every batch of messages."""
        async with asyncio.timeout(PATIENCE):
            while not what():
                self._changed.clear()
                await self._changed.wait()

    @property
    def stored(self) -> set[Reading]:
        """Every reading once."""
        return {reading for reading, _ in self.readings}

    @contextlib.asynccontextmanager
    async def online(self, port: int) -> AsyncIterator[MqttSession]:
        """Online at this broker while the context lasts; offline is announced at its end."""
        born = now_ms()
        settings = MqttSettings("127.0.0.1", port, "host")
        will = Will(STATE, HostState(online=False, timestamp=born).encode(), qos=1, retain=True)
        async with MqttSession(settings, will) as mqtt:
            mqtt.subscribe([STATE, *topics.group_filters("toshima")])
            mqtt.publish(STATE, HostState(online=True, timestamp=born).encode(), 1, retain=True)
            task = asyncio.create_task(self._listen(mqtt))
            try:
                yield mqtt
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                with contextlib.suppress(Exception):  # the broker may be gone
                    mqtt.publish(STATE, HostState(online=False, timestamp=now_ms()).encode(), 1, retain=True)
                    await mqtt.flush()
                self.session = HostSession()

    async def _listen(self, mqtt: MqttSession) -> None:
        while True:
            for message in await mqtt.receive():
                if message.topic != STATE:
                    self._take(message)
            for key in self.session.rebirths():
                mqtt.publish(_ncmd(key), sparkplug.command([(REBIRTH, True)], now_ms()))
            if self.acknowledging:
                for ack in self.session.acks():
                    metrics = [(ACK_BIRTH, ack.birth), (ACK_COUNT, ack.count)]
                    mqtt.publish(_ncmd(ack.node), sparkplug.command(metrics, now_ms()))
            self._changed.set()

    def _take(self, message: Message) -> None:
        topic = topics.parse(message.topic)
        key = NodeKey(topic.group, topic.node)
        payload = sparkplug.decode(message.payload)
        self.arrived.append(f"{topic.type} {topic.device}" if topic.device else str(topic.type))
        types = {metric.name: int(metric.datatype or 0) for metric in payload.metrics}
        match topic.type:
            case MessageType.NBIRTH:
                bdseq = sparkplug.metric_value(payload.metrics, BDSEQ)
                assert isinstance(bdseq, int)
                self.bdseqs.append(bdseq)
                self.session.node_birth(key, payload.seq or 0, bdseq, payload.timestamp or 0, types, wants_ack=True)
            case MessageType.NDEATH:
                bdseq = sparkplug.metric_value(payload.metrics, BDSEQ)
                assert isinstance(bdseq, int)
                self.session.node_death(key, bdseq)
            case MessageType.DBIRTH:
                self.session.device_birth(key, topic.device or "", payload.seq, types, now_ms())
            case MessageType.DDEATH:
                self.session.device_death(key, topic.device or "", payload.seq, now_ms())
            case MessageType.DDATA | MessageType.NDATA:
                self._data(key, topic, message, payload)
            case _:
                raise AssertionError(f"a host does not subscribe to {topic.type}")

    def _data(self, key: NodeKey, topic: NodeTopic, message: Message, payload: Payload) -> None:
        types = self.session.data(key, topic.device, payload.seq, now_ms())
        if types is None:
            return
        for metric in sparkplug.decode(message.payload, types.get).metrics:
            assert metric.name in types
            reading = Reading(
                topic.device or topic.node, metric.name, metric.timestamp or 0, metric.value, metric.quality
            )
            self.readings.append((reading, metric.historical))


def _ncmd(key: NodeKey) -> str:
    return str(NodeTopic(key.group, MessageType.NCMD, key.node))
