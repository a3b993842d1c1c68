"""A gateway of another make on a real broker: it watches no STATE, and is born again only when asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_mqtt import Message, MqttSession, MqttSettings, Will
from tests.collector.ingest.foreign_gateway import ForeignGateway

Births = Callable[[ForeignGateway], Sequence[Message]]


class WiredGateway:
    """One session with the broker."""

    def __init__(self, mqtt: MqttSession, says: ForeignGateway, births: Births) -> None:
        self._mqtt = mqtt
        self._births = births
        self.says = says
        self.asked = asyncio.Event()
        """Set when a rebirth has been asked for and answered."""

    def send(self, *messages: Message) -> None:
        for message in messages:
            self._mqtt.publish(message.topic, message.payload, qos=1)

    def be_born(self) -> None:
        self.send(*self._births(self.says))

    async def listen(self) -> None:
        while True:
            for message in await self._mqtt.receive():
                if any(_asks_rebirth(metric) for metric in sparkplug.parse(message.payload).metrics):
                    self.be_born()
                    self.asked.set()


def _asks_rebirth(metric: Any) -> bool:
    """As Tahu and the npm clients do: a value whose message tells no datatype is not understood."""
    if metric.datatype != DataType.BOOLEAN:
        return False
    return metric.name == sparkplug.REBIRTH and metric.boolean_value is True


@contextlib.asynccontextmanager
async def gateway(port: int, births: Births, node: str = "tobu-pi") -> AsyncIterator[WiredGateway]:
    """A gateway that is connected and born: the broker has its births before anybody comes after it."""
    says = ForeignGateway(node)
    will = says.ndeath()
    settings = MqttSettings("127.0.0.1", port, f"foreign-{node}")
    async with MqttSession(settings, Will(will.topic, will.payload)) as mqtt:
        mqtt.subscribe((f"spBv1.0/{says.group}/NCMD/{node}",))
        made = WiredGateway(mqtt, says, births)
        made.be_born()
        await mqtt.flush()
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
