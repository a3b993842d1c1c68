"""How full a bag is, from two witnesses: the level sensor and the counter of compression cycles. Pure.

Everything is in percent of a bag; one percent is `nappies_per_bag / 100` nappies. A scalar Kalman filter (Kalman 1960)
holds the percent x and its variance v. A counted cycle adds p percent with variance q, a level reading y with noise s
pulls x towards itself:

    cycle:  x + p,  v + q,               q = (SPREAD p)^2
    level:  x + k (y - x),  v (1 - k),   k = v / (v + s^2 + s0^2)
    y = 100 (raw - zero) / (full - zero)

p, s, zero and full are learnt per unit (`unit_learning`): p from how far the level rose over how many cycles of each
bag, weighed against the setting; s from the steps of a resting level; zero and full from what the sensor says of empty
and full bags.
A level further off than a gate is not believed at once (see `level_sensor`). It becomes a *rival*: another account of
the bag, with the weights of what may have happened (`level_evidence`). `emptying_detection` decides what it means.
What has risen and is believed has come in, whatever made it believed.
A level that does not move while cycles are counted is stuck and not believed either.
"""

import msgspec
from msgspec.structs import replace

from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units import unit_learning
from sukusuku_server.units.level_evidence import LEAST_SINKS
from sukusuku_server.units.unit_learning import Learnt, lumped, sunk

SPREAD = 0.55
"""Standard deviation of what a cycle brings, in p: hands hold one to three nappies, and no nappy is like another."""
FLOOR = 0.7
"""Percent. Neither a level reading nor the estimate is believed to be more exact than this."""
STUCK_PERCENT = 8.0
"""A level that has not moved while so much was counted is stuck."""
STUCK_MS = 30 * MINUTE_MS
LOW = 12.0
"""Percent near zero that an empty bag may read."""
ZERO_FLOW = 5.0
"""Percent that may have come into the new bag before its first level, beyond which that teaches nothing."""
FULL_PACE, FULL_WITHIN = 0.3, 15.0
FULL_AGE_MS = 15 * MINUTE_MS
"""How far `full` moves towards the level of a full bag, which must not be further off nor older than this."""
HIGHEST = 130.0
"""Percent. More than that nobody has ever got into a bag."""
RESTART_READINGS = 3
"""A counter that reads lower has begun anew when so many readings say so; or at once, when it fell this far:"""
RESTART_FALL = 50


class Bag(msgspec.Struct, frozen=True):
    """The bag in the unit. `emptied` is when it was put in, None: not known.

    `counted` is what the counter alone says. `origin` is the first level that was believed, with the cycles then.
    """

    emptied: int | None = None
    percent: float = 0.0
    variance: float = 900.0
    cycles: int = 0
    counted: float = 0.0
    origin: float | None = None
    origin_cycles: int = 0
    inflow: float = 0.0
    """What has come into the bag by the estimate since it was last asked for; see `taken`."""


class Rival(msgspec.Struct, frozen=True):
    """Another account of what is in the bag since `since`.

    `before` is what was believed then, `first` the first level of this account, `percent` the present one. `blind` is
    how long before `since` nothing was known of the level, ms. The weights are those of `level_evidence`; only their
    ratios count. `stop`: the sensor may be at its stop; `floor`: this account began at the lower one.
    """

    since: int
    before: float
    first: float
    percent: float
    blind: int
    emptied: float
    slipped: float
    rose: float
    back: float
    error: float
    stop: bool = False
    floor: bool = False
    cycles: int = 0
    count: int = 1
    last: int = 0

    @property
    def chance(self) -> float:
        """How likely it is that this account is true and no error of the sensor."""
        true = self.emptied + self.slipped + self.rose + self.back
        return true / (true + self.error) if true > 0 else 0.0


class Former(msgspec.Struct, frozen=True):
    """The level before a rise that was believed, and how likely that was an error when it was believed.

    By then it had lasted for `held` ms, which that chance reckons with.
    """

    since: int
    percent: float
    chance: float
    stop: bool
    held: int


