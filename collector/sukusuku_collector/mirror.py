"""The live view as retained JSON on the broker, for people and programs that do not speak Sparkplug. Pure.

One topic per asset: `sukusuku/<operator>/<site>/<asset>/state`. The mirror is for reading only; nothing listens to it.
When the collector ends it says that everything is old, and when it begins it takes away what it does not know. After a
crash the last values stand until it is back: look at `time`, or at the Sparkplug STATE of the host.
"""

from dataclasses import replace
from typing import Any

import msgspec

from sukusuku_collector.i18n import japan_time
from sukusuku_collector.live import RoomView, UnitView
from sukusuku_collector.settings import Asset, Text


def topic(operator: str, asset: Asset) -> str:
    """Where the mirror of an asset stands."""
    return f"sukusuku/{operator}/{asset.site.id}/{asset.id}/state"


def everything(operator: str) -> str:
    """The filter for the mirror of all assets of an operator."""
    return f"sukusuku/{operator}/+/+/state"


def farewell(asset: Asset, last: UnitView | RoomView, unknown: UnitView | RoomView) -> bytes:
    """An asset that nobody looks after from now on: `last` as it was, `unknown` when nothing is known of it."""
    if isinstance(unknown, UnitView):
        return body(asset, replace(unknown, last_time=last.last_time, simulated=last.simulated))
    return body(asset, replace(unknown, last_time=last.last_time, simulated=last.simulated))


def body(asset: Asset, view: UnitView | RoomView) -> bytes:
    """An asset as JSON. Null: not known. `time` is when it was last measured, in Japan's time."""
    shown: dict[str, Any] = {
        "id": asset.id,
        "kind": asset.kind.value,
        "site": asset.site.id,
        "name": _names(asset.settings.name),
        "site_name": _names(asset.site.name),
        "condition": view.condition.value,
        "stale": view.stale,
        "simulated": view.simulated,
        "time": None if view.last_time is None else japan_time(view.last_time).isoformat(timespec="milliseconds"),
    }
    if isinstance(view, UnitView):
        shown |= _unit(view)
    else:
        shown |= _room(asset, view)
    return msgspec.json.encode(shown)


def _unit(view: UnitView) -> dict[str, Any]:
    return {
        "level": view.level,
        "state": None if view.state is None else view.state.name.lower(),
        "fault": view.fault,
        "lid_open": view.lid_open,
        "cycles": view.cycles,
        "film": view.film,
        "temperature": view.temperature,
    }


def _room(asset: Asset, view: RoomView) -> dict[str, Any]:
    names = {zone.id: zone.name for zone in getattr(asset.settings, "zone", ())}
    return {
        "people": view.people,
        "children": view.children,
        "presence": view.presence,
        "capacity": view.capacity,
        "limit": view.limit,
        "limited_by": view.limited_by,
        "zones": [
            {
                "id": zone.id,
                "name": _names(names[zone.id]),
                "people": zone.people,
                "children": zone.children,
                "presence": zone.presence,
                "capacity": zone.capacity,
            }
            for zone in view.zones
        ],
    }


def _names(text: Text) -> dict[str, str]:
    return {"ja": text.ja, "en": text.en}
