"""The record of what an edge node had to drop because its buffer was full, as it travels: two metrics of the node.

`Buffer/Dropped` is the cumulative number of readings, `Buffer/DroppedRange` says of what in JSON:
`{"from": UTC ms, "to": UTC ms, "assets": [ids], "more": number of assets that found no room}`.
"""

from datetime import UTC, datetime

import msgspec

from sukusuku_core.model import Reading
from sukusuku_core.sparkplug import MAX_STRING

DROPPED = "Buffer/Dropped"
DROPPED_RANGE = "Buffer/DroppedRange"


class DroppedRange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Between when (UTC ms, both inclusive) the dropped readings were measured, and of which assets."""

    start: int = msgspec.field(name="from")
    end: int = msgspec.field(name="to")
    assets: tuple[str, ...]
    more: int = 0


def record(node: str, time: int, total: int, dropped: DroppedRange) -> list[Reading]:
    """Return the readings of a node that tell of a loss; `total` is the number of all readings that it ever dropped."""
    return [Reading(node, DROPPED, time, total), Reading(node, DROPPED_RANGE, time, encode(dropped))]


def encode(dropped: DroppedRange) -> str:
    """Write the range as a value of `Buffer/DroppedRange`; where the assets find no room, the last are counted only."""
    text = msgspec.json.encode(dropped).decode()
    while len(text) > MAX_STRING and dropped.assets:
        *assets, _ = dropped.assets
        dropped = DroppedRange(dropped.start, dropped.end, tuple(assets), dropped.more + 1)
        text = msgspec.json.encode(dropped).decode()
    return text


def decode(text: str) -> DroppedRange | None:
    """Read the range in a value of `Buffer/DroppedRange`; None when it cannot be read."""
    try:
        return msgspec.json.decode(text, type=DroppedRange)
    except msgspec.DecodeError:
        return None


def in_words(dropped: DroppedRange) -> str:
    """Return one English line for logs."""
    more = f" and {dropped.more} more" if dropped.more else ""
    return f"{', '.join(dropped.assets)}{more}, measured from {_utc(dropped.start)} to {_utc(dropped.end)}"


def _utc(time: int) -> str:
    try:
        return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return str(time)
