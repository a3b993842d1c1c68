"""How a unit or a room is told in the terms of Smart Data Models. Pure.

An entity is always told whole and replaces the one before, so that nothing old stays in the broker: a value that is
not known, or not current, is not there.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from sukusuku_core.time import japan_time
from sukusuku_server.live.outlook import bag_since
from sukusuku_server.live.views import RoomView, UnitView
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.suppression import is_small
from sukusuku_server.settings import Asset, Text

Entity = dict[str, Any]

_WASTE = "https://smartdatamodels.org/dataModel.WasteManagement/"
_INDOOR = "https://smartdatamodels.org/dataModel.Environment/"
_COMMON = "https://smartdatamodels.org/"
_OWN = "https://uri.sukusuku.example/"
CONTEXT: Mapping[str, str] = {
    "WasteContainer": f"{_WASTE}WasteContainer",
    "fillingLevel": f"{_WASTE}fillingLevel",
    "status": f"{_WASTE}status",
    "temperature": f"{_WASTE}temperature",
    "dateLastEmptying": f"{_WASTE}dateLastEmptying",
    "nextActuationDeadline": f"{_WASTE}nextActuationDeadline",
    "storedWasteKind": f"{_WASTE}storedWasteKind",
    "storedWasteOrigin": f"{_WASTE}storedWasteOrigin",
    "binFullnessThreshold": f"{_WASTE}binFullnessThreshold",
    "IndoorEnvironmentObserved": f"{_INDOOR}IndoorEnvironmentObserved",
    "peopleCount": f"{_INDOOR}peopleCount",
    "dateObserved": f"{_INDOOR}dateObserved",
    "name": "https://schema.org/name",
    "alternateName": "https://schema.org/alternateName",
    "dataProvider": f"{_COMMON}dataProvider",
    "condition": f"{_OWN}condition",
    "simulated": f"{_OWN}simulated",
    "peopleCountWithheld": f"{_OWN}peopleCountWithheld",
}
"""What the terms mean. It goes with every entity, so that nobody has to load a context from the internet."""


def of_unit(operator: str, asset: Asset, view: UnitView, derived: Mapping[str, Point]) -> Entity:
    """Return a unit as `WasteContainer`. `fillingLevel` is the estimate, else what the sensor says, 0 to 1."""
    entity = _common("WasteContainer", operator, asset, view)
    entity["storedWasteKind"] = _is("other")
    entity["storedWasteOrigin"] = _is("municipal")
    entity["binFullnessThreshold"] = _is(view.fill_rise, unit="P1")
    entity["status"] = _is("unknown" if view.stale else "lidOpen" if view.lid_open else "ok")
    if view.stale:
        return entity
    percent = view.level if view.outlook is None else view.outlook.percent
    if percent is not None:
        entity["fillingLevel"] = _is(round(min(1.0, max(0.0, percent / 100)), 3), at=view.last_time)
    if view.temperature is not None:
        entity["temperature"] = _is(round(view.temperature, 1), at=view.last_time, unit="CEL")
    emptied = bag_since(derived)
    if emptied is not None and view.outlook is not None:
        entity["dateLastEmptying"] = _is(_moment(emptied))
    if view.outlook is not None and view.outlook.empty_by is not None:
        entity["nextActuationDeadline"] = _is(_moment(view.outlook.empty_by))
    return entity


def of_room(operator: str, asset: Asset, view: RoomView, *, counts: bool) -> Entity:
    """Return a room as `IndoorEnvironmentObserved`. `counts`: with its people; few of them, or of children, never."""
    entity = _common("IndoorEnvironmentObserved", operator, asset, view)
    if view.last_time is not None:
        entity["dateObserved"] = _is(_moment(view.last_time))
    if not counts or view.stale or view.people is None:
        return entity
    small = is_small(view.people) or is_small(view.children)
    entity["peopleCountWithheld"] = _is(small)
    if not small:
        entity["peopleCount"] = _is(view.people, at=view.last_time)
    return entity


def _common(kind: str, operator: str, asset: Asset, view: UnitView | RoomView) -> Entity:
    name: Text = asset.settings.name
    entity: Entity = {
        "id": f"urn:ngsi-ld:{kind}:{operator}:{asset.id}",
        "type": kind,
        "name": _is(f"{asset.site.name.ja} {name.ja}"),
        "alternateName": _is(f"{asset.site.name.en} {name.en}"),
        "dataProvider": _is(f"sukusuku/{operator}"),
        "condition": _is(view.condition.value),
        "simulated": _is(view.simulated),
    }
    place = asset.site.place
    if place is not None:
        entity["location"] = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [place.lon, place.lat]}}
    return entity


def _is(value: object, *, at: int | None = None, unit: str | None = None) -> Entity:
    """Return a property. `at`: UTC ms of its measurement; `unit`: a code of UN/CEFACT."""
    found: Entity = {"type": "Property", "value": value}
    if unit is not None:
        found["unitCode"] = unit
    if at is not None:
        found["observedAt"] = _text(at)
    return found


def _moment(ms: int) -> Entity:
    return {"@type": "DateTime", "@value": _text(ms)}


def _text(ms: int) -> str:
    """Return a moment as NGSI-LD wants it, in UTC."""
    return japan_time(ms).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
