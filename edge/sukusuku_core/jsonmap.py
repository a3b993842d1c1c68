"""JSON sensor messages and values, by profile. Pure.

Fields that could identify a child never get past this file: only the points that a profile names are read, and a
message that carries a refused field anywhere is counted so that the installer learns of it. One field that cannot be
read never refuses the good ones beside it, nor one message those beside it in an array.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sukusuku_core import json_text, lorawan, number_text
from sukusuku_core.catalogue import Role
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality
from sukusuku_core.privacy import refused
from sukusuku_core.profile import JsonPoint, JsonProfile, JsonType, Standing
from sukusuku_core.registers import Decoded
from sukusuku_core.sparkplug import MAX_STRING
from sukusuku_core.time import EARLIEST_READING, JAPAN

MAX_BYTES = 64 * 1024
MAX_DEPTH = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 4_102_444_800_000  # 2100
_NO_READING = Decoded(None, Quality.BAD)
_ABSENT = object()
_ENTRY = re.compile(r"^\[(?P<key>[^=\]]+)=(?P<value>[^\]]*)\]$")
_SINCE_1970 = re.compile(r"^(?:\d{10}(?:\.\d+)?|\d{13})$", re.ASCII)
_ZONE = re.compile(r"^(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?$")


@dataclass(frozen=True, slots=True)
class JsonSample:
    """What one message says. `time` is UTC ms, None when the message or its profile has none that is plausible."""

    values: Mapping[str, Decoded]
    time: int | None
    refused: tuple[str, ...] = ()
    sequence: int | None = None
    """The message's own number, where the device counts its messages."""
    wrong: str = ""
    """What was expected and could not be read, beside what could."""


def decode(profile: JsonProfile, payload: bytes, topic: str = "") -> JsonSample:
    """Return what a payload with one message says.

    Raises DecodeError as `decode_all`, and `shape` when there are several.
    """
    found = decode_all(profile, payload, topic)
    if len(found) != 1:
        raise DecodeError("shape", f"expected one message, found {len(found)}")
    return found[0]


def decode_all(profile: JsonProfile, payload: bytes, topic: str = "") -> list[JsonSample]:
    """Return the points of each message in a payload: one as a rule, several in an array.

    `topic` is what follows the device's topic. Fields that are absent or null are left out, where the profile does not
    say what that means: the last value goes on standing. Messages that have a time are in its order.

    Raises DecodeError (`oversized`, `json`, `depth`, `shape`, `missing`) when nothing can be read.
    """
    if len(payload) > MAX_BYTES:
        raise DecodeError("oversized", f"{len(payload)} bytes, at most {MAX_BYTES} are read")
    payload = json_text.trimmed(payload)
    if profile.payload == "text":
        text = payload.decode("utf-8", errors="replace").strip()
        found = ((point.name, _value(point, text)) for point in profile.point if point.topic == topic)
        return [JsonSample({name: decoded for name, decoded in found if decoded is not None}, None)]
    message = json_text.read(payload)
    found_refused = tuple(sorted(set(_refused(message))))
    samples: list[JsonSample] = []
    errors: list[DecodeError] = []
    for item in _messages(message, profile.each):
        try:
            samples.append(_sample(profile, item, topic))
        except DecodeError as error:
            errors.append(error)
    if not samples and errors:
        raise errors[0]
    if samples:  # counted once per payload
        wrong = str(errors[0]) if errors else samples[0].wrong
        samples[0] = replace(samples[0], refused=found_refused, wrong=wrong)
    return sorted(samples, key=lambda sample: sample.time or 0) if all(item.time for item in samples) else samples


def _messages(message: Any, each: str) -> Iterator[Any]:
    message = json_text.opened(message)
    if isinstance(message, list):
        for item in message:
            yield from _messages(item, each)
    elif each and isinstance(message, dict) and isinstance(items := json_text.opened(message.get(each)), list):
        for item in items:
            yield message | {each: item}
    else:
        yield message


def _sample(profile: JsonProfile, message: Any, topic: str) -> JsonSample:
    body = _body(profile, message)
    values = {}
    missing = []
    for point in profile.point if body is not None else ():
        if point.topic == topic:
            try:
                decoded = _point(point, body)
            except KeyError:
                missing.append(point.path)
                continue
            if decoded is not None:
                values[point.name] = decoded
    wrong = None
    if missing:
        fields = " and ".join(f"`{path}`" for path in missing)
        wrong = DecodeError("missing", f"the profile {profile.profile} expects a field {fields}")
        if not values:
            raise wrong
    time = _time(_at(message, profile.time), _at(message, profile.zone)) if profile.time else None
    number = _at(message, profile.sequence) if profile.sequence else None
    whole = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63
    return JsonSample(values, time, (), number if whole else None, str(wrong or ""))


def _body(profile: JsonProfile, message: Any) -> dict[str, Any] | None:
    """Return the object that holds the points; None in an uplink that has no payload."""
    found = [json_text.opened(_at(message, path)) for path in (profile.body, *profile.also_body)]
    body = next((item for item in found if isinstance(item, dict)), None)
    if body is not None:
        return body
    steps = profile.body.split(".")
    raw = lorawan.undecoded(_at(message, ".".join(steps[:depth])) for depth in range(len(steps)))
    if raw == "" and (found[0] is None or found[0] == ""):
        return None
    what = f"expected an object at `{profile.body or 'top level'}`, found {type(found[0]).__name__}"
    if raw:
        what += f" beside `{raw}`: switch on the device's decoder (codec) in the network server"
    raise DecodeError("shape", what)


