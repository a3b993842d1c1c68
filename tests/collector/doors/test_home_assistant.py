"""What Home Assistant is told fits its schema, and its templates find the values in the mirror, over a real broker."""

import asyncio
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jinja2 import Environment

from sukusuku_collector import service
from sukusuku_collector.clock.machine import SteadyMachine
from sukusuku_collector.doors.home_assistant.door import Announcer
from sukusuku_collector.doors.home_assistant.entities import announced
from sukusuku_collector.host import mirror
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_server.i18n import texts
from sukusuku_server.live import views
from sukusuku_server.model.series import Latest
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, HomeAssistant, Language
from sukusuku_server.settings.groups import SiteGroup
from tests.collector.fake_edge import FakeEdge
from tests.collector.small_facility import facility, facility_in
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE

SCHEMA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "home_assistant_schema.toml").read_text("utf-8"))
NOW = 1_800_000_000_000
INDEX = FacilitySchedules(facility())
SETTINGS = HomeAssistant()


def messages(found: Facility | None = None, language: Language = "ja") -> dict[str, dict[str, Any]]:
    settings = HomeAssistant(language=language)
    return announced(facility() if found is None else found, settings, texts("sukusuku_server", language))


def complaints(topic: str, message: dict[str, Any]) -> list[str]:
    """What Home Assistant's schema says, as far as our table knows it."""
    match = re.fullmatch(SCHEMA["topic"], topic)
    if match is None or match["component"] not in {"sensor", "binary_sensor"}:
        return [f"topic {topic}"]
    keys = SCHEMA["keys"]
    component = match["component"]
    said = [f"key {key}" for key in message.keys() - {*keys["common"], *keys[component]}]
    for part in ("device", "origin"):
        said += [f"{part}.{key}" for key in message[part].keys() - set(keys[part])]
    said += [
        f"availability.{key}" for item in message["availability"] for key in item.keys() - set(keys["availability"])
    ]
    if (
        message["availability_mode"] not in SCHEMA["values"]["availability_mode"]
        or not message["device"]["identifiers"]
    ):
        said.append("availability_mode or identifiers")
    kind, unit = message.get("device_class"), message.get("unit_of_measurement")
    if component == "sensor" and kind is not None and unit not in SCHEMA["sensor_units"].get(kind, []):
        said.append(f"unit {unit} of {kind}")
    if component == "binary_sensor" and kind not in SCHEMA["binary_sensor"]["device_class"]:
        said.append(f"device_class {kind}")
    if message.get("state_class", "measurement") not in SCHEMA["values"]["state_class"]:
        said.append("state_class")
    if message.get("entity_category", "diagnostic") not in SCHEMA["categories"]:
        said.append("entity_category")
    wanted = ("name", "unique_id", "state_topic", "value_template")
    return [*said, *(f"no {key}" for key in wanted if not message.get(key))]


def test_units_of_a_group_are_on_the_topics_of_its_collector() -> None:
    group = SiteGroup(id="north", host_id="north-host", schema="north", sites=("tobu",))
    before, after = messages(), messages(msgspec.structs.replace(facility(), group=(group,)))
    assert len(after) == len(before)
    assert all("/sukusuku_north/" in topic for topic in after)
    for message in after.values():
        assert message["state_topic"].startswith("sukusuku/north/tobu/")
        assert message["availability"][1]["topic"] == "spBv1.0/STATE/north-host"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_announcement_fits_the_schema_of_home_assistant(language: Language) -> None:
    found = messages(language=language)
    assert {topic: said for topic, message in found.items() if (said := complaints(topic, message))} == {}
    assert len({message["unique_id"] for message in found.values()}) == len(found) == 2 * 8 + 2 * 5 + 3


def test_the_table_refuses_what_home_assistant_refuses() -> None:
    topic, message = next(iter(messages().items()))
    wrongs: list[dict[str, Any]] = [
        {"options": []},
        {"device_class": "temperature"},
        {"state_class": "mean"},
        {"name": ""},
    ]
    for wrong in wrongs:
        assert complaints(topic, message | wrong), wrong
    assert complaints(topic.replace("sensor/", "sensor/a.b/"), message)


def test_ids_with_dots_become_topics_and_stay_apart() -> None:
    odd = msgspec.structs.replace(
        facility(), site=tuple(
            msgspec.structs.replace(site, unit=tuple(
                msgspec.structs.replace(unit, id=ident) for unit, ident in zip(site.unit, ("u.1", "u_1"), strict=True)
            )) for site in facility().site
        ),
    )  # fmt: skip
    found = messages(odd)
    assert len(found) == len(messages())
    assert {topic: said for topic, message in found.items() if (said := complaints(topic, message))} == {}


def rendered(template: str, payload: bytes) -> str:
    return Environment(autoescape=False).from_string(template).render(value_json=json.loads(payload))  # noqa: S701


def values(asset: str, latest: dict[str, Value | None], now: int = NOW) -> dict[str, str]:
    """What Home Assistant shows of an asset: its state by the key of the entity; not available is said so."""
    known = {metric: Latest(NOW - 1000, value, Quality.GOOD, NOW) for metric, value in latest.items()}
    view = views.view(INDEX, INDEX.assets[asset], {asset: known}, now)
    payload = mirror.body(INDEX.assets[asset], view)
    shown = {}
    for message in messages().values():
        if message["state_topic"] == mirror.topic("toshima", INDEX.assets[asset]):
            key = message["unique_id"].removeprefix(f"sukusuku_toshima_{asset}_")
            available = rendered(message["availability"][0]["value_template"], payload) == "online"
            shown[key] = rendered(message["value_template"], payload) if available else "unavailable"
    return shown


