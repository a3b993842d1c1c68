"""JSON sensor messages and values, by profile. Pure.

Fields that could identify a child never get past this file: only the points that a profile names are read, and a
message that carries one of `REFUSED` anywhere is counted so that the installer learns of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality, Value
from sukusuku_core.profile import JsonPoint, JsonProfile, JsonType
from sukusuku_core.registers import Decoded

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
REFUSED = frozenset(
    {
        "snapshot",
        "image",
        "picture",
        "photo",
        "mac",
        "mac_address",
        "bssid",
        "track",
        "tracks",
        "face",
        "name_tag",
    }
)
"""Field names (lower case) of pictures, addresses and movements. Their content is never read."""

_JST = timezone(timedelta(hours=9))


@dataclass(frozen=True, slots=True)
class JsonSample:
    """What one message says. `time` is UTC ms, None when the message or its profile has none."""

    values: Mapping[str, Decoded]
    time: int | None
    refused: tuple[str, ...] = ()


def decode(profile: JsonProfile, payload: bytes) -> JsonSample:
    """The points of a message. Fields that are absent or null are left out: the last value goes on standing.

    Raises DecodeError (`oversized`, `json`, `depth`, `shape`, `missing`).
    """
    if len(payload) > MAX_BYTES:
        raise DecodeError("oversized", f"{len(payload)} bytes, at most {MAX_BYTES} are read")
    try:
        message = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DecodeError("json", str(error)) from error
    refused = tuple(sorted(set(_refused(message))))
    body = _at(message, profile.body)
    if not isinstance(body, dict):
        raise DecodeError(
            "shape", f"expected an object at `{profile.body or 'top level'}`, found {type(body).__name__}"
        )
    values = {}
    for point in profile.point:
        found = _at(body, point.path)
        if found is None:
            if not point.optional:
                raise DecodeError("missing", f"the profile {profile.profile} expects a field `{point.path}`")
            continue
        values[point.name] = _value(point, found)
    return JsonSample(values, _time(_at(message, profile.time)) if profile.time else None, refused)


def _refused(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise DecodeError("depth", f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for key, item in value.items():
            if key.lower() in REFUSED:
                yield key
            else:
                yield from _refused(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _refused(item, depth + 1)


def _at(value: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _value(point: JsonPoint, found: Any) -> Decoded:
    if isinstance(found, dict | list) or found in point.invalid:
        return Decoded(None, Quality.BAD)
    value: Value
    if point.type is JsonType.BOOL:
        word = found.strip().lower() if isinstance(found, str) else found
        return Decoded(word is True or (word is not False and word in point.true), Quality.GOOD, found)
    if point.type is JsonType.TEXT:
        return Decoded(str(found), Quality.GOOD, found)
    try:
        number = float(found) * point.scale + point.offset
        value = round(number) if point.type is JsonType.INT else round(number, 9)
    except (TypeError, ValueError, OverflowError):
        return Decoded(None, Quality.BAD)
    low, high = point.valid or (-1e300, 1e300)
    return Decoded(value, Quality.GOOD if low <= value <= high else Quality.BAD, found)


def _time(found: Any) -> int | None:
    """UTC ms of an ISO 8601 text (Japan time when it has no zone) or of seconds or milliseconds since 1970."""
    if isinstance(found, bool):
        return None
    if isinstance(found, int | float):
        return int(found if found > 1e11 else found * 1000)  # noqa: PLR2004 - 1e11 ms is 1973, 1e11 s is the year 5138
    if not isinstance(found, str):
        return None
    try:
        moment = datetime.fromisoformat(found)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_JST)
    return int(moment.astimezone(UTC).timestamp() * 1000)
