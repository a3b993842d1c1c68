"""What a topic says that exists to tell whether a device lives: Zigbee2MQTT's `availability`, a last will. Pure."""

from typing import Any

from sukusuku_core import json_text
from sukusuku_core.errors import DecodeError
from sukusuku_core.profile import Availability

MAX_BYTES = 4096


def topic_of(device: str, relative: str) -> str | None:
    """Return the topic that `relative` names from the device's own; `..` is one level up.

    None when the device's topic has not so many levels: then nothing tells of it.
    """
    levels = device.split("/")
    for step in relative.split("/"):
        if step != "..":
            levels.append(step)
        elif len(levels) > 1:
            levels.pop()
        else:
            return None
    return "/".join(levels)


def read(source: Availability, payload: bytes) -> bool | None:
    """Whether the device is there; None when the message does not say it."""
    if len(payload) > MAX_BYTES:
        return None
    text = json_text.trimmed(payload)
    found: Any = text.decode("utf-8", errors="replace")
    if text.startswith((b"{", b'"')):
        try:
            found = json_text.read(text)
        except DecodeError:
            return None
    for step in source.path.split("."):
        found = found.get(step) if isinstance(found, dict) else found
    word = str(found).strip().lower() if isinstance(found, str | bool) else ""
    if word in source.online:
        return True
    return False if word in source.offline else None
