"""How soon a broker is tried again: a CONNECT that succeeds is no success."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from sukusuku_core.clock import now_ms
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.sources import mqtt_json
from sukusuku_edge.uplink import Uplink
from sukusuku_mqtt import MqttSettings
from sukusuku_mqtt.reconnect import AWAY, FIRST, USELESS, Reconnect
from tests.edge import edge_settings
from tests.support.patience import PATIENCE
from tests.support.played_broker import CONNACK, played_broker

ONE = MqttSettings("127.0.0.1", 1883, "node")
THREE = MqttSettings("a", 1, "node", others=(("b", 2), ("c", 3)))


def test_a_broker_that_is_away_is_tried_every_few_seconds() -> None:
    one = Reconnect(ONE)
    pauses = [one.pause() for _ in range(10)]

    for pause, longest in zip(pauses, [FIRST, 1, 2, 4, AWAY, AWAY], strict=False):
        assert longest / 2 <= pause <= longest


def test_sessions_of_which_nothing_comes_are_begun_less_and_less_often_until_data_flow() -> None:
    one = Reconnect(ONE)
    pauses = []
    for _ in range(10):
        one.connected()
        pauses.append(one.pause())

    for pause, longest in zip(pauses, [FIRST, 1, 2, 4, 8, 16, 32, USELESS, USELESS], strict=False):
        assert longest / 2 <= pause <= longest
    one.connected()
    one.flowed()
    assert one.pause() <= FIRST
    one.connected()
    assert one.pause() <= FIRST


def test_a_broker_that_comes_and_goes_is_judged_by_its_sessions() -> None:
    one = Reconnect(ONE)
    for _ in range(5):
        one.connected()
        one.pause()

    assert one.pause() <= FIRST  # refused now: an attempt costs nobody anything
    one.connected()
    assert one.pause() > AWAY


def test_servers_of_one_broker_have_their_turns_and_pauses_grow_when_all_had_theirs() -> None:
    one = Reconnect(THREE)
    tried, pauses = [], []
    for _ in range(9):
        tried.append((one.broker.host, one.broker.port))
        pauses.append(one.pause())

    assert tried == [("a", 1), ("b", 2), ("c", 3)] * 3
    for pause, longest in zip(pauses, [FIRST, FIRST, FIRST, FIRST, FIRST, 1, FIRST, FIRST, 2], strict=True):
        assert longest / 2 <= pause <= longest


def ending(connections: list[float]) -> AbstractAsyncContextManager[int]:
    """A broker that lets everybody in and ends the session at the first thing they say."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.get_running_loop().time())
        await reader.read(1000)
        writer.write(CONNACK)
        await reader.read(1000)

    return played_broker(talk)


async def _edge(port: int, folder: Path) -> None:
    async with Outbox(folder / "outbox.db") as outbox:
        broker = MqttSettings("127.0.0.1", port, "node")
        identity = NodeIdentity("toshima", "tobu-pi", None)
        await Uplink(identity, {"tobu-pi": {}}, broker, outbox, now_ms, waiting=0).run()


async def _sensors(port: int, _folder: Path) -> None:
    text = edge_settings.HEAD + edge_settings.EYE + edge_settings.ROOM + f"[broker]\nport = {port}\n"

    async def emit(_event: object) -> None:
        pass

    await next(iter(mqtt_json.sources(edge_settings.edge(text), lambda: 1_760_000_000_000))).run(emit)


@pytest.mark.parametrize("run", [_edge, _sensors])
def test_the_pauses_grow_while_a_broker_ends_every_session_at_once(
    run: Callable[[int, Path], Awaitable[None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    enough = asyncio.Event()
    plain = Reconnect.pause

    def pause(self: Reconnect) -> float:
        pauses.append(plain(self))
        if len(pauses) == 7:
            enough.set()
        return 0.01

    monkeypatch.setattr(Reconnect, "pause", pause)
    connections: list[float] = []

    async def work() -> None:
        async with asyncio.timeout(PATIENCE), ending(connections) as port:
            task = asyncio.ensure_future(run(port, tmp_path))
            await enough.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(work())
    assert len(connections) >= 7
    assert pauses[6] > AWAY
    assert sorted(pauses[::2]) == pauses[::2]
