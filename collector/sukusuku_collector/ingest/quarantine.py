"""What is kept of a message that is no reading: its names and numbers, nothing that could show or name somebody. Pure.

A sender that nobody has set up right may publish pictures, addresses of phones or names. What is no Sparkplug message
could be anything, so nothing of it is kept.
"""

from typing import Any

from sukusuku_core import sparkplug
from sukusuku_core.errors import DecodeError
from sukusuku_core.privacy import refused
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Quarantined

MAX_TEXT = 512
"""Characters kept of a topic or an explanation."""
_NUMBERS = frozenset({"int_value", "long_value", "float_value", "double_value", "boolean_value"})


def quarantined(message: Message, reason: str, detail: str, now: int, named: Any = None) -> Quarantined:
    """Return a message on its way to the quarantine; `named` is its parsed form, with names in place of aliases."""
    payload = message.payload if named is None else named.SerializeToString()
    return Quarantined(now, message.topic[:MAX_TEXT], reason, detail[:MAX_TEXT], _numbers(payload))


def private(metric: Any) -> bool:
    """Whether a parsed metric could identify somebody, by its name; a name that is no text could be anything."""
    return not isinstance(metric.name, str) or any(refused(part) for part in metric.name.split("/"))


def _numbers(payload: bytes) -> bytes:
    try:
        body = sparkplug.parse(payload)
        for metric in body.metrics:
            if metric.name or not metric.HasField("alias"):  # an alias that stands for no name is worth keeping
                sparkplug.read_name(metric)
    except DecodeError:
        return b""
    body.ClearField("uuid")
    body.ClearField("body")
    for metric in body.metrics:
        field = metric.WhichOneof("value")
        if field is not None and (field not in _NUMBERS or private(metric)):
            metric.ClearField(field)
        if not {"Quality"}.issuperset(metric.properties.keys):
            metric.ClearField("properties")
    body.DiscardUnknownFields()
    return bytes(body.SerializeToString())
