"""Sensors that speak only of changes: a quiet one is told from a dead one."""

import asyncio
import json
from collections.abc import Callable

import pytest

from sukusuku_core.model import Quality, Reading, Value
from sukusuku_edge.binding import Binder, Outcome
from sukusuku_edge.events import Event
from sukusuku_edge.sources import mqtt_json
from sukusuku_mqtt import Message, MqttSession, MqttSettings, Will
from tests.edge import edge_settings
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

T = 1_760_000_000_000
GOOD, STALE = Quality.GOOD, Quality.STALE
HOUR = 3600.0


def settings(profile: str, topic: str, point: str = "presence") -> str:
    return f"""
refresh = 20.0
{edge_settings.HEAD}
[[device]]
id = "d"
profile = "{profile}"
topic = "{topic}"
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Presence"
device = "d"
point = "{point}"
"""


class Stage:
    """A sensor, and what its messages become; `now` (s) is both clocks."""

    def __init__(self, text: str) -> None:
        self.now = 0.0
        edge = edge_settings.edge(text)
        self.source = next(iter(mqtt_json.sources(edge, lambda: T + round(1000 * self.now))))
        self.binder = Binder(edge, {})
        self.source._connected(0.0)

    def hear(self, topic: str, payload: str, *, retain: bool = False) -> Outcome:
        return self.binder.take(self.source.decode(Message(topic, payload.encode(), retain), self.now))

    def wait(self, seconds: float) -> list[tuple[float, Value | None, Quality]]:
        """What is reported while nothing is heard."""
        found: list[Reading] = []
        for _ in range(round(seconds / mqtt_json.LOOK)):
            self.now += mqtt_json.LOOK
            events: list[Event] = [*self.source.silent(self.now), *self.source.holding(self.now)]
            found += self.binder.take(events).readings
        return said(found)

    @property
    def state(self) -> str:
        (device,) = self.binder.devices()
        return device.state


def said(readings: list[Reading]) -> list[tuple[float, Value | None, Quality]]:
    return [((reading.time - T) / 1000, reading.value, reading.quality) for reading in readings]


def zigbee() -> Stage:
    return Stage(settings("zigbee2mqtt-presence", "zigbee2mqtt/p"))


PRESENT = '{"presence": true}'


def test_a_quiet_sensor_goes_on_saying_what_it_said_last() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/p", PRESENT)

    assert stage.wait(90) == [(30, True, GOOD), (60, True, GOOD), (90, True, GOOD)]
    assert stage.state == "answers"


def test_without_any_proof_it_is_believed_for_a_day_and_an_hour() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/p", PRESENT)
    stage.wait(24 * HOUR)
    assert stage.state == "answers"

    assert stage.wait(2 * HOUR)[-1][1:] == (True, STALE)
    assert stage.state == "does not answer"


def test_nothing_is_said_of_a_sensor_that_has_not_spoken() -> None:
    stage = zigbee()

    assert stage.wait(HOUR) == []
    assert stage.state == "not heard of yet"


@pytest.mark.parametrize(
    ("profile", "topic", "value", "will", "word"),
    [
        ("zigbee2mqtt-presence", "zigbee2mqtt/p", PRESENT, "zigbee2mqtt/p/availability", '{"state":"offline"}'),
        ("zigbee2mqtt-presence", "zigbee2mqtt/p", PRESENT, "zigbee2mqtt/p/availability", "offline"),
        ("zigbee2mqtt-presence", "zigbee2mqtt/p", PRESENT, "zigbee2mqtt/bridge/state", '{"state":"offline"}'),
        ("aqara-fp1", "zigbee2mqtt/p", PRESENT, "zigbee2mqtt/p/availability", '{"state":"offline"}'),
        ("esphome-room", "esp", "ON", "esp/status", "offline"),
    ],
)
def test_the_word_offline_makes_a_device_dead_at_once(
    profile: str, topic: str, value: str, will: str, word: str
) -> None:
    stage = Stage(settings(profile, topic))
    stage.hear("esp/binary_sensor/presence/state" if topic == "esp" else topic, value)

    stage.now = 5.0
    outcome = stage.hear(will, word)

    assert said(outcome.readings) == [(5, True, STALE)]
    assert outcome.down == ["room"]
    assert stage.state == "does not answer"
    assert f"{will} says that the " in stage.binder.devices()[0].trouble
    assert stage.wait(2 * HOUR) == []


