"""The proxy between real clients and a real broker: it reads what passes and harms it as told."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_mqtt import MqttSession, MqttSettings, Will
from tests.support.mqtt_packets import Decoder, Direction, Kind, MalformedError, Packet
from tests.support.mqtt_proxy import Flow, MqttProxy, publishes
from tests.support.patience import PATIENCE


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(bounded())


def client(port: int, name: str, will: Will | None = None) -> MqttSession:
    return MqttSession(MqttSettings("127.0.0.1", port, name, keepalive=30, connect_timeout=20), will)


@asynccontextmanager
async def pair(broker: int) -> AsyncIterator[tuple[MqttProxy, MqttSession, MqttSession]]:
    """A client behind the proxy that publishes to one that is connected directly."""
    async with (
        MqttProxy(broker) as proxy,
        client(broker, "listener") as listener,
        client(proxy.port, "talker", Will("will", b"gone")) as talker,
    ):
        listener.subscribe(["a/#", "will"])
        listener.publish("a/ready", b"")
        assert await payloads(listener, 1) == [b""]
        yield proxy, talker, listener


async def payloads(session: MqttSession, count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        found += [message.payload for message in await session.receive()]
    return found


def test_it_records_what_passes(broker: int) -> None:
    async def work() -> None:
        async with pair(broker) as (proxy, talker, listener):
            talker.subscribe(["b/#"])
            talker.publish("a/1", b"one", qos=1, retain=True)
            await talker.flush()
            assert await payloads(listener, 1) == [b"one"]
            listener.publish("b/2", b"two")
            assert await payloads(talker, 1) == [b"two"]
            connect = proxy.packets[0].connect
            assert connect is not None
            assert (connect.client_id, connect.level, connect.clean) == ("talker", 4, True)
            assert (connect.will_topic, connect.will_payload, connect.will_qos) == ("will", b"gone", 1)
            up = [item for item in proxy.packets if item.direction is Direction.UP]
            assert [item.kind for item in up] == [Kind.CONNECT, Kind.SUBSCRIBE, Kind.PUBLISH]
            assert up[1].filters == ("b/#",)
            assert (up[2].topic, up[2].payload, up[2].qos, up[2].retain) == ("a/1", b"one", 1, True)
            down = [item for item in proxy.packets if item.direction is Direction.DOWN]
            assert {item.kind for item in down} >= {Kind.CONNACK, Kind.SUBACK, Kind.PUBACK, Kind.PUBLISH}
            assert [(item.topic, item.payload) for item in publishes(down)] == [("b/2", b"two")]
            assert [item.time for item in proxy.packets] == sorted(item.time for item in proxy.packets)

    run(work())


def test_held_packets_come_late_and_all(broker: int) -> None:
    async def work() -> None:
        async with pair(broker) as (proxy, talker, listener):
            proxy.set_flow(Flow.HOLD, Direction.UP)
            talker.publish("a/1", b"1")
            listener.publish("a/other", b"other")
            assert await payloads(listener, 1) == [b"other"]
            talker.publish("a/2", b"2")
            proxy.set_flow(Flow.OPEN)
            assert await payloads(listener, 2) == [b"1", b"2"]

    run(work())


def test_a_silenced_connection_stays_open_and_says_nothing(broker: int) -> None:
    async def work() -> None:
        async with pair(broker) as (proxy, talker, listener):
            proxy.silence_at = lambda packet: packet.topic == "a/2"
            for number in (b"1", b"2", b"3"):
                talker.publish(f"a/{number.decode()}", number)
            link = await proxy.silenced.get()
            await proxy.until(lambda packet: packet.topic == "a/3")
            listener.publish("a/other", b"other")
            assert await payloads(listener, 2) == [b"1", b"other"]
            assert not link.gone.is_set()
            await talker.close()
            await link.gone.wait()
            listener.publish("a/other", b"the broker has not heard of it")
            assert await payloads(listener, 1) == [b"the broker has not heard of it"]
            async with client(proxy.port, "another") as another:  # only that one connection is silent
                another.publish("a/4", b"4")
                assert await payloads(listener, 1) == [b"4"]

    run(work())


@pytest.mark.parametrize("short_by", [1, 5])
def test_a_cut_lets_exactly_so_many_bytes_pass(short_by: int) -> None:
    async def work() -> None:
        received = bytearray()
        done = asyncio.Event()

        async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while data := await reader.read(100):
                    received.extend(data)
            except ConnectionError:
                pass
            done.set()
            writer.close()

        ping, publish = b"\xc0\x00", b"\x30\x05\x00\x01ahi"
        server = await asyncio.start_server(peer, "127.0.0.1", 0)
        async with server, MqttProxy(server.sockets[0].getsockname()[1]) as proxy:
            proxy.cut_next = (Direction.UP, len(ping + publish) - short_by)
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(ping + publish)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            await done.wait()
            assert (ping + publish).startswith(bytes(received))
            assert len(received) <= len(ping + publish) - short_by
            writer.close()

    run(work())


def test_a_cut_makes_the_broker_send_the_will(broker: int) -> None:
    async def work() -> None:
        async with pair(broker) as (proxy, talker, listener):
            proxy.reset_all()
            assert await payloads(listener, 1) == [b"gone"]
            with pytest.raises(TransientError):
                await talker.receive()

    run(work())


def test_a_cut_in_a_packet_lets_all_before_it_pass(broker: int) -> None:
    async def work() -> None:
        async with pair(broker) as (proxy, talker, listener):
            proxy.cut_in = lambda packet: 3 if packet.topic == "a/2" else None
            talker.publish("a/1", b"1")
            talker.publish("a/2", b"2")
            assert await payloads(listener, 2) == [b"1", b"gone"]

    run(work())


def test_packets_can_be_doubled_swapped_and_delayed(broker: int) -> None:
    async def work() -> None:
        async with pair(broker) as (proxy, talker, listener):
            kept: list[Packet] = []

            def harm(packet: Packet) -> list[Packet]:
                if packet.topic == "a/twice":
                    return [packet, packet]
                if packet.topic == "a/later":
                    kept.append(packet)
                    return []
                return [packet, *(kept.pop() for _ in list(kept))]

            proxy.rewrite = harm
            proxy.delay[Direction.UP] = 0.01
            for topic in ("twice", "later", "after"):
                talker.publish(f"a/{topic}", topic.encode())
            assert await payloads(listener, 4) == [b"twice", b"twice", b"after", b"later"]

    run(work())


def test_it_can_refuse(broker: int) -> None:
    async def work() -> None:
        async with MqttProxy(broker) as proxy:
            proxy.refusing = True
            with pytest.raises(TransientError):
                async with client(proxy.port, "talker"):
                    pass
            proxy.refusing = False
            async with client(proxy.port, "talker"):
                pass

    run(work())


def test_without_a_broker_the_connection_ends() -> None:
    async def work() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            async with MqttProxy(taken.getsockname()[1]) as proxy:
                with pytest.raises(TransientError):
                    async with client(proxy.port, "talker"):
                        pass

    run(work())


MQTT5 = [
    bytes.fromhex("10 14 00044d515454 05 02 003c 05 11 00000010 0002 6162"),
    bytes.fromhex("32 0d 0001 61 0007 05 01 01 02 0000 6869"),
    bytes.fromhex("82 09 0008 00 0003 61 2f 23 01"),
    bytes.fromhex("e0 02 04 00"),
]


def test_mqtt_5_is_framed() -> None:
    connect, publish, subscribe, disconnect = (
        packet
        for piece in (MQTT5,)
        for decoder in [Decoder(1, Direction.UP)]
        for byte in _lengths(piece)
        for packet in decoder.feed(bytes([byte]))
    )
    assert connect.connect is not None
    assert (connect.connect.client_id, connect.connect.level, connect.connect.keepalive) == ("ab", 5, 60)
    assert connect.connect.session_expiry == 16
    assert (publish.topic, publish.qos, publish.packet_id) == ("a", 1, 7)
    assert publish.payload.endswith(b"hi")
    assert (subscribe.filters, subscribe.filters_qos) == (("a/#",), (1,))
    assert disconnect.reason == 4


def _lengths(packets: list[bytes]) -> bytes:
    """The packets with their true remaining lengths."""
    return b"".join(packet[:1] + bytes([len(packet) - 2]) + packet[2:] for packet in packets)


@pytest.mark.parametrize("data", [b"\x00\x00", b"\x30\xff\xff\xff\xff\x01", b"\x30\x01\x00", b"\x30\x02\x00\x09"])
def test_what_is_no_mqtt_is_said_so(data: bytes) -> None:
    with pytest.raises(MalformedError):
        list(Decoder(1, Direction.UP).feed(data))
