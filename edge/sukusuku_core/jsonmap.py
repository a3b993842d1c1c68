"""JSON sensor messages and values, by profile. Pure.

Fields that could identify a child never get past this file: only the points that a profile names are read, and a
message that carries a refused field anywhere is counted so that the installer learns of it. One field that cannot be
read never refuses the good ones beside it, nor one message those beside it in an array.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sukusuku_core import json_text, json_time, json_value, lorawan
from sukusuku_core.errors import DecodeError
from sukusuku_core.json_value import NO_READING
from sukusuku_core.privacy import refused
from sukusuku_core.profile import JsonPoint, JsonProfile, Standing
from sukusuku_core.registers import Decoded

MAX_BYTES = 64 * 1024
MAX_DEPTH = 10

_ABSENT = object()
_ENTRY = re.compile(r"^\[(?P<key>[^=\]]+)=(?P<value>[^\]]*)\]$")


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
    timeless: str = ""
    """Why it has no time, though it should have one."""


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
        text = json_text.text_of(payload).strip()
        values, wrong = _values(profile, topic, lambda point: json_value.read(point, text))
        return [JsonSample(values, None, wrong=wrong)]
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
    values, wrong = _values(profile, topic, lambda point: None if body is None else _point(point, body))
    told = _at(message, profile.time) if profile.time else None
    time = json_time.read(told, _at(message, profile.zone, profile.zone))
    timeless = ""
    if time is None and told is not None:
        timeless = f"expected a time since 2020 at `{profile.time}` ({json_time.FORMS}), found {json_value.shown(told)}"
    number = _at(message, profile.sequence) if profile.sequence else None
    whole = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63
    return JsonSample(values, time, (), number if whole else None, wrong, timeless)


def _values(
    profile: JsonProfile, topic: str, find: Callable[[JsonPoint], Decoded | None]
) -> tuple[dict[str, Decoded], str]:
    """Return the values of the points on a topic, and what could not be read beside them.

    Raises DecodeError (`missing`) when there is none of those that should be there.
    """
    values, wrong = dict[str, Decoded](), list[DecodeError]()
    missing, unread = [], []
    for point in profile.point:
        if point.topic == topic:
            try:
                decoded = find(point)
            except KeyError:
                missing.append(f"`{point.path}`")
                continue
            except ValueError as error:
                unread.append(f"expected {error} at `{point.path or topic}`")
                decoded = NO_READING
            if decoded is not None:
                values[point.name] = decoded
    if missing:
        wrong.append(DecodeError("missing", f"the profile {profile.profile} expects a field {' and '.join(missing)}"))
        if not values:
            raise wrong[0]
    if unread:
        cure = "; what means that there is no reading belongs into `invalid` of the profile"
        wrong.append(DecodeError("value", ", ".join(unread) + cure))
    return values, "; ".join(map(str, wrong))


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
            return json_value.read(point, found)
        if point.null is Standing.NO_READING:
            return NO_READING
        if point.optional:
            return None
    if point.absent is not None and (not point.beside or _at(body, point.beside) is not None):
        return json_value.read(point, point.absent)
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
