"""The session with the sensors' broker: what comes, what is refused, and who says nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core.model import Quality
from sukusuku_edge.binding import Binder
from sukusuku_edge.events import Cleared, Event, Failure, Reachable, Refused, Rejected, Sample
from sukusuku_edge.sources import mqtt_json
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from tests.edge import edge_settings
from tests.edge.json_sensors import ESPHOME, PEOPLE, PRESENCE, TOPIC, T, source, uplink, values
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

STALE = Quality.STALE


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(bounded())


class Heard:
    """Collects events; `until` waits for them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.reachable: list[Reachable] = []
        self._changed = asyncio.Event()

    async def emit(self, event: Event) -> None:
        if isinstance(event, Reachable):
            self.reachable.append(event)
            return
        self.events.append(event)
        self._changed.set()

    async def until(self, what: Callable[[list[Event]], object]) -> None:
        while not what(self.events):
            self._changed.clear()
            await self._changed.wait()


async def publish_until(heard: Heard, port: int, topic: str, payload: bytes, count: int) -> None:
    """Publish until the source has heard it: when it has subscribed is its own affair."""
    async with MqttSession(MqttSettings("127.0.0.1", port, "sensor")) as sensor:
        while len(heard.events) < count:
            sensor.publish(topic, payload, 1)
            await sensor.flush()
            await asyncio.sleep(0.01)


def test_messages_become_samples_also_after_the_broker_came_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    port = free_port()

    async def work() -> None:
        heard = Heard()
        with mosquitto(port):
            task = asyncio.create_task(source(port).run(heard.emit))
            await publish_until(heard, port, TOPIC, uplink(line_1_total_in=7, region_1_count=3), 1)
            assert heard.events[0].device == "eye"
            assert values(heard.events[0]) == {"line_1_total_in": 7, "region_1_count": 3}
        before = len(heard.events)
        with mosquitto(port):
            await publish_until(heard, port, "zigbee2mqtt/radar", b'{"presence": true}', before + 1)
            assert values(heard.events[-1]) == {"presence": True}
            assert [event.device for event in heard.reachable] == ["eye", "radar"] * 2
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(work())
    troubles = [record.message for record in caplog.records if record.message.startswith("sensors: ")]
    assert len([text for text in troubles if "check [sensors] or [broker]" in text]) in {1, 2}  # cut, then refused
    assert troubles[-1] == "sensors: the sensors' broker answers again"


def test_sensors_count_as_failing_when_the_broker_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_json, "SILENCE", 0.0)

    async def work() -> None:
        heard = Heard()
        task = asyncio.create_task(source(free_port()).run(heard.emit))
        await heard.until(lambda events: len(events) >= 4)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert {event.device for event in heard.events} == {"eye", "radar"}
        assert all(isinstance(event, Failure) for event in heard.events)

    run(work())


def test_a_sensor_that_says_nothing_for_too_long_is_failing() -> None:
    one = source()
    one._connected(0.0)
    one.decode(Message(TOPIC, uplink(region_1_count=3)), 600.0)
    one.decode(Message(TOPIC, uplink("2025-10-09T08:50:00Z", region_1_count=3), retain=True), 4000.0)
    one.decode(Message(TOPIC, b"no JSON"), 4000.0)

    assert one.silent(4199.0) == []
    assert one.silent(7800.0) == [
        Failure("eye", T, f"no message from {TOPIC} for 1 h: check the sensor and its power")
    ]  # the kept message is of 200 s before; the radar speaks only when something changes
    one.decode(Message(TOPIC, uplink(region_1_count=3)), 7800.0)
    assert one.silent(7800.0) == []


def test_silence_while_the_broker_was_away_is_not_held_against_a_sensor() -> None:
    one = source()
    one._connected(0.0)
    one._lost = 3000.0
    assert one.silent(9000.0) == []

    one._connected(9000.0)

    assert one.silent(9599.0) == []
    assert len(one.silent(9600.0)) == 1


def test_a_setting_says_how_long_a_sensor_may_be_silent() -> None:
    text = edge_settings.HEAD + edge_settings.EYE + PRESENCE.replace('topic = "z', 'silent_after = 50\ntopic = "z')
    one = next(iter(mqtt_json.sources(edge_settings.edge(text), lambda: T)))
    one._connected(0.0)

    assert [failure.why for failure in one.silent(51.0)] == [
        "no message from zigbee2mqtt/radar for 51 s: check the sensor and its power"
    ]


