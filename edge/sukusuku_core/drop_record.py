"""The record of what an edge node had to drop because its buffer was full, as it travels: two metrics of the node.

`Buffer/Dropped` is the cumulative number of readings, `Buffer/DroppedRange` says of what in JSON:
`{"from": UTC ms, "to": UTC ms, "assets": [ids], "more": number of assets that found no room}`.
"""

from datetime import UTC, datetime

import msgspec

DROPPED = "Buffer/Dropped"
DROPPED_RANGE = "Buffer/DroppedRange"


class DroppedRange(msgspec.Struct, frozen=True):
    """Between when (UTC ms, both inclusive) the dropped readings were measured, and of which assets."""

    start: int = msgspec.field(name="from")
    end: int = msgspec.field(name="to")
    assets: tuple[str, ...]
    more: int = 0


def decode(text: str) -> DroppedRange | None:
    """The range in a value of `Buffer/DroppedRange`; None when it cannot be read."""
    try:
        return msgspec.json.decode(text, type=DroppedRange)
    except msgspec.DecodeError:
        return None


def in_words(dropped: DroppedRange) -> str:
    """One English line for logs."""
    more = f" and {dropped.more} more" if dropped.more else ""
    return f"{', '.join(dropped.assets)}{more}, measured from {_utc(dropped.start)} to {_utc(dropped.end)}"


def _utc(time: int) -> str:
    try:
        return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return str(time)
