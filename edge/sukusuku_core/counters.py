"""Cumulative totals from device counters that wrap or restart.

Rule: a step forward is added. A step back near the end of the counter's range is a wrap; any other step back is a
restart, after which the new value is what has been counted since. A restart that overtakes the old value between two
reads cannot be told from counting: this is the documented limit of any counter without a serial number of its life.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class CounterEvent(StrEnum):
    """What else a read meant, besides counting."""

    FIRST = "first"
    WRAP = "wrap"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class CounterState:
    """The total and the raw value it was last seen at (None before the first read)."""

    total: int = 0
    raw: int | None = None


def advance(state: CounterState, raw: int, wrap: int | None) -> tuple[CounterState, CounterEvent | None]:
    """The state after reading `raw`.

    The first read starts the total at the device's own value. With `wrap`, a step back counts as a wrap when the way
    forward over the end is shorter than a quarter of the range.
    """
    if state.raw is None:
        return CounterState(state.total or raw, raw), CounterEvent.FIRST
    step = raw - state.raw
    event = None
    if step < 0:
        if wrap is not None and step + wrap < wrap // 4:
            step, event = step + wrap, CounterEvent.WRAP
        else:
            step, event = raw, CounterEvent.RESTART
    return replace(state, total=state.total + step, raw=raw), event
