import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sukusuku_core.model import Quality, Value
from sukusuku_edge.binding import Binder, Counter, Series
from sukusuku_edge.events import Cleared, Event, Failure, Lost, Reachable, Refused, Rejected, Sample
from sukusuku_edge.sources import mqtt_json
from sukusuku_edge.sources.mqtt_json import JsonSensors
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from tests.edge import edge_settings
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

STALE = Quality.STALE
T = 1_760_000_000_000
TOPIC = "application/1/device/eye/event/up"
PRESENCE = """
[[device]]
id = "radar"
profile = "zigbee2mqtt-presence"
topic = "zigbee2mqtt/radar"
[[asset]]
id = "room-2"
kind = "room"
[[asset.binding]]
metric = "Presence"
device = "radar"
point = "presence"
"""


def source(port: int = 1883) -> JsonSensors:
    text = edge_settings.HEAD + edge_settings.EYE + edge_settings.ROOM + PRESENCE + f"[broker]\nport = {port}\n"
    return next(iter(mqtt_json.sources(edge_settings.edge(text), lambda: T)))


def uplink(time: str | None = None, **fields: object) -> bytes:
    return json.dumps({"object": fields} | ({"time": time} if time else {})).encode()


def values(event: Event) -> dict[str, Value | None]:
    assert isinstance(event, Sample)
    return {name: decoded.value for name, decoded in event.values.items()}


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


def test_a_late_message_changes_no_total_and_not_what_is_known_now() -> None:
    one = source()
    binder = Binder(edge_settings.edge(edge_settings.HEAD + edge_settings.EYE + edge_settings.ROOM), {})
    sent = [("08:30:00", 5000, 3), ("08:50:00", 5010, 4), ("08:35:00", 5004, 9), ("08:51:00", 5011, 9)]

    found = [
        (reading.metric, reading.time - T, reading.value)
        for clock, total, people in sent
        for event in one.decode(
            Message(TOPIC, uplink(f"2025-10-09T{clock}Z", line_1_total_in=total, region_1_count=people))
        )
        for reading in binder.take([event]).readings
    ]

    assert found == [
        ("Entries/Total", -1_400_000, 5000), ("Zones/play/Count", -1_400_000, 3),
        ("Entries/Total", -200_000, 5010), ("Zones/play/Count", -200_000, 4),
        ("Zones/play/Count", -1_100_000, 9),
        ("Entries/Total", -140_000, 5011), ("Zones/play/Count", -140_000, 9),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "time", ["1e308", "-1e308", "-" + "9" * 400, "1e400", "9" * 5000, '"9999-12-31T23:59:59-23:59"']
)
def test_no_time_ends_the_session(time: str) -> None:
    (event,) = source().decode(Message(TOPIC, f'{{"time": {time}, "object": {{"region_1_count": 1}}}}'.encode()))

    assert isinstance(event, Rejected) or event.time == T


def test_the_sensors_own_time_counts_when_it_can_be_true() -> None:
    times = {
        "2025-10-09T08:53:20.000Z": T,
        "2025-10-09T17:50:00": T - 200_000,
        "2025-10-01T00:00:00Z": T,  # more than a week ago: its clock is wrong
        "2025-10-10T00:00:00Z": T,
        "1970-01-01T00:00:00Z": T,
        "yesterday": T,
    }
    edge = edge_settings.edge(edge_settings.HEAD + TASMOTA)

    def time_of(text: str) -> int:
        one = next(iter(mqtt_json.sources(edge, lambda: T)))
        return one.decode(Message("tele/module/SENSOR", json.dumps({"Time": text, "VL53L0X": {}}).encode()))[0].time

    assert {text: time_of(text) for text in times} == times


def heard(one: JsonSensors, *messages: dict[str, object]) -> list[tuple[dict[str, Value | None], int, bool]]:
    """What messages of the radar say: values, time, and whether that is history."""
    return [
        (values(event), event.time - T, event.late)
        for message in messages
        for event in one.decode(Message("zigbee2mqtt/radar", json.dumps(message).encode()), 100.0)
        if isinstance(event, Sample)
    ]