def test_the_templates_find_the_values_of_a_unit() -> None:
    latest: dict[str, Value | None] = {"Fill/Percent": 83.5, "Lid/Open": True, "Cycles/Total": 12, "State": 3}
    assert values("unit-1", latest) == {
        "level": "83.5", "condition": "soon", "state": "compress", "fault": "OFF", "lid": "ON", "cycles": "12",
        "film": "None", "temperature": "None",
    }  # fmt: skip
    assert values("unit-1", latest | {"Fault/Code": 1})["fault"] == "ON"
    assert values("unit-1", latest | {"Fault/Code": 0})["fault"] == "OFF"


def test_silence_is_no_value() -> None:
    latest: dict[str, Value | None] = {"Fill/Percent": 83.5}
    assert set(values("unit-1", latest, NOW + 3_600_000).values()) == {"unavailable"}
    assert set(values("unit-1", {}).values()) == {"unavailable"}


def test_the_templates_find_the_values_of_a_room_and_its_zones() -> None:
    latest: dict[str, Value | None] = {"Occupancy/Count": 5, "Occupancy/Children": 4, "Zones/eating/Count": 3}
    shown = values("room", latest)
    assert (shown["people"], shown["children"], shown["eating_people"], shown["limit"]) == ("5", "4", "3", "12")
    assert shown["eating_children"] == shown["presence"] == "None"


async def told(mqtt: MqttSession, seen: dict[str, bytes], wanted: set[str]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not wanted <= seen.keys():
            for message in await mqtt.receive():
                seen[message.topic] = message.payload


def test_the_whole_collector_announces_and_home_assistant_finds_a_measured_level(tmp_path: Path) -> None:
    """As Home Assistant does it: read the announcements, subscribe to their topics, render their templates."""

    async def scenario(port: int) -> None:
        found = msgspec.structs.replace(facility_in(tmp_path, port), home_assistant=SETTINGS)
        wanted, stop = messages(found), asyncio.Event()
        edge = FakeEdge(port, {"unit-1": {"Fill/Percent": DataType.DOUBLE}})
        edge.add([Reading("unit-1", "Fill/Percent", now_ms(), 41.5)])
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(service.run(found, stop, SteadyMachine(now_ms)))
            sending = group.create_task(edge.run())
            await edge.reached(1)
            async with MqttSession(MqttSettings("127.0.0.1", port, "home-assistant")) as mqtt:
                seen: dict[str, bytes] = {}
                mqtt.subscribe(["homeassistant/#"])
                await told(mqtt, seen, set(wanted))
                assert {topic: json.loads(content) for topic, content in seen.items()} == wanted
                level = json.loads(seen["homeassistant/sensor/sukusuku_toshima/unit-1_level/config"])
                mqtt.subscribe([level["state_topic"], *(item["topic"] for item in level["availability"])])
                while True:
                    await told(mqtt, seen, {level["state_topic"], level["availability"][1]["topic"]})
                    if rendered(level["value_template"], seen[level["state_topic"]]) == "41.5":
                        break
                    del seen[level["state_topic"]]
                for item in level["availability"]:
                    assert rendered(item["value_template"], seen[item["topic"]]) == "online"
            sending.cancel()
            stop.set()

    with mosquitto() as port:
        asyncio.run(scenario(port))


def test_what_is_gone_is_taken_away_a_start_is_answered_and_all_can_be_removed() -> None:
    gone = "homeassistant/sensor/sukusuku_toshima/old_level/config"
    other = "homeassistant/sensor/another/old_level/config"

    async def serve(port: int, settings: HomeAssistant, until: Any) -> None:
        found = facility()
        found = msgspec.structs.replace(found, broker=msgspec.structs.replace(found.broker, port=port))
        task = asyncio.create_task(Announcer(found, settings).run())
        await until()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def scenario(port: int) -> None:
        async with MqttSession(MqttSettings("127.0.0.1", port, "somebody")) as mqtt:
            for topic in (gone, other):
                mqtt.publish(topic, b"{}", 1, retain=True)
            await mqtt.flush()
            seen: dict[str, bytes] = {}
            mqtt.subscribe(["homeassistant/#"])
            await told(mqtt, seen, {gone, other})

            async def announced_again() -> None:
                del seen[gone]
                await told(mqtt, seen, {*messages(), gone})
                assert seen[gone] == b""
                seen.clear()
                mqtt.publish("homeassistant/status", b"online", 1)
                await told(mqtt, seen, set(messages()))

            async def removed() -> None:
                seen.clear()
                await told(mqtt, seen, set(messages()))
                assert set(seen.values()) == {b""}

            await serve(port, SETTINGS, announced_again)
            await serve(port, HomeAssistant(remove=True), removed)
        async with MqttSession(MqttSettings("127.0.0.1", port, "later")) as mqtt:
            left: dict[str, bytes] = {}
            mqtt.subscribe(["homeassistant/#"])
            await told(mqtt, left, {other})
            assert set(left) == {other}

    with mosquitto() as port:
        asyncio.run(scenario(port))
