"""One kind of people of a room, all or the children: which source leads, and how its count is corrected. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low

from sukusuku_core.time import HOUR_MS, MINUTE_MS, day_number
from sukusuku_server.model.collection import CorrectionKind, FindingName
from sukusuku_server.rooms.door_counter import Flow, anew, missed, presumed, put, timed_out
from sukusuku_server.rooms.sensor_samples import Sample

Tell = Callable[[CorrectionKind, int | None, int | None, str], None]
"""Takes a correction: kind, count before, count after, detail."""

_SETTLED = 2 * MINUTE_MS
"""So long after a movement an absolute count may still lag behind."""
_TRUST_ENTERED = 30 * MINUTE_MS
"""For so long nothing contradicts what a member of staff has counted."""
TWICE = MINUTE_MS
"""Who passed before staff counted may be told by the counters so long after it."""
_STUCK_MOVES = 4
"""So many movements without a change of an absolute count: it is stuck and does not put anything right."""
_FLICKERING = frozenset({"count", "zones"})
_MEDIAN_OF = 5
"""An absolute count that leads is the median of so many minutes: regions overlook people now and then."""
_FROZEN_AFTER = HOUR_MS
"""An absolute count that has stood still for so long,"""
_THAWED_BY = 4
"""and then jumps by so many people from one sample to the next, was frozen: people come and go one by one."""
_MAJORITY = 0.75
"""This share of the last minutes must contradict the flow by the same number: regions flicker."""
_DRIFT_LEAST = 2
_DRIFT_SHARE = 0.15
"""While the centre is open, a room that seems empty is believed to be when no more are left in the count than drift
explains: two, or this share of all movements since it was last right."""
_OUT_BEFORE = 10 * MINUTE_MS
"""And when somebody went out within so long before it fell quiet: sleeping children are quiet too."""


@dataclass(frozen=True, slots=True)
class Witness:
    """An absolute count that stands beside entries and exits: its value and how many movements it has slept through."""

    value: int
    changed: int
    moves: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What staff counted at `time` (UTC ms), and by how many that put the flow right: counters may yet tell of them."""

    time: int
    count: int
    off: int


@dataclass(frozen=True, slots=True)
class Channel:
    """What is known of one kind of people. `value` is the corrected count, None in a gap; `lead` the source of it."""

    flow: Flow = field(default_factory=Flow)
    lead: str | None = None
    value: int | None = None
    heard: int = 0
    """When the leading source was last heard (UTC ms)."""
    apart: tuple[int, ...] = ()
    """By how much the absolute count differed from the flow in each of the last minutes."""
    witness: Witness | None = None
    entered: int | None = None
    """When staff last counted."""
    recent: tuple[int, ...] = ()
    """What the absolute source that leads said in the last minutes."""
    still: tuple[int, int] | None = None
    """What the absolute source that leads said last, and since when (UTC ms)."""
    claim: Claim | None = None
    """What the last count by staff has changed, while the counters may yet tell of it."""
    held: tuple[int, int] | None = None
    """What staff counted while an absolute source led, and what that source said: it holds until that changes."""

    @property
    def known_before(self) -> bool:
        """Whether there has ever been a value."""
        return self.heard > 0


def follow(
    channel: Channel, samples: Mapping[str, Sample], order: Sequence[str], now: int, alive: int, tell: Tell
) -> Channel:
    """Return the channel with the first source in `order` that was heard after `alive` in the lead."""
    lead = next((source for source in order if (seen := samples.get(source)) is not None and seen.time > alive), None)
    if lead is None:
        if channel.lead is not None:
            tell(CorrectionKind.SOURCE, channel.value, None, f"{channel.lead} > -")
        return _changed(channel, lead=None, value=None, apart=(), recent=(), still=None, held=None)
    value, held = int(samples[lead].value), channel.held
    recent: tuple[int, ...] = ()
    still = None
    if lead in _FLICKERING:
        still = _still(channel.still if lead == channel.lead else None, value, now, tell)
        recent = (*(channel.recent if lead == channel.lead else ()), value)[-_MEDIAN_OF:]
        value = median_low(recent)
    if held is not None and (lead == "flow" or held[1] != value):
        held = None
    shown = value if held is None else held[0]
    if lead != channel.lead and channel.known_before:
        tell(CorrectionKind.SOURCE, channel.value, shown, f"{channel.lead or '-'} > {lead}")
    flow = channel.flow
    settled = flow.moved is None or samples[lead].time - flow.moved >= _SETTLED
    if lead in _FLICKERING and flow.heard is not None and settled and flow.count != shown:  # so that it can take over
        flow = put(anew(flow) if flow.heard <= alive else flow, shown, now, tell)
    return _changed(
        channel, flow=flow, lead=lead, value=shown, heard=samples[lead].time, recent=recent, still=still, held=held
    )


def _still(before: tuple[int, int] | None, value: int, now: int, tell: Tell) -> tuple[int, int]:
    """Return since when an absolute count says what it says; tells that it was frozen until now."""
    if before is None or before[0] == value:
        return before or (value, now)
    if now - before[1] >= _FROZEN_AFTER and abs(value - before[0]) >= _THAWED_BY:
        tell(CorrectionKind.FROZEN, before[0], value, "")
    return value, now


