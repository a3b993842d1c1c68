"""How full a bag is, from two witnesses: the level sensor and the counter of compression cycles. Pure.

Everything is in percent of a bag; one percent is `nappies_per_bag / 100` nappies. A scalar Kalman filter (Kalman 1960)
holds the percent x and its variance v. A counted cycle adds p percent with variance q, a level reading y with noise s
pulls x towards itself:

    cycle:  x + p,  v + q,               q = (SPREAD p)^2
    level:  x + k (y - x),  v (1 - k),   k = v / (v + s^2 + s0^2)
    y = 100 (raw - zero) / (full - zero)

p, s, zero and full are learnt per unit: p from how far the level rose over how many cycles of each bag, weighed against
the setting; s from the steps of a resting level; zero and full from what the sensor says of empty and full bags.
A level further off than a gate is not believed (see `level`). It becomes a *rival*: another account of the bag, which
lives while later readings agree with it and dies when they return. What a rival that stays means, `emptying` decides.
A level that does not move while cycles are counted is stuck and not believed either.
"""

import msgspec
from msgspec.structs import replace

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.settings.collection import Collection

SPREAD = 0.55
"""Standard deviation of what a cycle brings, in p: hands hold one to three nappies, and no nappy is like another."""
FLOOR = 0.7
"""Percent. Neither a level reading nor the estimate is believed to be more exact than this."""
FIRST_NOISE = 1.0
STUCK_PERCENT = 8.0
"""A level that has not moved while so much was counted is stuck."""
STUCK_MS = 30 * MINUTE_MS
LOW = 12.0
"""Percent near zero that an empty bag may read."""
LEARN_CYCLES, LEARN_RISE = 8, 15.0
"""A bag teaches p when at least so many cycles and percent lie between two levels of it."""
LEARN_WITHIN = (0.5, 2.0)
"""And when it does not contradict what was learnt by more than these factors."""
PRIOR_CYCLES = 30.0
BAG_KEPT = 0.9
"""How many cycles' weight the setting has; how much a bag keeps of its weight when another one comes."""
ZERO_PACE, ZERO_WITHIN = 0.25, 8.0
"""How far zero moves towards the first level of a new bag, when that is not off by more than so many percent."""
SURE_COUNT = 3
"""Readings after which a rival may rise quickly, and an empty one teaches zero."""
FULL_PACE, FULL_WITHIN = 0.3, 15.0
FULL_AGE_MS = 15 * MINUTE_MS
"""The same for the level of a full bag, which must not be older than this."""
HIGHEST = 130.0
"""Percent. More than that nobody has ever got into a bag."""
RESTART_READINGS = 3
"""A counter that reads lower has begun anew when so many readings say so; or at once, when it fell this far:"""
RESTART_FALL = 50


