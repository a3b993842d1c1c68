import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core import jsonmap, profile
from sukusuku_core.model import UnitState
from sukusuku_core.profile import JsonProfile
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_sim import values
from sukusuku_sim.payloads import messages
from sukusuku_sim.room import Child, Room, RoomParameters
from sukusuku_sim.sensors import SensorPublisher, SensorView
from sukusuku_sim.truth import TruthLog
from sukusuku_sim.unit import Unit, UnitParameters
from sukusuku_sim.views import RoomView, UnitView, Values
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

JSON = {name: item for name, item in profile.builtin().items() if isinstance(item, JsonProfile)}
EYE, PRESENCE = JSON["milesight-vs133"], JSON["zigbee2mqtt-presence"]
NOW = 1_776_216_000_123
TOPIC = "application/1/device/24e124710d000101/event/up"


def room(children: int) -> RoomView:
    eating, playing = (Child(0, 0),) * 2, (Child(0, 1),) * children
    return RoomView(Room(0, (), eating + playing, 3, 20, 9, 14, 6), RoomParameters(), None, NOW)


def view(shown: Values, interval: float = 3600) -> SensorView:
    return SensorView("eye", EYE, TOPIC, interval, shown)


def shown(name: str, children: int) -> Values:
    """What a sensor of this model shows of a unit or a room."""
    if name in values.OF_ROOM:
        return values.OF_ROOM[name](room(children))
    unit = Unit(UnitState.COMPRESS, 4, 2, 40, 41.3, 70_001, 33.4, 182.44, 1234.5, 23.46)
    return values.OF_UNIT[name](UnitView(unit, UnitParameters(), 900, 150, "SKB-0101", "1.0.0"))


@pytest.mark.parametrize("children", [0, 5])
@pytest.mark.parametrize("name", list(JSON))
def test_what_a_sensor_publishes_is_what_its_profile_reads(name: str, children: int) -> None:
    values_now = shown(name, children)
    found = [
        (below, jsonmap.decode(JSON[name], payload, below))
        for below, payload in messages(JSON[name], values_now, NOW, 7)
    ]

    read = {key: decoded.value for _, sample in found for key, decoded in sample.values.items()}
    assert read == dict(values_now)
    assert {sample.time for _, sample in found} == {NOW if JSON[name].time else None}
    assert {sample.sequence for _, sample in found} == {7 if JSON[name].sequence else None}


def test_every_profile_can_sense_a_unit_or_a_room() -> None:
    assert set(values.OF_UNIT) | set(values.OF_ROOM) == set(profile.builtin())


def test_the_eye_sends_the_envelope_of_a_network_server() -> None:
    ((_, payload),) = messages(EYE, values.OF_ROOM["milesight-vs133"](room(5)), NOW)
    found = json.loads(payload)

    assert found["time"] == "2026-04-15T01:20:00.123Z"
    assert found["object"] | {"line_1_total_in": 20, "line_1_child_total_out": 6} == found["object"]
    assert (found["object"]["region_1_child_count"], found["object"]["region_2_child_count"]) == (2, 5)
    assert found["object"]["region_1_count"] + found["object"]["region_2_count"] == 10


def test_presence_follows_its_zone() -> None:
    empty = Room(0, (), (Child(0, 1),), 2)
    seen = [values.OF_ROOM["zigbee2mqtt-presence"](RoomView(empty, RoomParameters(), z, NOW)) for z in (0, 1, None)]

    assert [shown["presence"] for shown in seen] == [False, True, True]


@contextlib.asynccontextmanager
async def running(publisher: SensorPublisher) -> AsyncIterator[None]:
    task = asyncio.create_task(publisher.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def next_message(session: MqttSession) -> Message:
    async with asyncio.timeout(PATIENCE):
        return (await session.receive())[0]


def counts(text: bytes) -> Any:
    return json.loads(text)["object"]["region_2_child_count"]


def test_sensors_publish_changes_and_what_is_due_and_the_truth_log_knows_it(broker: int, tmp_path: Path) -> None:
    now = [NOW]

    async def scene(truth: TruthLog) -> list[int]:
        publisher = SensorPublisher(MqttSettings("127.0.0.1", broker, "sim"), truth, lambda: now[0])
        seen = []
        async with MqttSession(MqttSettings("127.0.0.1", broker, "reader")) as reader, running(publisher):
            reader.subscribe([TOPIC])
            await publisher.connected.wait()
            publisher.offer([view({"region_2_child_count": 3}, interval=60)])
            seen.append(counts((await next_message(reader)).payload))
            publisher.offer([view({"region_2_child_count": 3}, interval=60)])  # nothing new: nothing is sent
            now[0] += 1_000
            publisher.offer([view({"region_2_child_count": 4}, interval=60)])
            seen.append(counts((await next_message(reader)).payload))
            now[0] += 60_000
            publisher.offer([view({"region_2_child_count": 4}, interval=60)])  # nothing new, but due
            seen.append(counts((await next_message(reader)).payload))
        return seen

    with TruthLog(tmp_path / "truth.jsonl") as truth:
        assert asyncio.run(scene(truth)) == [3, 4, 4]
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    point = {"kind": "point", "device": "eye", "point": "region_2_child_count"}
    assert lines == [{"time": NOW, **point, "value": 3, "seq": 1}, {"time": NOW + 1_000, **point, "value": 4, "seq": 2}]


def test_sensors_come_back_after_the_broker_has_been_away(tmp_path: Path) -> None:
    port = free_port()
    same = view({"region_2_child_count": 3})

    async def scene(truth: TruthLog) -> int:
        publisher = SensorPublisher(MqttSettings("127.0.0.1", port, "sim"), truth, lambda: NOW)
        async with running(publisher):
            with mosquitto(port):
                await publisher.connected.wait()
                publisher.offer([same])
            await publisher.disconnected.wait()
            publisher.offer([same])  # lost, as with a real sensor
            with mosquitto(port):
                async with MqttSession(MqttSettings("127.0.0.1", port, "reader")) as reader:
                    reader.subscribe([TOPIC])
                    await publisher.connected.wait()
                    publisher.offer([same])
                    return int(counts((await next_message(reader)).payload))

    with TruthLog(tmp_path / "truth.jsonl") as truth:
        assert asyncio.run(scene(truth)) == 3
    assert len((tmp_path / "truth.jsonl").read_text().splitlines()) == 1


def test_a_sensor_that_tells_what_came_since_the_message_before_adds_up(broker: int, tmp_path: Path) -> None:
    xovis = JSON["xovis"]

    async def scene(truth: TruthLog) -> list[tuple[int, int]]:
        publisher = SensorPublisher(MqttSettings("127.0.0.1", broker, "sim"), truth, lambda: NOW)
        seen = []
        async with MqttSession(MqttSettings("127.0.0.1", broker, "reader")) as reader, running(publisher):
            reader.subscribe(["xovis"])
            await publisher.connected.wait()
            for entries in (20, 23, 24):
                publisher.offer([SensorView("x", xovis, "xovis", 3600, {"entries": entries, "exits": 9, "balance": 1})])
                sample = jsonmap.decode(xovis, (await next_message(reader)).payload)
                seen.append((int(sample.values["entries"].value or 0), sample.sequence or 0))
        return seen

    with TruthLog(tmp_path / "truth.jsonl") as truth:
        assert asyncio.run(scene(truth)) == [(0, 1), (3, 2), (1, 3)]