def test_the_word_online_is_a_sign_of_life_and_what_was_said_holds_again() -> None:
    stage = Stage(settings("esphome-room", "esp"))
    stage.hear("esp/binary_sensor/presence/state", "ON")
    stage.hear("esp/status", "offline")
    stage.now = 30.0

    outcome = stage.hear("esp/status", "online")

    assert said(outcome.readings) == [(30, True, GOOD)]
    assert (outcome.up, stage.state) == (["room"], "answers")
    assert stage.wait(2 * HOUR)[-1] == (30 + 2 * HOUR, True, GOOD)


def test_after_a_long_absence_it_has_to_speak_first() -> None:
    stage = Stage(settings("esphome-room", "esp"))
    stage.hear("esp/binary_sensor/presence/state", "ON")
    stage.hear("esp/status", "offline")
    stage.now = 2 * HOUR

    outcome = stage.hear("esp/status", "online")

    assert (outcome.readings, outcome.up, stage.wait(60)) == ([], ["room"], [])
    assert said(stage.hear("esp/binary_sensor/presence/state", "OFF").readings) == [(2 * HOUR + 60, False, GOOD)]


def test_a_sensor_that_is_known_to_be_there_may_be_silent_for_days() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/p", PRESENT)
    stage.hear("zigbee2mqtt/p/availability", '{"state":"online"}')

    assert stage.wait(30 * HOUR)[-1] == (30 * HOUR, True, GOOD)
    assert stage.state == "answers"


def test_a_bridge_that_is_there_proves_nothing_of_its_sensors() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/bridge/state", '{"state":"online"}')
    assert (stage.wait(60), stage.state) == ([], "not heard of yet")

    stage.hear("zigbee2mqtt/p", PRESENT)
    stage.wait(26 * HOUR)

    assert stage.state == "does not answer"


def test_when_a_bridge_comes_back_its_sensors_are_what_they_were() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/p", PRESENT)
    stage.hear("zigbee2mqtt/bridge/state", "offline")
    assert stage.state == "does not answer"
    stage.source._lost = stage.now
    stage.now = 40.0
    stage.source._connected(stage.now)

    outcome = stage.hear("zigbee2mqtt/bridge/state", "online", retain=True)

    assert said(outcome.readings) == [(40, True, GOOD)]
    assert stage.state == "answers"


def test_whoever_speaks_is_there() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/p/availability", "offline", retain=True)
    assert stage.state == "does not answer"

    outcome = stage.hear("zigbee2mqtt/p", PRESENT)

    assert (said(outcome.readings), stage.state) == ([(0.001, True, GOOD)], "answers")  # no time comes twice
    assert len(stage.wait(60)) == 2


def test_what_the_broker_has_kept_is_true_of_a_sensor_that_is_there() -> None:
    stage = Stage(settings("esphome-room", "esp"))

    assert stage.hear("esp/binary_sensor/presence/state", "ON", retain=True).readings == []
    assert said(stage.hear("esp/status", "online", retain=True).readings) == [(0, True, GOOD)]
    assert said(stage.hear("esp/binary_sensor/presence/state", "OFF", retain=True).readings) == [(0.001, False, GOOD)]


def test_what_the_broker_has_kept_says_nothing_of_a_sensor_that_is_not_there() -> None:
    stage = Stage(settings("esphome-room", "esp"))

    assert stage.hear("esp/binary_sensor/presence/state", "ON", retain=True).readings == []
    assert stage.hear("esp/status", "offline", retain=True).readings[0].value is None
    stage.now = 5.0
    assert stage.hear("esp/binary_sensor/presence/state", "ON", retain=True).readings == []


def test_a_memory_of_hours_ago_is_the_present_of_a_sensor_that_is_there() -> None:
    stage = zigbee()
    old = json.dumps({"presence": True, "last_seen": T - 3 * 3_600_000})

    assert said(stage.hear("zigbee2mqtt/p", old).readings) == [(-3 * HOUR, True, GOOD)]
    stage.hear("zigbee2mqtt/p/availability", "online")

    assert stage.wait(30) == [(15, True, GOOD)]