def _point(point: JsonPoint, body: Any) -> Decoded | None:
    """Return the value of a point; None when the message does not say it.

    Raises KeyError when it should.
    """
    for path in (point.path, *point.also):
        found = _at(body, path, _ABSENT)
        if found is _ABSENT:
            continue
        if found is not None:
            return _value(point, found)
        if point.null is Standing.NO_READING:
            return _NO_READING
        if point.optional:
            return None
    if point.absent is not None and (not point.beside or _at(body, point.beside) is not None):
        return _value(point, point.absent)
    if not point.optional:
        raise KeyError(point.path)
    return None


def _refused(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise DecodeError("depth", f"nested deeper than {MAX_DEPTH}")
    value = json_text.opened(value)
    if isinstance(value, dict):
        for key, item in value.items():
            if refused(key):
                yield key
            else:
                yield from _refused(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _refused(item, depth + 1)


def _at(value: Any, path: str, missing: Any = None) -> Any:
    """Return what stands at a path (see `JsonPoint`), or `missing`."""
    steps = path.split(".") if path else []
    for place, step in enumerate(steps):
        value = json_text.opened(value)
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step == "*":
            return _sum([_at(item, ".".join(steps[place + 1 :]), missing) for item in value], missing)
        elif isinstance(value, list):
            value = _entry(value, step, missing)
        else:
            return missing
        if value is missing:
            return missing
    return value


def _entry(entries: list[Any], step: str, missing: Any) -> Any:
    if match := _ENTRY.match(step):
        named = (item for item in entries if isinstance(item, dict) and str(item.get(match["key"])) == match["value"])
        return next(named, missing)
    if step.lstrip("-").isdigit() and -len(entries) <= int(step) < len(entries):
        return entries[int(step)]
    return missing


def _sum(found: list[Any], missing: Any) -> Any:
    numbers = [item for item in found if isinstance(item, int | float) and not isinstance(item, bool)]
    try:
        return sum(numbers) if numbers else missing
    except OverflowError:  # a whole number that no float can hold, beside a float
        return math.inf


def _value(point: JsonPoint, raw: Any) -> Decoded | None:
    if isinstance(raw, dict | list) or raw in point.invalid:
        return _NO_READING
    if point.type is JsonType.BOOL:
        word = raw.strip().lower() if isinstance(raw, str) else raw
        if word in point.true or word in point.false:
            return Decoded(word in point.true, Quality.GOOD, raw)
        return _NO_READING if point.other is Standing.NO_READING else None
    if point.type is JsonType.TEXT:
        text = str(raw)
        return Decoded(text, Quality.GOOD, raw) if len(text) <= MAX_STRING else _NO_READING
    return _NO_READING if isinstance(raw, bool) else _number(point, raw)


def _number(point: JsonPoint, found: Any) -> Decoded:
    try:
        number = _scaled(point, found)
        value = round(number) if point.type is JsonType.INT else round(number, 9)
    except (ValueError, OverflowError):
        return _NO_READING
    if not math.isfinite(value):
        return _NO_READING
    low, high = point.valid or (-math.inf, math.inf)
    return Decoded(value, Quality.GOOD if low <= value <= high else Quality.BAD, found)


def _scaled(point: JsonPoint, raw: Any) -> float:
    """Return a number in the point's unit. What names its unit itself needs no scale.

    Raises ValueError and OverflowError when there is none.
    """
    if isinstance(raw, str):
        unit = point.unit or ("mm" if point.role is Role.LEVEL_DISTANCE else "")
        read = number_text.read(raw, unit, point.decimal)
        if read is None:
            raise ValueError(raw)
        number, complete = read
        if number in point.invalid:
            raise ValueError(raw)
        return number if complete else number * point.scale + point.offset
    return float(raw) * point.scale + point.offset


def _time(raw: Any, zone: Any) -> int | None:
    """UTC ms of an ISO 8601 text (in `zone`, or Japan, when it has none) or of seconds or milliseconds since 1970."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, str) and _SINCE_1970.match(raw.strip()):
        raw = float(raw)
    if isinstance(raw, int | float):
        if not -_LATEST < raw < _LATEST:
            return None  # also infinite, and before anything is made of it that no number can hold
        moment = int(raw if raw > 1e11 else raw * 1000)  # noqa: PLR2004 - 1e11 ms is 1973, 1e11 s is the year 5138
    elif isinstance(raw, str):
        try:
            read = datetime.fromisoformat(raw)
        except ValueError:
            return None
        read = read.replace(tzinfo=read.tzinfo or _zone(zone))
        moment = (read - _EPOCH) // timedelta(milliseconds=1)
    else:
        return None
    return moment if EARLIEST_READING <= moment < _LATEST else None


def _zone(text: Any) -> timezone:
    match = _ZONE.match(text) if isinstance(text, str) else None
    if match is None:
        return JAPAN
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(offset if match["sign"] == "+" else -offset) if offset < timedelta(hours=24) else JAPAN
