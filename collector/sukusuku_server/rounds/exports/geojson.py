"""A round as GeoJSON (RFC 7946): a point per stop and the way between them as straight lines."""

from typing import Any

import msgspec

from sukusuku_core.time import japan_time
from sukusuku_server.rounds.route_sheet import Line, Sheet
from sukusuku_server.rounds.texts import StopWords


def geojson(sheet: Sheet, told: tuple[StopWords, ...]) -> bytes:
    """Return a FeatureCollection. Stops whose place is not known are left out."""
    features = [_point(stop) for stop in told if stop.line.place is not None]
    corners = [list(_corner(stop.line)) for stop in told if stop.line.place is not None]
    if sheet.depot is not None:
        depot = [sheet.depot.lon, sheet.depot.lat]
        properties = {"kind": "depot", "name": sheet.depot.name[sheet.language]}
        features.insert(0, _feature({"type": "Point", "coordinates": depot}, properties))
        corners = [depot, *corners, depot] if corners else []
    if len(corners) > 1:
        way = {"kind": "way", "name": sheet.name, "km": round(sheet.km, 1), "minutes": round(sheet.minutes)}
        features.append(_feature({"type": "LineString", "coordinates": corners}, way))
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _point(stop: StopWords) -> dict[str, Any]:
    line = stop.line
    properties = {
        "kind": "stop",
        "order": line.number,
        "site": line.site,
        "unit": line.unit,
        "asset": line.asset,
        "reason": stop.reason,
        "arrives": _time(line.arrives),
        "deadline": _time(line.deadline),
        "percent": line.percent,
        "percent_then": line.percent_then,
        "bags": line.bags,
        "kg": round(line.kg, 1),
    }
    return _feature({"type": "Point", "coordinates": list(_corner(line))}, properties)


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _corner(line: Line) -> tuple[float, ...]:
    return () if line.place is None else (line.place.lon, line.place.lat)


def _time(time: int | None) -> str | None:
    return None if time is None else japan_time(time).isoformat()
