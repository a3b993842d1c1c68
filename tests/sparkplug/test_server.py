"""What Sparkplug needs of an MQTT server, at the Mosquitto that the project uses."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal

import pytest

from sukusuku_mqtt import Message, MqttSession, MqttSettings, Will
from tests.support.mqtt_packets import Kind
from tests.support.mqtt_proxy import MqttProxy, publishes
from tests.support.patience import PATIENCE


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(bounded())


def client(port: int, name: str, will: Will | None = None, qos: Literal[0, 1] = 1) -> MqttSession:
    return MqttSession(MqttSettings("127.0.0.1", port, name, subscribe_qos=qos), will)


async def subscribed(mqtt: MqttSession, proxy: MqttProxy, topic: str) -> None:
    at = len(proxy.packets)
    mqtt.subscribe([topic])
    await proxy.until(lambda packet: packet.kind is Kind.SUBACK, at)


async def one(mqtt: MqttSession) -> Message:
    (message,) = await mqtt.receive()
    return message


@pytest.mark.sparkplug("conformance-mqtt-qos0", "conformance-mqtt-qos1")
@pytest.mark.parametrize("qos", [0, 1])
def test_messages_are_delivered_at_their_qos(broker: int, qos: Literal[0, 1]) -> None:
    async def work() -> None:
        async with MqttProxy(broker) as proxy, client(proxy.port, "listener", qos=qos) as listener:
            await subscribed(listener, proxy, "a/b")
            async with client(broker, "talker") as talker:
                talker.publish("a/b", b"said", qos)
                await talker.flush()  # at QoS 1: acknowledged by the server
                message = await one(listener)
            assert (message.topic, message.payload, message.retain) == ("a/b", b"said", False)
            (packet,) = publishes(proxy.packets)
            assert packet.qos == qos

    run(work())


@pytest.mark.sparkplug("conformance-mqtt-will-messages")
@pytest.mark.parametrize(("qos", "retain"), [(1, False), (1, True)])
def test_a_will_is_delivered_when_a_client_is_lost_and_not_when_it_leaves(broker: int, qos: int, retain: bool) -> None:  # noqa: FBT001 - a parameter of the test
    async def work() -> None:
        async with MqttProxy(broker) as proxy, client(proxy.port, "listener") as listener:
            await subscribed(listener, proxy, "will/+")
            async with client(broker, "leaver", Will("will/left", b"gone", qos, retain)):
                pass
            async with client(broker, "lost", Will("will/lost", b"gone", qos, retain)) as lost:
                await lost.abort()
            message = await one(listener)
            assert (message.topic, message.payload) == ("will/lost", b"gone")
            assert [packet.qos for packet in publishes(proxy.packets)] == [qos]
        async with client(broker, "late") as late:
            late.subscribe(["will/+", "end"])
            late.publish("end", b"")
            first = await one(late)
            assert (first.topic, first.retain) == (("will/lost", True) if retain else ("end", False))

    run(work())


@pytest.mark.sparkplug("conformance-mqtt-retained")
def test_a_retained_message_is_kept_for_those_who_come_later_and_replaced_by_the_next(broker: int) -> None:
    async def work() -> None:
        async with client(broker, "talker") as talker:
            talker.publish("kept", b"old", 1, retain=True)
            talker.publish("kept", b"new", 1, retain=True)
            talker.publish("passing", b"by", 1)
            await talker.flush()
        async with client(broker, "late") as late:
            late.subscribe(["kept", "passing"])
            message = await one(late)
            assert (message.topic, message.payload, message.retain) == ("kept", b"new", True)

    run(work())
