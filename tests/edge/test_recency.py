"""Whether a message is news or history: its own time, its number, and what bridges repeat."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sukusuku_core.model import Value
from sukusuku_edge.binding import Binder, Counter, Series
from sukusuku_edge.events import Lost, Rejected, Sample
from sukusuku_edge.sources import mqtt_json
from sukusuku_edge.sources.mqtt_json import JsonSensors
from sukusuku_mqtt import Message
from tests.edge import edge_settings
from tests.edge.json_sensors import PEOPLE, PRESENCE, TASMOTA, TOPIC, XOVIS, T, source, uplink, values


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


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("2025-10-09T17:53:20Z", "its clock is 9 h ahead: check it and its time zone"),
        ("2025-10-09T17:53:20", ""),
        ("1970-01-01T00:00:40Z", "expected a time since 2020 at `Time`"),
        ("2000/01/01 00:00:00", "expected a time since 2020 at `Time`"),
        ("9.10.2025", r"\(ISO 8601, or .*\), found a text of the form '9.99.9999'"),
    ],
)
def test_a_time_that_cannot_be_is_told_until_one_can(time: str, told: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    one = next(iter(mqtt_json.sources(edge_settings.edge(edge_settings.HEAD + TASMOTA), lambda: T)))

    def take(text: str) -> str:
        caplog.clear()
        one.decode(Message("tele/module/SENSOR", json.dumps({"Time": text, "COUNTER": {"C1": 1}}).encode()))
        return caplog.text

    assert re.search(told, take(time))
    assert bool(told) == ("can be believed again" in take("2025-10-09T17:53:21"))


def test_a_sensor_that_is_nine_hours_behind_may_speak_of_utc(caplog: pytest.LogCaptureFixture) -> None:
    one = next(iter(mqtt_json.sources(edge_settings.edge(edge_settings.HEAD + TASMOTA), lambda: T)))

    for second in (10, 20, 30):
        message = {"Time": f"2025-10-09T08:53:{second}", "COUNTER": {"C1": second}}
        one.decode(Message("tele/module/SENSOR", json.dumps(message).encode()))

    assert [record.getMessage() for record in caplog.records if "UTC" in record.message] == [
        'module time: its messages are 9 h old when they come: is its time UTC? Then zone = "UTC" in the profile'
    ]


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


def test_a_retained_message_without_a_time_says_nothing_about_now() -> None:
    one = source()

    assert one.decode(Message("zigbee2mqtt/radar", b'{"presence": true}', retain=True)) == []
    assert one.decode(Message(TOPIC, uplink(region_1_count=1), retain=True)) == []
    (event,) = one.decode(Message(TOPIC, uplink("2025-10-09T08:50:00Z", region_1_count=1), retain=True))
    assert event.time == T - 200_000


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
