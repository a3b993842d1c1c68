"""Entries less exits: counters that restart, wrap, jump or look the other way, and the people that follow. Pure.

The two counters of a door are separate readings with times of their own. What one of them says is believed once the
other was heard about the same time: until then those who passed wait (`Counter.waiting`).

Whether a sensor looks the other way is asked whenever somebody or something else knows how many are in: staff, zones,
presence, the night. The same passings are also added up the other way round (`Mirror`), and both sums are held against
what is known.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sukusuku_core.time import MINUTE_MS, SECOND_MS
from sukusuku_server.model.collection import CorrectionKind, FindingName
from sukusuku_server.rooms import door_balance
from sukusuku_server.rooms.door_balance import Balance

WRAP = 65_536
"""Many door counters count in 16 bits."""
BURST = 20
"""So many may pass at once, such as a group."""
PER_MINUTE = 6
"""So many may pass in every further minute; a counter that rises faster is not believed at once."""
TURN_AT = 6
"""By so many people more the sum must be wrong than the same turned round, until the sensor is taken to look the other
way. With 2 % miscounts a right one gets there in no year."""
UNSURE = 2
"""So many times as many at a door that overlooks many: sums without some fit both ways."""
TURN_SHARE = 0.25
"""And the same turned round must be wrong by no more than this share of that."""
EVEN_AFTER = 4
"""After so many equal intervals a counter is taken to speak at an even pace, whatever happens."""
_EVEN = 0.05

Tell = Callable[[CorrectionKind, int, int, str], None]
"""Takes a correction: kind, count before, count after, detail."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A cumulative counter: its last believed value and time, and an odd value that waits for a second one like it.

    `waiting` people have passed who are not believed yet; `pace` is the time between its last two readings (ms), and
    `even` how many times in turn that was the same.
    """

    value: int
    time: int
    odd: int | None = None
    waiting: int = 0
    pace: int = 0
    even: int = 0

    @property
    def due(self) -> int:
        """When (UTC ms) it speaks again, by its pace; a little later than that it is late."""
        return self.time + self.pace


@dataclass(frozen=True, slots=True)
class Mirror:
    """The passings since the count was last known, added up the other way round.

    `clamped` are those who went out of an empty room, here and (`own_clamped`) in the sum that is shown. `against`:
    by how many people the sum that is shown has been more wrong than this one, over all that was known.
    """

    count: int = 0
    clamped: int = 0
    own_clamped: int = 0
    against: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """The people of a room by entries less exits.

    `since` are the times (UTC ms) at which those who are in came, the first come first out. `moves` are movements since
    the count was last corrected. `turned`: the sensor looks the other way.
    """

    entries: Counter | None = None
    exits: Counter | None = None
    since: tuple[int, ...] = ()
    moves: int = 0
    from_empty: bool = False
    turned: bool = False
    mirror: Mirror = field(default_factory=Mirror)
    moved: int | None = None
    """Time of the last movement."""
    went_out: bool = False
    """Whether that was out of the room."""
    presumed: int = 0
    """So many were taken to have left while the counters were silent (below 0: to have come). Who is counted later may
    be one of them."""
    balance: Balance = field(default_factory=Balance)

    @property
    def count(self) -> int:
        """People in the room."""
        return len(self.since)

    @property
    def heard(self) -> int | None:
        """When (UTC ms) the counter that was heard longer ago was heard; None: not both have been heard."""
        if self.entries is None or self.exits is None:
            return None
        return min(self.entries.time, self.exits.time)

    @property
    def waiting(self) -> int:
        """People who have passed and are not believed yet."""
        return sum(counter.waiting for counter in (self.entries, self.exits) if counter is not None)


def rise(counter: Counter | None, value: int, time: int) -> tuple[Counter, int, CorrectionKind | None]:
    """Return the counter after a reading, by how much it rose, and what else happened to it."""
    if counter is None:
        return Counter(value, time), 0, None
    pace = time - counter.time
    even = counter.even + 1 if abs(pace - counter.pace) <= max(_EVEN * counter.pace, SECOND_MS) else 0
    read = Counter(value, time, waiting=counter.waiting, pace=pace, even=even)
    most = BURST + PER_MINUTE * max(time - counter.time, 0) // MINUTE_MS
    if 0 <= value - counter.value <= most:
        return read, value - counter.value, None
    if value < counter.value and 0 <= value + WRAP - counter.value <= most:
        return read, value + WRAP - counter.value, None
    if value < counter.value and value <= BURST:
        return read, value, CorrectionKind.RESTARTED
    if counter.odd is not None and 0 <= value - counter.odd <= most:
        return read, value - counter.odd, CorrectionKind.REPLACED
    return replace(counter, odd=value), 0, None


def counted(flow: Flow, value: int, time: int, *, entries: bool, patience: int, tell: Tell) -> Flow:
    """Return the flow after a reading of one of its counters.

    `patience`: for so long (ms) a counter that lives may say nothing.
    """
    own, other = (flow.entries, flow.exits) if entries else (flow.exits, flow.entries)
    counter, passed, odd = rise(own, value, time)
    if odd is not None:
        tell(odd, flow.count, flow.count, "Entries" if entries else "Exits")
    if own is None or other is None:  # who passed one counter before there was the other tells nothing
        waiting, other = 0, None if other is None else replace(other, waiting=0)
    else:
        waiting = own.waiting + passed
    if counter.waiting != waiting:
        counter = replace(counter, waiting=waiting)
    flow = replace(flow, entries=counter, exits=other) if entries else replace(flow, entries=other, exits=counter)
    return believed(flow, time, patience, tell)


def believed(flow: Flow, time: int, patience: int, tell: Tell) -> Flow:
    """Return the flow with those who waited, if both counters have been heard about now.

    A counter that was silent is not heard, however much the other one says. Of two that speak at an even pace whether
    anybody passes or not, the first one waits for the second.
    """
    entries, exits = flow.entries, flow.exits
    if entries is None or exits is None or not (flow.waiting or flow.presumed):
        return flow
    if min(entries.time, exits.time) < time - patience or _in_turn(entries, exits, time):
        return flow
    come, go = (exits, entries) if flow.turned else (entries, exits)
    gone, there = min(max(flow.presumed, 0), go.waiting), min(max(-flow.presumed, 0), come.waiting)
    flow = replace(flow, entries=replace(entries, waiting=0), exits=replace(exits, waiting=0), presumed=0)
    flow = _moved(flow, come.waiting - there, time, inward=True, tell=tell)
    return _moved(flow, go.waiting - gone, time, inward=False, tell=tell)


def put(flow: Flow, count: int, time: int, tell: Tell) -> Flow:
    """Return the flow from a moment on at which it is known how many are in: turned, if that fits far better."""
    mirror = flow.mirror
    own = mirror.own_clamped + abs(flow.count - count)
    other = mirror.clamped + abs(mirror.count - count)
    against = max(mirror.against + own - other, 0)
    turn_at = UNSURE * TURN_AT if flow.balance.told is FindingName.MANY_MISSED else TURN_AT
    turns = against >= turn_at and other <= TURN_SHARE * own and mirror.clamped <= mirror.own_clamped
    if turns:
        tell(CorrectionKind.SWAPPED, flow.count, count, "")
    return replace(
        flow,
        entries=None if flow.entries is None else replace(flow.entries, waiting=0),
        exits=None if flow.exits is None else replace(flow.exits, waiting=0),
        since=_resized(flow.since, count, time),
        moves=0,
        from_empty=count == 0,
        turned=flow.turned != turns,
        mirror=Mirror(count, against=0 if turns else against),
    )


def missed(flow: Flow, people: int) -> Flow:
    """Return the flow after people turned out to have been missed; below 0: they had not been, after all."""
    return replace(flow, balance=door_balance.missed(flow.balance, people)) if people else flow


def presumed(flow: Flow, count: int) -> Flow:
    """Return the flow before it is put to a count while its counters are silent: they may yet tell of the difference.

    A counter that is only not heard counts on, and one that counts nothing meanwhile tells nothing.
    """
    entries, exits = (0 if counter is None else counter.waiting for counter in (flow.entries, flow.exits))
    here = flow.count + (exits - entries if flow.turned else entries - exits)
    return replace(flow, presumed=flow.presumed + max(here, 0) - count)


def anew(flow: Flow) -> Flow:
    """Return the flow whose counters begin again with their next readings: what they then tell is known already."""
    return replace(flow, entries=None, exits=None, presumed=0)


def day_over(flow: Flow) -> Flow:
    """Return the flow at the daily reset."""
    return replace(flow, balance=door_balance.day_over(flow.balance))


def timed_out(flow: Flow, before: int) -> Flow:
    """Return the flow without those who came before a time (UTC ms)."""
    return replace(flow, since=tuple(time for time in flow.since if time >= before))


def _in_turn(entries: Counter, exits: Counter, time: int) -> bool:
    """Whether the counter that was heard longer ago is about to speak, and nearer to the other's word than to its own.

    So it belongs to what the other has just said.
    """
    last, first = (entries, exits) if entries.time > exits.time else (exits, entries)
    if last.time == first.time or min(last.even, first.even) < EVEN_AFTER:
        return False
    late = first.due + max(round(_EVEN * first.pace), SECOND_MS)
    return first.due - last.time < first.pace // 2 and time <= late


def _moved(flow: Flow, passed: int, time: int, *, inward: bool, tell: Tell) -> Flow:
    if not passed:
        return flow
    mirror = flow.mirror
    if inward:
        since, missing = flow.since + (time,) * passed, 0
        below = max(passed - mirror.count, 0)
        mirror = replace(mirror, count=mirror.count - passed + below, clamped=mirror.clamped + below)
    else:
        since, missing = flow.since[passed:], max(passed - flow.count, 0)
        mirror = replace(mirror, count=mirror.count + passed, own_clamped=mirror.own_clamped + missing)
        if missing:
            tell(CorrectionKind.CLAMPED, -missing, 0, "")
    return replace(
        flow,
        since=since,
        moves=flow.moves + passed,
        mirror=mirror,
        balance=door_balance.passed(door_balance.missed(flow.balance, missing), passed, inward=inward),
        moved=time,
        went_out=not inward,
    )


def _resized(since: tuple[int, ...], count: int, time: int) -> tuple[int, ...]:
    """Those who came last go when there are fewer; those who are missed before have come just now."""
    return since[:count] + (time,) * (count - len(since))