DAY = 86_400_000


@pytest.mark.parametrize(
    "form", [lambda ms: ms, lambda ms: ms / 1000, str, lambda ms: datetime.fromtimestamp(ms / 1000, UTC).isoformat()]
)
def test_what_a_bridge_repeats_from_its_memory_is_history(form: Callable[[int], object]) -> None:
    one = source()

    found = heard(
        one,
        {"presence": True, "last_seen": form(T - 75_000)},
        {"presence": True, "last_seen": form(T - 3 * DAY)},
        {"presence": False, "last_seen": form(T - 30 * DAY)},
        {"presence": False, "last_seen": form(T)},
        {"presence": False, "last_seen": form(T)},
        {"presence": True, "last_seen": form(T)},
        {"presence": True, "last_seen": form(T - 3 * DAY)},
    )

    assert found == [
        ({"presence": True}, -75_000, False),
        ({"presence": True}, -3 * DAY, True),
        ({"presence": False}, -30 * DAY, True),
        ({"presence": False}, 0, False),
        ({"presence": True}, 0, False),  # within the resolution of the clock
    ]


def test_a_memory_of_days_ago_is_no_sign_of_life_even_when_it_comes_first() -> None:
    one = source()
    binder = Binder(edge_settings.edge(edge_settings.HEAD + PRESENCE), {})
    old = Message("zigbee2mqtt/radar", json.dumps({"presence": True, "last_seen": T - 3 * DAY}).encode())

    outcome = binder.take(one.decode(old, 100.0))

    assert [(reading.time - T, reading.value) for reading in outcome.readings] == [(-3 * DAY, True)]
    assert (outcome.up, binder.devices()[0].state, binder.devices()[0].heard) == ([], "not heard of yet", None)
    assert one.decode(old, 100.0) == []


def test_a_repeated_memory_does_not_bring_a_dead_sensor_back() -> None:
    text = edge_settings.HEAD + PRESENCE.replace('topic = "z', 'silent_after = 20\ntopic = "z')
    now = T
    edge = edge_settings.edge(text)
    one, binder = next(iter(mqtt_json.sources(edge, lambda: now))), Binder(edge, {})
    one._connected(0.0)
    said = Message("zigbee2mqtt/radar", json.dumps({"presence": True, "last_seen": T}).encode())
    binder.take(one.decode(said, 0.0))
    now += 75_000
    for at in (20.0, 40.0, 75.0):
        binder.take(one.silent(at))
    assert binder.devices()[0].state == "does not answer"

    older = Message("zigbee2mqtt/radar", json.dumps({"presence": True, "last_seen": T - 3 * DAY}).encode())
    outcomes = [binder.take(one.decode(message, 75.0)) for message in (said, older)]

    assert [reading.time - T for outcome in outcomes for reading in outcome.readings] == [-3 * DAY]
    assert binder.devices()[0].state == "does not answer"
    assert len(one.silent(75.0)) == 1


def test_readings_of_several_moments_in_one_message_have_their_own_times() -> None:
    edge = edge_settings.edge(edge_settings.HEAD + PEOPLE)
    one, binder = next(iter(mqtt_json.sources(edge, lambda: T))), Binder(edge, {})
    sent = [{"ts": T - 1000 * age, "values": {"peopleCnt": count}} for age, count in ((10, 7), (30, 5), (20, 6))]

    outcome = binder.take(one.decode(Message("people", json.dumps(sent).encode()), 5.0))

    assert [(reading.time - T, reading.value) for reading in outcome.readings] == [
        (-30_000, 5),
        (-20_000, 6),
        (-10_000, 7),
    ]
    assert outcome.up == ["room"]


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


def test_a_retained_message_without_a_time_says_nothing_about_now() -> None:
    one = source()

    assert one.decode(Message("zigbee2mqtt/radar", b'{"presence": true}', retain=True)) == []
    assert one.decode(Message(TOPIC, uplink(region_1_count=1), retain=True)) == []
    (event,) = one.decode(Message(TOPIC, uplink("2025-10-09T08:50:00Z", region_1_count=1), retain=True))
    assert event.time == T - 200_000


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


