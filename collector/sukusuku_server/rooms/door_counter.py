"""Entries less exits: counters that restart, wrap, jump or are swapped, and the people that follow from them. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.collection import CorrectionKind

WRAP = 65_536
"""Many door counters count in 16 bits."""
BURST = 20
"""So many may pass at once, such as a group."""
PER_MINUTE = 6
"""So many may pass in every further minute; a counter that rises faster is not believed at once."""
SWAPPED_AT = 3
"""So many more must have gone out of an empty room, and nobody in, until the sensor is taken to look the other way."""

Tell = Callable[[CorrectionKind, int, int, str], None]
"""Takes a correction: kind, count before, count after, detail."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A cumulative counter: its last believed value and time, and an odd value that waits for a second one like it."""

    value: int
    time: int
    odd: int | None = None


def rise(counter: Counter | None, value: int, time: int) -> tuple[Counter, int, CorrectionKind | None]:
    """Return the counter after a reading, by how much it rose, and what else happened to it."""
    if counter is None:
        return Counter(value, time), 0, None
    most = BURST + PER_MINUTE * max(time - counter.time, 0) // MINUTE_MS
    if 0 <= value - counter.value <= most:
        return Counter(value, time), value - counter.value, None
    if value < counter.value and 0 <= value + WRAP - counter.value <= most:
        return Counter(value, time), value + WRAP - counter.value, None
    if value < counter.value and value <= BURST:
        return Counter(value, time), value, CorrectionKind.RESTARTED
    if counter.odd is not None and 0 <= value - counter.odd <= most:
        return Counter(value, time), value - counter.odd, CorrectionKind.REPLACED
    return replace(counter, odd=value), 0, None


@dataclass(frozen=True, slots=True)
class Flow:
    """The people of a room by entries less exits.

    `since` are the times (UTC ms) at which those who are in came, the first come first out. `moves` are movements since
    the count was last put right; `balance`, `low` and `high` are entries less exits since then, when it was put to 0.
    """

    entries: Counter | None = None
    exits: Counter | None = None
    heard: int | None = None
    since: tuple[int, ...] = ()
    moves: int = 0
    balance: int = 0
    low: int = 0
    high: int = 0
    from_empty: bool = False
    swapped: bool = False
    moved: int | None = None
    """Time of the last movement."""
    went_out: bool = False
    """Whether that was out of the room."""

    @property
    def count(self) -> int:
        """People in the room."""
        return len(self.since)


def counted(flow: Flow, value: int, time: int, *, entries: bool, tell: Tell) -> Flow:
    """Return the flow after a reading of one of its counters."""
    counter, passed, odd = rise(flow.entries if entries else flow.exits, value, time)
    flow = replace(flow, entries=counter, heard=time) if entries else replace(flow, exits=counter, heard=time)
    if odd is not None:
        tell(odd, flow.count, flow.count, "Entries" if entries else "Exits")
    if not passed:
        return flow
    return _seen_swapped(_moved(flow, passed, time, inward=entries != flow.swapped, tell=tell), time, tell)


def put(flow: Flow, count: int, time: int) -> Flow:
    """Return the flow from a moment on at which somebody knows how many are in."""
    return replace(
        flow,
        since=_resized(flow.since, count, time),
        moves=0,
        balance=count,
        low=count,
        high=count,
        from_empty=count == 0,
    )


def timed_out(flow: Flow, before: int) -> Flow:
    """Return the flow without those who came before a time (UTC ms)."""
    return replace(flow, since=tuple(time for time in flow.since if time >= before))


def _moved(flow: Flow, passed: int, time: int, *, inward: bool, tell: Tell) -> Flow:
    balance = flow.balance + (passed if inward else -passed)
    if inward:
        since = flow.since + (time,) * passed
    else:
        since = flow.since[passed:]
        if passed > flow.count:
            tell(CorrectionKind.CLAMPED, flow.count - passed, 0, "")
    return replace(
        flow,
        since=since,
        moves=flow.moves + passed,
        balance=balance,
        low=min(flow.low, balance),
        high=max(flow.high, balance),
        moved=time,
        went_out=not inward,
    )


def _seen_swapped(flow: Flow, time: int, tell: Tell) -> Flow:
    """Out of an empty room come people and nobody goes in: then out is in."""
    if not flow.from_empty or flow.low > -SWAPPED_AT or flow.high > 1:
        return flow
    count = max(-flow.balance, 0)
    tell(CorrectionKind.SWAPPED, flow.count, count, "")
    turned = replace(flow, swapped=not flow.swapped, balance=-flow.balance, low=-flow.high, high=-flow.low)
    return replace(turned, since=_resized(flow.since, count, time))


def _resized(since: tuple[int, ...], count: int, time: int) -> tuple[int, ...]:
    """Those who came last go when there are fewer; those who are missed before have come just now."""
    return since[:count] + (time,) * (count - len(since))
