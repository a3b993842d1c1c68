"""A round as GPX 1.1: a waypoint per stop and the route through them, for satellite navigation."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from sukusuku_server.rounds.route_sheet import Sheet
from sukusuku_server.rounds.texts import StopWords

_NAMESPACE = "http://www.topografix.com/GPX/1/1"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gpx(sheet: Sheet, told: tuple[StopWords, ...]) -> bytes:
    """Stop whose place is not known are left out."""
    root = Element("gpx", {"xmlns": _NAMESPACE, "version": "1.1", "creator": "Sukusuku"})
    points = []
    for stop in told:
        if stop.line.place is not None:
            name = f"{stop.line.number} {stop.line.site} {stop.line.unit}"
            where = _where(stop.line.place.lat, stop.line.place.lon)
            points.append((where, name, " / ".join(part for part in (stop.reason, stop.deadline, stop.load) if part)))
    for where, name, description in points:
        _describe(SubElement(root, "wpt", where), name, description)
    route = SubElement(root, "rte")
    _describe(route, f"{sheet.name} {sheet.day.isoformat()}", "")
    if sheet.depot is not None:
        depot = (_where(sheet.depot.lat, sheet.depot.lon), sheet.depot.name[sheet.language], "")
        points = [depot, *points, depot]
    for where, name, description in points:
        _describe(SubElement(route, "rtept", where), name, description)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _where(lat: float, lon: float) -> dict[str, str]:
    return {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"}


def _describe(element: Element, name: str, description: str) -> None:
    SubElement(element, "name").text = _NOT_XML.sub("", name)
    if description:
        SubElement(element, "desc").text = _NOT_XML.sub("", description)
