"""The MQTT adapter over a connection that goes silent."""

import asyncio

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_mqtt import MqttSession, MqttSettings, Will
from tests.support.mqtt_packets import Kind
from tests.support.mqtt_proxy import Flow, MqttProxy
from tests.support.patience import PATIENCE
from tests.support.ports import free_port


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


class Wills:
    """Makes a will each time that one is asked for."""

    made = 0

    async def __call__(self) -> Will:
        self.made += 1
        return Will("death", str(self.made).encode())


def test_a_will_is_made_for_a_connect_that_is_sent_and_for_no_other(broker: int) -> None:
    async def work() -> None:
        wills = Wills()
        for _ in range(3):
            with pytest.raises(TransientError, match="cannot connect"):
                async with MqttSession(MqttSettings("127.0.0.1", free_port(), "one"), wills):
                    pass
        assert wills.made == 0
        async with MqttProxy(broker) as proxy, asyncio.timeout(PATIENCE):
            for count in (1, 2):
                async with MqttSession(MqttSettings("127.0.0.1", proxy.port, "one"), wills):
                    assert wills.made == count
            connects = [packet.connect for packet in proxy.packets if packet.connect is not None]
            assert [connect.will_payload for connect in connects] == [b"1", b"2"]

    asyncio.run(work())


def test_a_will_that_cannot_be_made_is_said(broker: int) -> None:
    async def none() -> Will:
        raise TransientError("the disk is full")

    async def work() -> None:
        with pytest.raises(TransientError, match="the disk is full"):
            async with asyncio.timeout(PATIENCE), MqttSession(MqttSettings("127.0.0.1", broker, "one"), none):
                pass

    asyncio.run(work())


def test_a_confirmation_comes_for_the_message_that_asked_for_it(broker: int) -> None:
    async def work() -> None:
        confirmed: list[int] = []
        async with asyncio.timeout(PATIENCE), MqttSession(MqttSettings("127.0.0.1", broker, "one")) as session:
            session.publish("a", b"", 1, confirmed=lambda: confirmed.append(1))
            session.publish("a", b"", 1)
            session.publish("a", b"", 1, confirmed=lambda: confirmed.append(3))
            await session.flush()
        assert confirmed == [1, 3]

    asyncio.run(work())
