"""JSON sensor messages and values, by profile. Pure.

Fields that could identify a child never get past this file: only the points that a profile names are read, and a
message that carries a refused field anywhere is counted so that the installer learns of it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality
from sukusuku_core.privacy import refused
from sukusuku_core.profile import JsonPoint, JsonProfile, JsonType
from sukusuku_core.registers import Decoded
from sukusuku_core.sparkplug import MAX_STRING

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JST = timezone(timedelta(hours=9))
_EARLIEST = 1_577_836_800_000  # 2020: a clock that shows less has not been set
_LATEST = 4_102_444_800_000  # 2100
_NO_READING = Decoded(None, Quality.BAD)


@dataclass(frozen=True, slots=True)
class JsonSample:
    """What one message says. `time` is UTC ms, None when the message or its profile has none that is plausible."""

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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError("json", str(error)) from error
    found_refused = tuple(sorted(set(_refused(message))))
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
    return JsonSample(values, _time(_at(message, profile.time)) if profile.time else None, found_refused)


def _refused(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise DecodeError("depth", f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for key, item in value.items():
            if refused(key):
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
        return _NO_READING
    if point.type is JsonType.BOOL:
        word = found.strip().lower() if isinstance(found, str) else found
        known = word in point.true or word in point.false
        return Decoded(word in point.true, Quality.GOOD, found) if known else _NO_READING
    if point.type is JsonType.TEXT:
        text = str(found)
        return Decoded(text, Quality.GOOD, found) if len(text) <= MAX_STRING else _NO_READING
    return _NO_READING if isinstance(found, bool) else _number(point, found)


def _number(point: JsonPoint, found: Any) -> Decoded:
    try:
        number = float(found) * point.scale + point.offset
        value = round(number) if point.type is JsonType.INT else round(number, 9)
    except (ValueError, OverflowError):
        return _NO_READING
    if not math.isfinite(value):
        return _NO_READING
    low, high = point.valid or (-math.inf, math.inf)
    return Decoded(value, Quality.GOOD if low <= value <= high else Quality.BAD, found)


def _time(found: Any) -> int | None:
    """UTC ms of an ISO 8601 text (Japan time when it has no zone) or of seconds or milliseconds since 1970."""
    if isinstance(found, bool):
        return None
    if isinstance(found, int | float):
        moment = int(found if found > 1e11 else found * 1000)  # noqa: PLR2004 - 1e11 ms is 1973, 1e11 s is the year 5138
    elif isinstance(found, str):
        try:
            read = datetime.fromisoformat(found)
        except ValueError:
            return None
        read = read.replace(tzinfo=read.tzinfo or _JST)
        moment = (read - _EPOCH) // timedelta(milliseconds=1)
    else:
        return None
    return moment if _EARLIEST <= moment < _LATEST else None
