"""Cumulative totals from device counters that wrap or restart, and from counts of periods. Pure.

Rule: a step forward is added. A step back is believed when a second read confirms it, that is, when it shows as much as
the first or more, and still less than before: then it was a wrap near the end of the counter's range and a restart
anywhere else, after which the new value is what has been counted since. When the second read is back where the counter
was, the first was wrong and counts for nothing: devices show 0 while they boot. What is older than the newest read, or
came already, never changes a total (see `order`).

Documented limits: a restart that overtakes the old value before it is confirmed cannot be told from counting, nor a
second restart before the first is confirmed from a wrong read.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from sukusuku_core.message_order import NOTHING, UNMARKED, Mark, Place, Seen, place


class CounterEvent(StrEnum):
    """What else a read meant, besides counting."""

    FIRST = "first"
    DOUBTED = "doubted"
    """A step back that the next read has to confirm."""
    WRAP = "wrap"
    RESTART = "restart"
    PASSED_OVER = "passed over"
    """Older than the newest read, or read before."""


@dataclass(frozen=True, slots=True)
class CounterState:
    """The total and the raw value it was last seen at (None before the first read)."""

    total: int = 0
    raw: int | None = None
    lower: int | None = None
    """A read below `raw` that has not been confirmed."""
    seen: Seen = NOTHING
    """The messages that were counted last."""


def advance(
    state: CounterState, raw: int, wrap: int | None, mark: Mark = UNMARKED
) -> tuple[CounterState, CounterEvent | None]:
    """Return the state after reading `raw`.

    The first read starts the total at the device's own value. With `wrap`, a step back counts as a wrap when the way
    forward over the end is shorter than a quarter of the range.
    """
    placed = place(state.seen, mark)
    if placed.place is not Place.NEW:
        return state, CounterEvent.PASSED_OVER
    seen, total = placed.seen, state.total
    if state.raw is None:
        return CounterState(total or raw, raw, None, seen), CounterEvent.FIRST
    if raw >= state.raw:
        return CounterState(total + raw - state.raw, raw, None, seen), None
    if state.lower is None or raw < state.lower:
        return replace(state, lower=raw, seen=seen), CounterEvent.DOUBTED
    over_the_end = state.lower - state.raw + wrap if wrap is not None else None
    if wrap is not None and over_the_end is not None and over_the_end < wrap // 4:
        return CounterState(total + raw - state.raw + wrap, raw, None, seen), CounterEvent.WRAP
    return CounterState(total + raw, raw, None, seen), CounterEvent.RESTART


def add(state: CounterState, count: int, mark: Mark = UNMARKED) -> tuple[CounterState, CounterEvent | None]:
    """Return the state after a message with a period's count: each message counts once, late ones too."""
    placed = place(state.seen, mark)
    if placed.place is Place.AGAIN:
        return state, CounterEvent.PASSED_OVER
    return CounterState(state.total + count, seen=placed.seen), None
