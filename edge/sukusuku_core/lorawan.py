"""Uplinks of LoRaWAN network servers that say nothing, and are nothing wrong. Pure.

A device answers its network with frames that carry no payload, and the server publishes them like all others
(ChirpStack, The Things Stack and their like): the frame is counted, and there is nothing to decode.
"""

from collections.abc import Iterable
from typing import Any

_COUNTS = frozenset({"fcnt", "f_cnt", "fcntup"})
"""Fields, in lower case, by which an uplink is known."""
_RAW = frozenset({"data", "frm_payload", "payload_raw", "payload_hex", "payload"})
"""Fields that hold what the device sent, before a decoder read it."""


def undecoded(levels: Iterable[Any]) -> str | None:
    """Return the field of an uplink that holds a payload which nobody has decoded; empty when there is no payload.

    None when it is no uplink. `levels` are the objects that lead to the place of the decoded values.
    """
    fields = {key.lower(): (key, value) for level in levels if isinstance(level, dict) for key, value in level.items()}
    if not _COUNTS & fields.keys():
        return None
    return next((key for name, (key, value) in fields.items() if name in _RAW and value), "")
