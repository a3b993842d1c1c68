"""The MQTT adapter over a connection that goes silent."""

import asyncio
from typing import Literal

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_mqtt import MqttSession, MqttSettings, Will, paho_client
from sukusuku_mqtt.broker_limits import OVERHEAD
from sukusuku_mqtt.messages import TooLargeError
from tests.support.broker import mosquitto
from tests.support.mqtt_packets import Kind
from tests.support.mqtt_proxy import Flow, MqttProxy
from tests.support.patience import PATIENCE
from tests.support.played_broker import CONNACK, played_broker
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


def test_a_broker_that_acknowledges_nothing_ends_the_session_though_it_answers_pings() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK)
        while (heard := await reader.read(1000)) != b"":
            if heard == b"\xc0\x00":
                writer.write(b"\xd0\x00")

    async def work() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            played_broker(talk) as port,
            MqttSession(MqttSettings("127.0.0.1", port, "one", keepalive=2)) as session,
        ):
            session.publish("a", b"", 1)
            with pytest.raises(TransientError, match="acknowledged nothing for 3 s"):
                await session.receive()

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


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_many_messages_wait_for_a_broker_that_acknowledges_few_at_a_time(protocol: Literal["3.1.1", "5"]) -> None:
    async def work() -> None:
        with mosquitto(settings="max_inflight_messages 2\nmax_queued_messages 1000") as port:
            listener = MqttSettings("127.0.0.1", port, "listener", protocol=protocol)
            sender = MqttSettings("127.0.0.1", port, "sender", protocol=protocol)
            async with asyncio.timeout(PATIENCE), MqttSession(listener) as one, MqttSession(sender) as two:
                one.subscribe(["many"])
                one.publish("many", b"first", 1)
                heard = [message.payload for message in await one.receive()]
                for n in range(200):
                    two.publish("many", b"%d" % n, 1)
                await two.flush()
                while len(heard) < 201:
                    heard += [message.payload for message in await one.receive()]
            assert heard == [b"first", *(b"%d" % n for n in range(200))]

    asyncio.run(work())


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_messages_of_every_size_arrive_as_they_were_sent_and_in_order(
    broker: int, protocol: Literal["3.1.1", "5"]
) -> None:
    edges = [edge + by for edge in (0, 127, 16_383, 65_536, 2_097_151) for by in (-60, -2, -1, 0, 1) if edge + by >= 0]
    sent = [bytes([n]) * size for n, size in enumerate(edges)] + [b"%d" % n for n in range(200)]

    async def work() -> None:
        settings = MqttSettings("127.0.0.1", broker, "one", protocol=protocol)
        async with asyncio.timeout(PATIENCE), MqttSession(settings) as session:
            session.subscribe(["sizes/所"])
            for payload in sent:
                session.publish("sizes/所", payload)
            heard: list[bytes] = []
            while len(heard) < len(sent):
                heard += [message.payload for message in await session.receive()]
        assert heard == sent

    asyncio.run(work())


def test_what_was_said_last_leaves_before_the_session_ends(broker: int) -> None:
    async def work() -> None:
        settings = MqttSettings("127.0.0.1", broker, "listener")
        async with asyncio.timeout(PATIENCE), MqttSession(settings) as listener:
            listener.subscribe(["last"])
            async with MqttSession(MqttSettings("127.0.0.1", broker, "speaker")) as speaker:
                listener.publish("last", b"heard", 1)
                await listener.receive()
                speaker.publish("last", b"word")
            assert [message.payload for message in await listener.receive()] == [b"word"]

    asyncio.run(work())


def test_no_message_overtakes_one_that_waits_for_the_broker() -> None:
    async def work() -> None:
        with mosquitto(settings="max_inflight_messages 2") as port:
            async with MqttProxy(port) as proxy, asyncio.timeout(PATIENCE):
                settings = MqttSettings("127.0.0.1", proxy.port, "sender", protocol="5")
                async with MqttSession(settings) as session:
                    for n in range(60):
                        session.publish("many", b"%d" % n, 1 if n % 3 else 0)
                    await session.flush()
                sent = [packet.payload for packet in proxy.packets if packet.kind is Kind.PUBLISH]
        assert sent == [b"%d" % n for n in range(60)]

    asyncio.run(work())


def test_a_broker_tells_the_largest_message_in_mqtt_5() -> None:
    async def work() -> None:
        with mosquitto(settings="max_packet_size 1000") as port:
            settings = MqttSettings("127.0.0.1", port, "one", protocol="5")
            async with asyncio.timeout(PATIENCE), MqttSession(settings) as session:
                assert session.largest == 1000 - OVERHEAD
                session.subscribe(["topic"])
                with pytest.raises(TooLargeError, match=r"takes 1000: raise its limit \(Mosquitto: max_packet_size\)"):
                    session.publish("topic", b"x" * 1000)
                session.publish("topic", b"x" * 970, 1)
                assert [len(message.payload) for message in await session.receive()] == [970]
            async with MqttSession(MqttSettings("127.0.0.1", port, "two")) as session:
                assert session.largest is None

    asyncio.run(work())


async def all_of(session: MqttSession, seen: list[int]) -> None:
    """Take note of the size of every message until the session ends."""
    while True:
        seen += [len(message.payload) for message in await session.receive()]


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_packet_that_is_too_large_is_never_in_memory(
    broker: int, monkeypatch: pytest.MonkeyPatch, protocol: Literal["3.1.1", "5"]
) -> None:
    monkeypatch.setattr(paho_client, "LARGEST_PACKET", 10_000)

    async def work() -> None:
        settings = MqttSettings("127.0.0.1", broker, "reader", protocol=protocol)
        async with (
            asyncio.timeout(PATIENCE),
            MqttSession(settings) as reader,
            MqttSession(MqttSettings("127.0.0.1", broker, "writer")) as writer,
        ):
            reader.subscribe(["large", "small"])
            reader.publish("small", b"is there")
            assert (await reader.receive())[0].payload == b"is there"
            writer.publish("small", b"x" * 9_000, 1)
            writer.publish("large", b"x" * 20_000, 1)
            writer.publish("small", b"after", 1)
            await writer.flush()
            seen: list[int] = []
            if protocol == "5":
                while len(seen) < 2:
                    seen += [len(message.payload) for message in await reader.receive()]
                assert seen == [9_000, 5]
            else:
                with pytest.raises(TransientError, match=r"a packet of 200\d\d bytes came; .*max_packet_size"):
                    await all_of(reader, seen)
                assert seen in ([], [9_000])

    asyncio.run(work())
