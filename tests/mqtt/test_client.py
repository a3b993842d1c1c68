"""The MQTT adapter over a connection that goes silent."""

import asyncio

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_mqtt import MqttSession, MqttSettings
from tests.support.mqtt_packets import Kind
from tests.support.mqtt_proxy import Flow, MqttProxy
from tests.support.patience import PATIENCE


def test_a_silent_broker_ends_the_session_after_one_and_a_half_keepalive(broker: int) -> None:
    async def work() -> None:
        async with MqttProxy(broker) as proxy:
            settings = MqttSettings("127.0.0.1", proxy.port, "one", keepalive=4)
            async with asyncio.timeout(PATIENCE), MqttSession(settings) as session:
                proxy.set_flow(Flow.SWALLOW)
                with pytest.raises(TransientError):
                    await session.receive()
            connect = proxy.packets[0].connect
            assert connect is not None
            assert 2 * connect.keepalive <= 1.5 * settings.keepalive  # paho asks after one, and gives up after two
            assert [packet.kind for packet in proxy.packets].count(Kind.PINGREQ) == 1

    asyncio.run(work())