def agreed(channel: Channel, absolute: Sample | None, now: int, minutes: int, tell: Tell) -> Channel:
    """Return the channel corrected by an absolute count that has contradicted it for so many minutes."""
    flow = channel.flow
    if absolute is None or minutes <= 0:
        return _changed(channel, apart=(), witness=None)
    value, seen = int(absolute.value), channel.witness
    if seen is None or seen.value != value or flow.moves < seen.moves:
        seen = Witness(value, now, flow.moves)
    stuck = flow.moves - seen.moves >= _STUCK_MOVES
    fresh = flow.moved is not None and absolute.time - flow.moved < _SETTLED
    trusted = channel.entered is not None and now - channel.entered < _TRUST_ENTERED
    if stuck or fresh or trusted:
        return _changed(channel, apart=channel.apart if fresh and not stuck else (), witness=seen)
    apart = (*channel.apart[-minutes + 1 :], value - flow.count) if minutes > 1 else (value - flow.count,)
    off = median_low(apart)
    if len(apart) < minutes or off == 0 or apart.count(off) < _MAJORITY * len(apart):
        return _changed(channel, apart=apart, witness=seen)
    count = max(flow.count + off, 0)
    tell(CorrectionKind.AGREED, flow.count, count, "")
    flow = put(missed(flow, abs(off)), count, now, tell)
    return replace(channel, flow=flow, value=count, apart=(), witness=Witness(value, now, 0))


def _changed(channel: Channel, **fields: object) -> Channel:
    """Return the channel with these fields; itself when it has them, as in most minutes: a copy takes far longer."""
    for name, value in fields.items():
        had = getattr(channel, name)
        if had is not value and had != value:
            return replace(channel, **fields)  # type: ignore[arg-type]  # the names are those of its fields
    return channel


def emptied(channel: Channel, now: int, kind: CorrectionKind, tell: Tell, *, unheard: bool = False) -> Channel:
    """Return the channel from a moment on at which the room is taken to be empty.

    `unheard`: its counters fell silent while people were in, and may yet tell how these left.
    """
    flow = presumed(channel.flow, 0) if unheard else missed(channel.flow, channel.flow.count)
    if flow.count:
        tell(kind, flow.count, 0, "")
    elif flow.from_empty and not flow.moves and not flow.waiting:
        return channel
    value = 0 if channel.lead == "flow" else channel.value
    return replace(channel, flow=put(flow, 0, now, tell), value=value, apart=(), held=None)


def may_be_empty(channel: Channel, quiet: int) -> bool:
    """Whether a room that has been quiet since a moment can be empty although the centre is open and some are left."""
    flow = channel.flow
    left_before = flow.moved is not None and flow.went_out and flow.moved >= quiet - _OUT_BEFORE
    return left_before and flow.count <= max(_DRIFT_LEAST, 1 + _DRIFT_SHARE * flow.moves)


def entered(channel: Channel, count: int, now: int, in_time: int, tell: Tell) -> Channel:
    """Return the channel after a member of staff has counted.

    Of what counters tell that were not heard after `in_time`, part is counted here. If they fell silent on an earlier
    day, they begin anew.
    """
    tell(CorrectionKind.ENTERED, channel.value, count, "")
    held = claim = None
    if channel.lead in _FLICKERING and channel.value is not None:
        held = (count, channel.value if channel.held is None else channel.held[1])
    value = count if channel.lead is not None else channel.value
    flow = channel.flow
    if flow.heard is not None:
        if flow.heard <= in_time:
            flow = presumed(flow, count) if day_number(flow.heard) == day_number(now) else anew(flow)
        elif channel.lead == "flow" and flow.count != count:
            claim = Claim(now, count, count - flow.count) if flow.balance.told is None else None
            flow = missed(flow, abs(count - flow.count))
        flow = put(flow, count, now, tell)
    return replace(channel, flow=flow, value=value, apart=(), entered=now, claim=claim, held=held)


def not_twice(channel: Channel, now: int, tell: Tell) -> Channel:
    """Return the channel in which nobody counts twice: as counted by staff, and as told by the counters right after."""
    claim, flow = channel.claim, channel.flow
    if claim is None or now > claim.time + 2 * TWICE:
        return _changed(channel, claim=None)
    if flow.moved is None or not claim.time < flow.moved <= claim.time + TWICE:
        return channel
    ends = sorted((0, claim.off))
    off = min(max(claim.count + claim.off - flow.count, ends[0]), ends[1])
    if off == claim.off:
        return channel
    count = flow.count - claim.off + off
    tell(CorrectionKind.ENTERED, flow.count, count, "")
    flow = put(missed(flow, -abs(claim.off - off)), count, now, tell)
    return replace(channel, flow=flow, value=count, claim=replace(claim, off=off))


def in_doubt(channel: Channel, now: int) -> bool:
    """Whether the count is that of a counter that overlooks many, and nobody has counted of late."""
    counted = channel.entered is not None and now - channel.entered < _TRUST_ENTERED
    return channel.lead == "flow" and channel.flow.balance.told is FindingName.MANY_MISSED and not counted


def without_overdue(channel: Channel, before: int, tell: Tell) -> Channel:
    """Return the channel without those who came before a time (UTC ms)."""
    if not channel.flow.since or channel.flow.since[0] >= before:
        return channel
    flow = timed_out(channel.flow, before)
    tell(CorrectionKind.TIMED_OUT, channel.flow.count, flow.count, "")
    return replace(channel, flow=flow, value=flow.count if channel.lead == "flow" else channel.value)