def test_a_silent_sensor_turns_stale_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_json, "LOOK", 0.05)
    port = free_port()
    text = (
        edge_settings.HEAD
        + edge_settings.EYE.replace('topic = "', 'silent_after = 0.2\ntopic = "')
        + edge_settings.ROOM
    )
    edge = edge_settings.edge(f"{text}[broker]\nport = {port}\n")

    async def work() -> None:
        heard = Heard()
        with mosquitto(port):
            task = asyncio.create_task(next(iter(mqtt_json.sources(edge, lambda: T))).run(heard.emit))
            await publish_until(heard, port, TOPIC, uplink(region_1_count=3), 1)
            await heard.until(lambda events: sum(isinstance(event, Failure) for event in events) >= 3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        binder = Binder(edge, {})
        binder.take(event for event in heard.events if isinstance(event, Sample))
        outcome = binder.take(event for event in heard.events if isinstance(event, Failure))
        assert {(reading.value, reading.quality) for reading in outcome.readings} == {(None, STALE), (3, STALE)}
        assert binder.devices()[0].trouble.startswith(f"no message from {TOPIC} for ")

    run(work())


def test_a_missing_field_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    point = '[[point]]\nname = "{0}"\npath = "{0}"\nrole = "people_count"\nja = "人"\nen = "people"\ntype = "int"\n'
    head = 'profile = "own"\ntransport = "mqtt"\nmaker = "m"\nmodel = "x"\nja = "機"\nen = "d"\nstatus = "guess"\n'
    file = tmp_path / "own.toml"
    file.write_text(f'{head}source = "none"\n{point.format("people")}{point.format("most")}', encoding="utf-8")
    text = f'profiles = "{tmp_path}"\n' + edge_settings.HEAD + PEOPLE.replace("thingsboard-people", "own")
    edge = edge_settings.edge(text)
    one, binder = next(iter(mqtt_json.sources(edge, lambda: T))), Binder(edge, {})

    outcome = binder.take(one.decode(Message("people", b'{"people": 5}')))

    assert [reading.value for reading in outcome.readings] == [5]
    assert binder.devices()[0].trouble == "missing: the profile own expects a field `most`"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "json"),
        (b"\xff\xfe", "json"),
        (b'{"object": 5}', "shape"),
        (b"[" * 100_000, "oversized"),
        (b"[" * 5_000, ""),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "depth"),
    ],
)
def test_a_bad_message_is_refused_with_its_reason_and_said_once(
    payload: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    one = source()

    events = [event for _ in range(3) for event in one.decode(Message(TOPIC, payload))]
    cleared, after = one.decode(Message(TOPIC, uplink(region_1_count=2)))
    (last,) = one.decode(Message(TOPIC, uplink(region_1_count=3)))

    assert cleared == Cleared("eye", T, TOPIC)
    assert values(last) == {"region_1_count": 3}
    assert len(events) == 3
    assert all(isinstance(event, Rejected) and event.why.startswith(reason) for event in events)
    assert len([record for record in caplog.records if "message refused" in record.message]) == 1
    assert values(after) == {"region_1_count": 2}


def test_an_uplink_without_payload_is_nothing_wrong() -> None:
    edge = edge_settings.edge(edge_settings.HEAD + edge_settings.EYE + edge_settings.ROOM)
    one, binder = next(iter(mqtt_json.sources(edge, lambda: T))), Binder(edge, {})
    one._connected(0.0)
    bare = b'{"time": "2025-10-09T08:51:00Z", "fCnt": 2, "adr": true}'

    first = binder.take(one.decode(Message(TOPIC, uplink("2025-10-09T08:50:00Z", line_1_total_in=5)), 5.0))
    outcome = binder.take(one.decode(Message(TOPIC, bare), 3000.0))

    assert [reading.value for reading in first.readings] == [5]
    assert (outcome.readings, binder.errors) == ([], 0)
    (device,) = binder.devices()
    assert (device.trouble, device.heard) == ("", T - 140_000)
    assert one.silent(6000.0) == []  # it is a sign of life


def test_an_undecoded_uplink_is_told_until_one_is_decoded() -> None:
    edge = edge_settings.edge(edge_settings.HEAD + edge_settings.EYE + edge_settings.ROOM)
    one, binder = next(iter(mqtt_json.sources(edge, lambda: T))), Binder(edge, {})

    binder.take(one.decode(Message(TOPIC, b'{"fCnt": 2, "fPort": 85, "data": "AQMCZgA="}')))
    assert binder.devices()[0].trouble == (
        "shape: expected an object at `object`, found NoneType beside `data`: "
        "switch on the device's decoder (codec) in the network server"
    )
    binder.take(one.decode(Message(TOPIC, uplink(line_1_total_in=5))))
    assert binder.devices()[0].trouble == ""


def test_fields_that_could_name_a_child_are_never_kept_and_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    one = source()

    refused, event = one.decode(Message(TOPIC, uplink(region_1_count=2, snapshot="aGVsbG8=", tracks=[{"mac": "x"}])))

    assert values(event) == {"region_1_count": 2}
    assert refused == Refused("eye", T, ("snapshot", "tracks"))
    assert "the sensor sends snapshot, tracks: not read, not kept" in caplog.text
    assert "aGVsbG8" not in caplog.text


def test_a_message_on_another_topic_is_nothing() -> None:
    assert source().decode(Message("other", b"{}")) == []


def test_a_sensor_may_have_a_topic_for_each_value() -> None:
    one = next(iter(mqtt_json.sources(edge_settings.edge(edge_settings.HEAD + ESPHOME), lambda: T)))

    got = [
        values(event)
        for topic, payload in (("binary_sensor/presence", b"ON"), ("sensor/people", b"3"), ("sensor/people", b"nan"))
        for event in one.decode(Message(f"room-1/{topic}/state", payload))
    ]

    assert got == [{"presence": True}, {"people": 3}, {"people": None}]
    assert one.decode(Message("room-1", b"3")) == []
