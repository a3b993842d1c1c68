"""Messages of JSON sensors, in the shape that a profile describes. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from sukusuku_core.model import Value
from sukusuku_core.profile import JsonPoint, JsonProfile, JsonType
from sukusuku_core.time import japan_time

_ENTRY = re.compile(r"^\[(?P<key>[^=\]]+)=(?P<value>[^\]]*)\]$")


def messages(
    profile: JsonProfile, values: Mapping[str, Value], time: int, number: int = 0
) -> Iterator[tuple[str, bytes]]:
    """Yield what the sensor publishes to show these values: what follows its topic, and the payload.

    `time` (UTC ms) and `number` stand where the profile expects the time and the number of the message.
    """
    shown = [point for point in profile.point if point.name in values]
    for topic in dict.fromkeys(point.topic for point in shown):
        here = [point for point in shown if point.topic == topic]
        if profile.payload == "text":
            yield topic, str(_said(here[0], values[here[0].name])).encode()
        else:
            yield topic, msgspec.json.encode(_message(profile, here, values, time, number))


def _message(
    profile: JsonProfile, points: list[JsonPoint], values: Mapping[str, Value], time: int, number: int
) -> dict[str, Any]:
    message: dict[str, Any] = {}
    if profile.zone:
        _put(message, profile.time, japan_time(time).isoformat("T", "milliseconds")[:-6])
        _put(message, profile.zone, "UTC+9:00")
    elif profile.time:
        moment = datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds")
        _put(message, profile.time, moment.replace("+00:00", "Z"))
    if profile.sequence:
        _put(message, profile.sequence, number)
    for point in points:
        value = _said(point, values[point.name])
        if point.beside:
            _put(message, _below(profile, point.beside), 1)
        if point.absent is None or value != point.absent:
            _put(message, _below(profile, point.path), value)
    return message


def _said(point: JsonPoint, value: Value) -> Value:
    """Return the value in the sensor's own words and unit."""
    if point.type is not JsonType.BOOL:
        if isinstance(value, str) or (point.scale == 1 and point.offset == 0):
            return value
        return round((value - point.offset) / point.scale, 9)
    words = point.true if value else point.false
    return bool(value) if bool(value) in words else words[0]


def _below(profile: JsonProfile, path: str) -> str:
    return f"{profile.body}.{path}" if profile.body else path


def _put(found: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at a path, and makes what leads to it."""
    here: Any = found
    steps = path.split(".")
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        place: Any = step
        if isinstance(here, list):
            place = _place(here, step)
        if after is None:
            here[place] = value
        elif isinstance(here, list):
            here[place] = here[place] or _container(after)
            here = here[place]
        else:
            here = here.setdefault(step, _container(after))


def _container(step: str) -> dict[str, Any] | list[Any]:
    return [] if step == "*" or step.lstrip("-").isdigit() or _ENTRY.match(step) else {}


def _place(entries: list[Any], step: str) -> int:
    """Return the place of a step in a list, which grows as needed."""
    match = _ENTRY.match(step)
    if match is None:
        place = int(step) if step.isdigit() else 0
        entries.extend([None] * (place + 1 - len(entries)))
        return place
    key, name = match["key"], match["value"]
    for place, entry in enumerate(entries):
        if str(entry.get(key)) == name:
            return place
    entries.append({key: int(name) if name.isdigit() else name})
    return len(entries) - 1