class Learnt(msgspec.Struct, frozen=True):
    """What is known of a unit beyond the bag: `per_cycle` is p, `rise` over `cycles` what it rests on; `noise` is s."""

    per_cycle: float
    rise: float = 0.0
    cycles: float = 0.0
    noise: float = FIRST_NOISE
    zero: float = 0.0
    bags: int = 0
    """How many bags have taught `zero`."""
    full: float = 100.0


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
    how long before `since` nothing was known of the level, ms. `misses` are the last readings that did not agree.
    """

    since: int
    before: float
    first: float
    percent: float
    blind: int
    cycles: int = 0
    count: int = 1
    misses: int = 0
    last: int = 0


class Level(msgspec.Struct, frozen=True):
    """The level sensor. `percent` is its last believed reading, at `believed`.

    `moved` is when its value last changed, with the estimate then and the cycles since.
    """

    time: int
    value: float
    percent: float
    believed: int
    moved: int
    moved_percent: float
    moved_cycles: int = 0
    stuck: bool = False
    rival: Rival | None = None


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
    believed = level is not None and not level.stuck and level.rival is None
    if level is not None and believed and time - level.time <= FULL_AGE_MS and bag.emptied is not None:
        off = level.value - learnt.full
        if abs(off) <= FULL_WITHIN:
            learnt = replace(learnt, full=learnt.full + FULL_PACE * off)
    if not believed and bag.emptied is not None:
        learnt = _teach(learnt, 100.0, bag.cycles)
    percent = max(bag.percent, 100.0)
    bag = replace(bag, percent=percent, variance=min(bag.variance, 4.0), inflow=bag.inflow + percent - bag.percent)
    return replace(fill, learnt=learnt, bag=bag)


def renewed(fill: Fill, time: int, *, zero: bool) -> Fill:
    """Another bag since `time`. A rival, when there is one, tells what is in it.

    `zero`: it began empty, so that its first level teaches where zero is.
    """
    learnt, old, level = fill.learnt, fill.bag, fill.level
    if old.origin is not None and level is not None and not level.stuck:
        learnt = _teach(learnt, level.percent - old.origin, old.cycles - old.origin_cycles)
    rival = None if level is None else level.rival
    if rival is None or level is None:
        bag = Bag(time, 0.0, 4.0, inflow=old.inflow)
        return replace(fill, learnt=learnt, bag=bag, level=_fresh(level, time, 0.0))
    if zero and rival.count >= SURE_COUNT:
        off = rival.first * (learnt.full - learnt.zero) / 100
        if abs(off) <= ZERO_WITHIN + (ZERO_WITHIN if learnt.bags == 0 else 0):
            learnt = replace(learnt, zero=learnt.zero + ZERO_PACE * off, bags=learnt.bags + 1)
    percent = min(max(rival.percent, 0.0), HIGHEST)
    counted = rival.cycles * fill.learnt.per_cycle
    inflow = old.inflow + rival.percent - rival.first - counted
    bag = Bag(time, percent, 4.0, rival.cycles, counted, rival.percent, rival.cycles, inflow)
    return replace(fill, learnt=learnt, bag=bag, level=_fresh(level, level.time, percent))


def rebased(fill: Fill) -> Fill:
    """Accept the rival level as true for the same bag."""
    level = fill.level
    if level is None or level.rival is None:
        return fill
    percent = min(max(level.rival.percent, 0.0), HIGHEST)
    bag = replace(fill.bag, percent=percent, variance=4.0, origin=percent, origin_cycles=fill.bag.cycles)
    return replace(fill, bag=bag, level=_fresh(level, level.time, percent))


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
    rival = level.rival
    if rival is not None:
        rival = replace(rival, percent=rival.percent + cycles * p, cycles=rival.cycles + cycles)
    stuck = level.stuck or (moved * p >= STUCK_PERCENT and time - level.moved >= STUCK_MS <= level.time - level.moved)
    if stuck and not level.stuck:
        percent = max(bag.percent, level.moved_percent + moved * p)
        bag = replace(bag, percent=percent, inflow=bag.inflow + percent - bag.percent)
        rival = None
    return replace(fill, bag=bag, level=replace(level, moved_cycles=moved, stuck=stuck, rival=rival))


def _teach(learnt: Learnt, rise: float, cycles: int) -> Learnt:
    """Another bag has risen so far with so many cycles."""
    if cycles < LEARN_CYCLES or rise < LEARN_RISE:
        return learnt
    if not LEARN_WITHIN[0] <= rise / cycles / learnt.per_cycle <= LEARN_WITHIN[1]:
        return learnt
    total, over = learnt.rise * BAG_KEPT + rise, learnt.cycles * BAG_KEPT + cycles
    prior = learnt.per_cycle if learnt.cycles == 0 else _prior(learnt)
    per_cycle = (total + prior * PRIOR_CYCLES) / (over + PRIOR_CYCLES)
    return replace(learnt, per_cycle=per_cycle, rise=total, cycles=over)


def _prior(learnt: Learnt) -> float:
    """Return the p of the settings, from what was made of it."""
    return (learnt.per_cycle * (learnt.cycles + PRIOR_CYCLES) - learnt.rise) / PRIOR_CYCLES