XOVIS = """
[[device]]
id = "xovis"
profile = "xovis"
topic = "xovis"
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Entries/Total"
device = "xovis"
point = "entries"
"""


def package(number: int, forward: int, serial: str = "80:1F", time: int | None = None) -> bytes:
    counts = [{"id": 0, "name": "fw", "value": forward}]
    logics = [{"id": 1, "records": [{"counts": counts}]}]
    sensor = {"serial_number": serial} | ({} if time is None else {"time": time})
    info = {"package_info": {"id": number}, "sensor_info": sensor, "logics": logics}
    return json.dumps({"logics_data": info}).encode()


def test_numbered_messages_show_what_was_lost_and_come_once() -> None:
    one = next(iter(mqtt_json.sources(edge_settings.edge(edge_settings.HEAD + XOVIS), lambda: T)))
    sent = [(7, 1), (8, 2), (8, 2), (12, 3), (1, 4)]

    got = [one.decode(Message("xovis", package(number, forward))) for number, forward in sent]

    assert [[values(event)["entries"] for event in events if isinstance(event, Sample)] for events in got] == [
        [1], [2], [], [3], [4],
    ]  # fmt: skip
    assert [event for events in got for event in events if isinstance(event, Lost)] == [Lost("xovis", T, 3)]
    assert {event.identity for events in got for event in events if isinstance(event, Sample)} == {"80:1F"}


def test_numbers_that_arrive_out_of_order_are_no_loss() -> None:
    one = next(iter(mqtt_json.sources(edge_settings.edge(edge_settings.HEAD + XOVIS), lambda: T)))

    got = [event for number in (7, 9, 8, 10) for event in one.decode(Message("xovis", package(number, number)))]

    assert sum(event.count for event in got if isinstance(event, Lost)) == 0
    assert [values(event)["entries"] for event in got if isinstance(event, Sample)] == [7, 9, 8, 10]


def test_counts_of_a_period_are_added_once_also_after_restarts() -> None:
    edge = edge_settings.edge(edge_settings.HEAD + XOVIS)
    totals: dict[Series, Counter] = {}
    found = []
    for boot in range(3):
        one, binder = next(iter(mqtt_json.sources(edge, lambda: T))), Binder(edge, totals)
        messages = [
            Message("xovis", package(7 + boot, 5, time=T - 9000 + boot), retain=True),
            *(Message("xovis", package(8 + n, 5, time=T - 8000 + n)) for n in range(boot, boot + 2)),
        ]
        for message in messages:
            totals.update(binder.take(one.decode(message)).counters)
        found.append(totals["room", "Entries/Total"].state.total)

    assert found == [10, 15, 20]


TASMOTA = """
[[device]]
id = "module"
profile = "tasmota-unit"
topic = "tele/module/SENSOR"
[[asset]]
id = "unit"
kind = "unit"
[[asset.binding]]
metric = "Cycles/Total"
device = "module"
point = "cycle_counter"
"""
PEOPLE = """
[[device]]
id = "people"
profile = "thingsboard-people"
topic = "people"
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Occupancy/Count"
device = "people"
point = "people"
"""
ESPHOME = """
[[device]]
id = "esp"
profile = "esphome-room"
topic = "room-1"
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Presence"
device = "esp"
point = "presence"
[[asset.binding]]
metric = "Occupancy/Count"
device = "esp"
point = "people"
"""


def test_a_sensor_may_have_a_topic_for_each_value() -> None:
    one = next(iter(mqtt_json.sources(edge_settings.edge(edge_settings.HEAD + ESPHOME), lambda: T)))

    got = [
        values(event)
        for topic, payload in (("binary_sensor/presence", b"ON"), ("sensor/people", b"3"), ("sensor/people", b"nan"))
        for event in one.decode(Message(f"room-1/{topic}/state", payload))
    ]

    assert got == [{"presence": True}, {"people": 3}, {"people": None}]
    assert one.decode(Message("room-1", b"3")) == []
