"""Where readings live. What a store does is in `protocols`; one test suite holds every store to it.

The collector writes, the API reads.
"""

from sukusuku_core.time import day_number, midnight


def duplicates_key(node: str) -> str:
    """Under which the collector notes when (UTC ms) it last found that two edge nodes use one identity."""
    return f"twins/{node}"


PRUNED = "pruned"
"""Under which it is noted before what time (UTC ms) raw readings have been deleted."""
FAULT_CODE = "Fault/Code"
"""Its raw readings are not deleted: availability is told from them to the second, also of old months."""

PACKED = "packed"
"""Under which it is noted before what time (UTC ms) readings were all packed when that was looked at last."""
THINNED_READINGS = "thinned-readings"
"""Under which it is noted before what time (UTC ms) the raw readings of rooms are deleted."""


def thinned_key(asset: str) -> str:
    """Under which it is noted before what time (UTC ms) the points and readings of a room are thinned out."""
    return f"thinned/{asset}"


def derivable_since(pruned: int | None) -> int:
    """Return the midnight from which on all raw readings are there, where those before `pruned` have been deleted."""
    return 0 if pruned is None else midnight(day_number(pruned - 1) + 1)


SETTLED_MS = 15_000
"""Readings that are committed longer than this after their measurement are late: what was derived of their time
may have to be derived again."""
