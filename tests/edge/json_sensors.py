"""Sensors that send JSON, for tests: their settings, and what they say."""

import json

from sukusuku_core.model import Value
from sukusuku_edge.events import Event, Sample
from sukusuku_edge.sources import mqtt_json
from sukusuku_edge.sources.mqtt_json import JsonSensors
from tests.edge import edge_settings

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


def source(port: int = 1883) -> JsonSensors:
    text = edge_settings.HEAD + edge_settings.EYE + edge_settings.ROOM + PRESENCE + f"[broker]\nport = {port}\n"
    return next(iter(mqtt_json.sources(edge_settings.edge(text), lambda: T)))


def uplink(time: str | None = None, **fields: object) -> bytes:
    return json.dumps({"object": fields} | ({"time": time} if time else {})).encode()


def values(event: Event) -> dict[str, Value | None]:
    assert isinstance(event, Sample)
    return {name: decoded.value for name, decoded in event.values.items()}