class Level(msgspec.Struct, frozen=True):
    """The level sensor. `percent` is its last believed reading, at `believed`.

    `moved` is when its value last changed, with the estimate then and the cycles since. `former` is the level before a
    rise that was believed, as long as that may prove to have been an error. `below` is since when it reads far less
    than empty; None: it does not.
    """

    time: int
    value: float
    percent: float
    believed: int
    moved: int
    moved_percent: float
    moved_cycles: int = 0
    stuck: bool = False
    rivals: tuple[Rival, ...] = ()
    former: Former | None = None
    below: int | None = None

    @property
    def rival(self) -> Rival | None:
        """The likeliest of the rivals."""
        return max(self.rivals, key=lambda rival: rival.chance) if self.rivals else None


class Counter(msgspec.Struct, frozen=True):
    """The cycle counter: its highest total, and what reads lower since."""

    time: int
    total: int
    lower: int | None = None
    lowers: int = 0


class Fill(msgspec.Struct, frozen=True):
    """All that is known of how full a unit is. None: this witness has never spoken."""

    learnt: Learnt
    bag: Bag = Bag()
    level: Level | None = None
    counter: Counter | None = None
    heard: int | None = None
    """When either witness last said something."""


def start(settings: Collection) -> Fill:
    """Nothing is known but the settings."""
    return Fill(Learnt(100.0 * settings.nappies_per_cycle / settings.nappies_per_bag))


def count(fill: Fill, time: int, total: int, most: int | None = None) -> Fill:
    """Return the counter reads `total`; no more than `most` of these cycles belong to this bag."""
    counter = fill.counter
    if counter is None:
        return replace(fill, counter=Counter(time, total), heard=time)
    if total == counter.total:
        counter = Counter(time, total)
        return replace(fill, counter=counter, heard=time)
    if total > counter.total:
        cycles = total - counter.total
        cycles = cycles if most is None else min(cycles, most)
        return _cycles(replace(fill, counter=Counter(time, total), heard=time), time, cycles)
    lowers = counter.lowers + 1
    lower = total if counter.lower is None else counter.lower
    if counter.total - total < RESTART_FALL and lowers < RESTART_READINGS:
        return replace(fill, counter=replace(counter, time=time, lower=lower, lowers=lowers), heard=time)
    fill = replace(fill, counter=Counter(time, total), heard=time)
    return _cycles(fill, time, total - lower) if total > lower else fill


def full(fill: Fill, time: int) -> Fill:
    """Take the unit's own word that the bag is full."""
    learnt, bag, level = fill.learnt, fill.bag, fill.level
    believed = level is not None and not level.stuck and not level.rivals
    if level is not None and believed and time - level.time <= FULL_AGE_MS and bag.emptied is not None:
        off = level.value - learnt.full
        if abs(off) <= FULL_WITHIN:
            learnt = replace(learnt, full=learnt.full + FULL_PACE * off)
    if not believed and bag.emptied is not None:
        learnt = unit_learning.taught(learnt, 100.0, bag.cycles)
    percent = max(bag.percent, 100.0)
    bag = replace(bag, percent=percent, variance=min(bag.variance, 4.0), inflow=bag.inflow + percent - bag.percent)
    return replace(fill, learnt=learnt, bag=bag)