def test_a_sensor_is_believed_from_when_it_was_heard_and_not_from_when_that_was_repeated() -> None:
    stage = zigbee()
    old = json.dumps({"presence": True, "last_seen": T - 20 * 3_600_000})

    stage.hear("zigbee2mqtt/p", old)
    assert (stage.wait(4 * HOUR)[-1][1:], stage.state) == ((True, GOOD), "answers")

    assert (stage.wait(2 * HOUR)[-1][1:], stage.state) == ((True, STALE), "does not answer")


@pytest.mark.parametrize("retain", [False, True])
def test_a_memory_from_before_a_sensor_went_away_does_not_bring_it_back(retain: bool) -> None:  # noqa: FBT001
    stage = zigbee()
    stage.hear("zigbee2mqtt/p/availability", "offline", retain=True)

    old = json.dumps({"presence": True, "last_seen": T - 3_600_000})
    assert said(stage.hear("zigbee2mqtt/p", old, retain=retain).readings) == [(-HOUR, True, GOOD)]
    assert stage.state == "does not answer"
    assert stage.wait(60) == []

    new = json.dumps({"presence": False, "last_seen": T + 59_000})
    assert said(stage.hear("zigbee2mqtt/p", new).readings) == [(59, False, GOOD)]
    assert stage.state == "answers"


def test_a_retained_message_with_its_time_holds_as_any_other() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/p", json.dumps({"presence": True, "last_seen": T - 600_000}), retain=True)

    assert stage.wait(15) == [(15, True, GOOD)]


def test_a_module_that_tells_everything_now_and_then_repeats_nothing() -> None:
    text = settings("tasmota-unit", "tele/m/SENSOR").replace('"room"', '"unit"').replace("Presence", "Cycles/Total")
    stage = Stage(text.replace('point = "presence"', 'point = "cycle_counter"'))
    stage.hear("tele/m/SENSOR", '{"COUNTER": {"C1": 5}}')

    assert stage.wait(300) == []
    assert stage.hear("tele/m/LWT", "Offline").down == ["unit"]
    assert stage.hear("tele/m/LWT", "Online").up == ["unit"]


def test_words_that_mean_nothing_change_nothing() -> None:
    stage = zigbee()
    stage.hear("zigbee2mqtt/p", PRESENT)

    for payload in ("", "asleep", "{", '{"state": 5}'):
        outcome = stage.hear("zigbee2mqtt/p/availability", payload)
        assert (outcome.readings, outcome.down, stage.state) == ([], [], "answers")


def test_a_last_will_arrives_over_a_real_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_json, "LOOK", 0.02)
    port = free_port()
    text = settings("esphome-room", "esp").replace("refresh = 20.0", "refresh = 0.1")
    edge = edge_settings.edge(f"{text}[broker]\nport = {port}\n")
    clock = iter(range(T, T + 10**9, 50))

    async def work() -> list[tuple[Value | None, Quality]]:
        binder, readings, changed = Binder(edge, {}), list[Reading](), asyncio.Event()

        async def emit(event: Event) -> None:
            readings.extend(binder.take([event]).readings)
            changed.set()

        async def until(what: Callable[[], object]) -> None:
            while not what():
                changed.clear()
                await changed.wait()

        with mosquitto(port):
            task = asyncio.create_task(next(iter(mqtt_json.sources(edge, lambda: next(clock)))).run(emit))
            async with MqttSession(
                MqttSettings("127.0.0.1", port, "esp"), Will("esp/status", b"offline", retain=True)
            ) as esp:
                esp.publish("esp/status", b"online", 1, retain=True)
                esp.publish("esp/binary_sensor/presence/state", b"ON", 1, retain=True)
                await until(lambda: len(readings) >= 4)
                repeated = [(reading.value, reading.quality) for reading in readings]
                await esp.abort()
            await until(lambda: binder.devices()[0].state == "does not answer")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return [*repeated, (readings[-1].value, readings[-1].quality)]

    async def bounded() -> list[tuple[Value | None, Quality]]:
        async with asyncio.timeout(PATIENCE):
            return await work()

    found = asyncio.run(bounded())
    assert set(found[:-1]) == {(True, GOOD)}
    assert found[-1] == (True, STALE)


def test_a_word_that_nobody_knows_is_told_until_one_is_known(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(settings("zigbee2mqtt-presence", "zigbee2mqtt/p"))
    for word in ("starting", "starting", "online"):
        stage.hear("zigbee2mqtt/p/availability", word)
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1
    assert told[0].startswith("d on zigbee2mqtt/p/availability: expected online or true or ")
