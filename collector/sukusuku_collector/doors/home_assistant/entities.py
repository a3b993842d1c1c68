"""Which entities Home Assistant gets, as the messages of its MQTT discovery. Pure.

Every value comes from the JSON mirror (`host/mirror.py`). An entity is available only while its asset is not stale and
the collector is online: silence is no value. What is not known is `None`, which Home Assistant shows as unknown. The
ids of entities come from our own ids, for it would spell Japanese names in Chinese: `object_id` up to 2025.9, since
then `default_entity_id`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from gettext import NullTranslations
from hashlib import sha256
from typing import Any

from sukusuku_core import __version__, topics
from sukusuku_core.model import AssetKind
from sukusuku_server.i18n import N_
from sukusuku_server.settings import Asset, Facility, HomeAssistant, Room
from sukusuku_server.settings.shard import shards

ORIGIN = "Sukusuku"
_FLAG = "{{{{ None if value_json.{0} is none else ('ON' if value_json.{0} else 'OFF') }}}}"


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: `component` of Home Assistant, `key` within the asset, what people call it, and where its value is.

    `more` are further keys of its discovery message.
    """

    component: str
    key: str
    name: str
    template: str
    more: Mapping[str, Any] = field(default_factory=dict)


def _value(path: str) -> str:
    return f"{{{{ value_json.{path} }}}}"


_MEASURED = {"state_class": "measurement"}
_PERCENT = _MEASURED | {"unit_of_measurement": "%", "suggested_display_precision": 0}
_CELSIUS = _MEASURED | {"device_class": "temperature", "unit_of_measurement": "°C"}
_ASIDE = {"entity_category": "diagnostic"}
UNIT = (
    Entity("sensor", "level", N_("Fill level"), _value("level"), _PERCENT),
    Entity("sensor", "condition", N_("Condition"), _value("condition")),
    Entity("sensor", "state", N_("State of the machine"), _value("state"), _ASIDE),
    Entity("binary_sensor", "fault", N_("Fault"), _FLAG.format("fault"), {"device_class": "problem"}),
    Entity("binary_sensor", "lid", N_("Lid"), _FLAG.format("lid_open"), {"device_class": "opening"}),
    Entity("sensor", "cycles", N_("Cycles"), _value("cycles"), _ASIDE | {"state_class": "total_increasing"}),
    Entity("sensor", "film", N_("Film left"), _value("film"), _PERCENT),
    Entity("sensor", "temperature", N_("Temperature"), _value("temperature"), _CELSIUS),
)
ROOM = (
    Entity("sensor", "children", N_("Children"), _value("children"), _MEASURED),
    Entity("sensor", "people", N_("People"), _value("people"), _MEASURED),
    Entity("sensor", "limit", N_("Limit"), _value("limit"), _MEASURED),
    Entity("sensor", "condition", N_("Condition"), _value("condition")),
    Entity("binary_sensor", "presence", N_("Presence"), _FLAG.format("presence"), {"device_class": "occupancy"}),
)
ZONE = (
    ("sensor", "children", N_("Children"), _MEASURED),
    ("sensor", "people", N_("People"), _MEASURED),
    ("binary_sensor", "presence", N_("Presence"), {"device_class": "occupancy"}),
)


def node(operator: str) -> str:
    """Return the part of the discovery topics that is this operator's own."""
    return f"sukusuku_{_plain(operator)}"


def config_topic(settings: HomeAssistant, operator: str, asset: str, entity: Entity) -> str:
    """Return where an entity is announced."""
    return f"{settings.prefix}/{entity.component}/{node(operator)}/{_plain(asset)}_{_plain(entity.key)}/config"


def own_topics(settings: HomeAssistant, operator: str) -> str:
    """Return the filter for all that this operator has ever announced."""
    return f"{settings.prefix}/+/{node(operator)}/+/config"


def announced(facility: Facility, settings: HomeAssistant, texts: NullTranslations) -> dict[str, dict[str, Any]]:
    """Return every discovery message by its topic."""
    return {
        config_topic(settings, own.operator.id, asset.id, entity): _message(own, settings, asset, entity)
        for own in (shard.own for shard in shards(facility))
        for asset in own.assets()
        for entity in _entities(asset, settings, texts)
    }


def _entities(asset: Asset, settings: HomeAssistant, texts: NullTranslations) -> Iterator[Entity]:
    for entity in UNIT if asset.kind is AssetKind.UNIT else ROOM:
        yield Entity(entity.component, entity.key, texts.gettext(entity.name), entity.template, entity.more)
    if not isinstance(asset.settings, Room):
        return
    for n, zone in enumerate(asset.settings.zone):
        for component, key, name, more in ZONE:
            path = f"zones[{n}].{key}"
            template = _FLAG.format(path) if component == "binary_sensor" else _value(path)
            called = f"{zone.name[settings.language]} {texts.gettext(name)}"
            yield Entity(component, f"{zone.id}_{key}", called, template, more)


def _message(facility: Facility, settings: HomeAssistant, asset: Asset, entity: Entity) -> dict[str, Any]:
    operator, language = facility.operator.id, settings.language
    slug = re.sub(r"[^a-z0-9]+", "_", f"{asset.id}_{entity.key}".lower())
    state = topics.mirror(operator, asset.site.id, asset.id)
    said = {
        "name": entity.name,
        "unique_id": f"sukusuku_{operator}_{asset.id}_{entity.key}",
        "object_id": slug,
        "default_entity_id": f"{entity.component}.{slug}",
        "state_topic": state,
        "value_template": entity.template,
        "availability_mode": "all",
        "availability": [
            {"topic": state, "value_template": "{{ 'offline' if value_json.stale else 'online' }}"},
            {
                "topic": topics.state_topic(facility.host_id),
                "value_template": "{{ 'online' if value_json.online else 'offline' }}",
            },
        ],
        "device": {
            "identifiers": [f"sukusuku_{operator}_{asset.id}"],
            "name": f"{asset.site.name[language]} {asset.settings.name[language]}",
            "manufacturer": ORIGIN,
            "model": asset.kind.value,
            "suggested_area": asset.site.name[language],
            "configuration_url": f"{facility.web.url.rstrip('/')}/wall",
        },
        "origin": {"name": ORIGIN, "sw_version": __version__},
    }
    if entity.key == "condition":  # everything else that the mirror says
        said["json_attributes_topic"] = state
    return said | dict(entity.more)


def _plain(text: str) -> str:
    """Return an id in the letters that discovery topics may have; another id is another text."""
    found = re.sub(r"[^A-Za-z0-9_-]", "_", text)
    return found if found == text else f"{found}_{sha256(text.encode()).hexdigest()[:6]}"