def renewed(fill: Fill, time: int) -> Fill:
    """Another bag since `time`. A rival, when there is one, tells what is in it, and where an empty bag begins."""
    learnt, old, level = fill.learnt, fill.bag, fill.level
    if old.origin is not None and level is not None and not level.stuck:
        learnt = unit_learning.taught(learnt, level.percent - old.origin, old.cycles - old.origin_cycles)
    age = None if old.emptied is None else max(time - old.emptied, 0) / HOUR_MS
    learnt = unit_learning.changed(learnt, time, old.percent, age)
    rival = None if level is None else level.rival
    if rival is None or level is None:
        bag = Bag(time, 0.0, 4.0, inflow=old.inflow)
        return replace(fill, learnt=learnt, bag=bag, level=_fresh(level, time, 0.0))
    flow = learnt.habits().pace * rival.blind / HOUR_MS
    if flow <= ZERO_FLOW:
        learnt = unit_learning.begun(learnt, rival.first, at_floor=rival.floor)
    percent = min(max(rival.percent, 0.0), HIGHEST)
    counted = rival.cycles * fill.learnt.per_cycle
    came = rival.percent - max(rival.first, 0.0) + min(max(rival.first - learnt.first[0], 0.0), flow)
    bag = Bag(time, percent, 4.0, rival.cycles, counted, rival.percent, rival.cycles, old.inflow + came - counted)
    return replace(fill, learnt=learnt, bag=bag, level=_fresh(level, level.time, percent))


def rebased(fill: Fill, *, came: bool) -> Fill:
    """Accept the rival level as true for the same bag. `came`: the difference has come in, or is gone again."""
    level = fill.level
    rival = None if level is None else level.rival
    if level is None or rival is None:
        return fill
    percent = min(max(rival.percent, 0.0), HIGHEST)
    off = percent - fill.bag.percent if came else rival.percent - rival.first - rival.cycles * fill.learnt.per_cycle
    bag = replace(
        fill.bag,
        percent=percent,
        variance=4.0,
        origin=percent,
        origin_cycles=fill.bag.cycles,
        inflow=fill.bag.inflow + off,
    )
    rises = came and off > 0
    if rises:
        learnt = lumped(fill.learnt, off)
    elif came or rival.slipped <= 0:
        learnt = fill.learnt
    else:
        part = max(rival.before - percent, 0.0) / max(rival.before, LEAST_SINKS)
        learnt = sunk(fill.learnt, part, rival.slipped / (rival.slipped + rival.emptied))
    fresh = _fresh(level, level.time, percent)
    if fresh is not None and rises:
        held = rival.last - rival.since
        fresh = replace(fresh, former=Former(rival.since, fill.bag.percent, 1 - rival.chance, rival.stop, held))
    return replace(fill, learnt=learnt, bag=bag, level=fresh)


def taken(fill: Fill) -> tuple[float, Fill]:
    """Return what has come into the bag since this was last asked (percent; noise can make it negative)."""
    return fill.bag.inflow, replace(fill, bag=replace(fill.bag, inflow=0.0))


def _fresh(level: Level | None, time: int, percent: float) -> Level | None:
    if level is None:
        return None
    return Level(level.time, level.value, percent, time, level.moved, percent, 0, level.stuck)


def _cycles(fill: Fill, time: int, cycles: int) -> Fill:
    """So many cycles were counted."""
    bag, level, p = fill.bag, fill.level, fill.learnt.per_cycle
    more = cycles * p
    bag = replace(
        bag,
        percent=bag.percent + more,
        variance=bag.variance + cycles * (SPREAD * p) ** 2,
        cycles=bag.cycles + cycles,
        counted=bag.counted + more,
        inflow=bag.inflow + more,
    )
    if level is None:
        return replace(fill, bag=bag)
    moved = level.moved_cycles + cycles
    rivals = tuple(
        replace(rival, percent=rival.percent + cycles * p, cycles=rival.cycles + cycles) for rival in level.rivals
    )
    stuck = level.stuck or (moved * p >= STUCK_PERCENT and time - level.moved >= STUCK_MS <= level.time - level.moved)
    if stuck and not level.stuck:
        percent = max(bag.percent, level.moved_percent + moved * p)
        bag = replace(bag, percent=percent, inflow=bag.inflow + percent - bag.percent)
        rivals = ()
    return replace(fill, bag=bag, level=replace(level, moved_cycles=moved, stuck=stuck, rivals=rivals))
