"""How full a bag is, from two witnesses: the level sensor and the counter of compression cycles. Pure.

Everything is in percent of a bag; one percent is `nappies_per_bag / 100` nappies. A scalar Kalman filter (Kalman 1960)
holds the percent x and its variance v. A counted cycle adds p percent with variance q, a level reading y with noise s
pulls x towards itself:

    cycle:  x + p,  v + q,               q = (SPREAD p)^2
    level:  x + k (y - x),  v (1 - k),   k = v / (v + s^2 + s0^2)
    y = 100 (raw - zero) / (full - zero)

p, s, zero and full are learnt per unit: p from how far the level rose over how many cycles of each bag, weighed against
the setting; s from the steps of a resting level; zero and full from what the sensor says of empty and full bags.
A level further off than a gate is not believed at once (see `level_sensor`). It becomes a *rival*: another account of
the bag, with the weights of what may have happened (`level_evidence`). `emptying_detection` decides what it means.
What has risen and is believed has come in, whatever made it believed.
A level that does not move while cycles are counted is stuck and not believed either.
"""

import msgspec
from msgspec.structs import replace

from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units.level_evidence import Habits

SPREAD = 0.55
"""Standard deviation of what a cycle brings, in p: hands hold one to three nappies, and no nappy is like another."""
FLOOR = 0.7
"""Percent. Neither a level reading nor the estimate is believed to be more exact than this."""
FIRST_NOISE = 1.0
UNKNOWN_NOISE, UNKNOWN_ERRORS, KNOWN_STEPS = 4.0, 3.0, 20
"""The noise, and how many times more errors, that are assumed at first; after so many readings they are known."""
STUCK_PERCENT = 8.0
"""A level that has not moved while so much was counted is stuck."""
STUCK_MS = 30 * MINUTE_MS
LOW = 12.0
"""Percent near zero that an empty bag may read."""
EMPTIED_PRIOR, SLIPPED_PRIOR, ERRORS_PRIOR, STOPS_PRIOR = (1.0, 48.0), (1.0, 1000.0), (1.0, 40.0), (1.0, 250.0)
"""How often (times, in hours) bags are emptied, contents fall, sensors err and stand at their stop, before anything is
known."""
EMPTIED_LEAST, ERRORS_LEAST, STOPS_LEAST = 1 / 168, 1 / 100, 1 / 1000
"""Rates per hour that are assumed at least: of the laziest crew and of the best sensor."""
PACE_PRIOR, LUMP_PRIOR = (50.0, 10.0), (32.0, 4.0)
"""Percent in open hours, and percent in lumps, that are assumed to have come already."""
HALVES_DAYS = {"emptied": 60.0, "slipped": 60.0, "errors": 10.0, "stops": 60.0, "pace": 14.0}
SINK_PRIOR, SINK_MOST = (50.0, 5.0), 12.0
"""Percent in falls that are assumed to have been seen, and how far they go on the average at most."""
LUMP_KEPT = 0.98
FIRST_PRIOR = (0.0, 4.0)
MEDIAN_OFF = 0.674
"""Half of all values are nearer to the middle than this, in standard deviations."""
FIRST_PACE = 0.15
"""How fast the usual first level of a bag, and how far it scatters, follow another bag: medians, which do not mind what
is left over now and then."""
LEARN_CYCLES, LEARN_RISE = 8, 15.0
"""A bag teaches p when at least so many cycles and percent lie between two levels of it."""
LEARN_WITHIN = (0.5, 2.0)
"""And when it does not contradict what was learnt by more than these factors."""
PRIOR_CYCLES = 30.0
BAG_KEPT = 0.9
"""How many cycles' weight the setting has; how much a bag keeps of its weight when another one comes."""
ZERO_PACE, ZERO_WITHIN, ZERO_FAR = 0.25, 8.0, 0.5
"""How far zero moves towards the first level of a new bag; by how many percent when that is further off, for bags are
not emptied wholly now and then."""
ZERO_FLOW = 5.0
"""Percent that may have come into the new bag before its first level, beyond which that teaches nothing."""
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
    steps: int = 0
    """Readings of the level that have taught `noise`, up to `KNOWN_STEPS`."""
    between: float = 0.0
    """Hours between two levels, on the average."""
    emptied: tuple[float, float] = (0.0, 0.0)
    slipped: tuple[float, float] = (0.0, 0.0)
    errors: tuple[float, float] = (0.0, 0.0)
    stops: tuple[float, float] = (0.0, 0.0)
    """How often, in how many hours; forgotten slowly."""
    pace: tuple[float, float] = (0.0, 0.0)
    """Percent that came, in how many open hours."""
    lump: tuple[float, float] = (0.0, 0.0)
    """Percent that came in rises, and how many there were."""
    sink: tuple[float, float] = (0.0, 0.0)
    """Percent that went in falls that were no emptyings, and how many there were."""
    first: tuple[float, float] = FIRST_PRIOR
    """Where a new bag begins (percent), and how far that scatters."""

    @property
    def unknown(self) -> float:
        """How little is known of the sensor yet, from 1 to 0."""
        return 1 - min(self.steps, KNOWN_STEPS) / KNOWN_STEPS

    @property
    def scatter(self) -> float:
        """The noise, as far as it is known."""
        return max(self.noise, UNKNOWN_NOISE * self.unknown)

    def habits(self) -> Habits:
        """Return what is usual in this unit, leaning on what is usual elsewhere until enough is known."""
        return Habits(
            emptied=max(_rate(self.emptied, EMPTIED_PRIOR), EMPTIED_LEAST),
            slipped=_rate(self.slipped, SLIPPED_PRIOR),
            errors=max(_rate(self.errors, ERRORS_PRIOR), ERRORS_LEAST) * (1 + UNKNOWN_ERRORS * self.unknown),
            stops=max(_rate(self.stops, STOPS_PRIOR), STOPS_LEAST),
            lump=_rate(self.lump, LUMP_PRIOR),
            sink=min(_rate(self.sink, SINK_PRIOR), SINK_MOST),
            pace=max(_rate(self.pace, PACE_PRIOR), 0.0),
            first=self.first[0],
            first_spread=self.first[1],
            noise=self.scatter,
        )


def _rate(seen: tuple[float, float], prior: tuple[float, float]) -> float:
    return (seen[0] + prior[0]) / (seen[1] + prior[1])


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
    ratios count. `stop`: the sensor may be at its stop.
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
    cycles: int = 0
    count: int = 1
    last: int = 0

    @property
    def chance(self) -> float:
        """How likely it is that this account is true and no error of the sensor."""
        true = self.emptied + self.slipped + self.rose + self.back
        return true / (true + self.error) if true > 0 else 0.0


class Former(msgspec.Struct, frozen=True):
    """The level before a rise that was believed, and how likely that was an error when it was believed."""

    since: int
    percent: float
    chance: float
    stop: bool


class Level(msgspec.Struct, frozen=True):
    """The level sensor. `percent` is its last believed reading, at `believed`.

    `moved` is when its value last changed, with the estimate then and the cycles since. `former` is the level before a
    rise that was believed, as long as that may prove to have been an error.
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
        learnt = _teach(learnt, 100.0, bag.cycles)
    percent = max(bag.percent, 100.0)
    bag = replace(bag, percent=percent, variance=min(bag.variance, 4.0), inflow=bag.inflow + percent - bag.percent)
    return replace(fill, learnt=learnt, bag=bag)


def renewed(fill: Fill, time: int) -> Fill:
    """Another bag since `time`. A rival, when there is one, tells what is in it, and where an empty bag begins."""
    learnt, old, level = fill.learnt, fill.bag, fill.level
    if old.origin is not None and level is not None and not level.stuck:
        learnt = _teach(learnt, level.percent - old.origin, old.cycles - old.origin_cycles)
    learnt = replace(learnt, emptied=(learnt.emptied[0] + 1, learnt.emptied[1]))
    rival = None if level is None else level.rival
    if rival is None or level is None:
        bag = Bag(time, 0.0, 4.0, inflow=old.inflow)
        return replace(fill, learnt=learnt, bag=bag, level=_fresh(level, time, 0.0))
    flow = learnt.habits().pace * rival.blind / HOUR_MS
    if flow <= ZERO_FLOW:
        learnt = _begun(learnt, rival.first)
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
    learnt = (
        lumped(fill.learnt, off)
        if rises
        else fill.learnt
        if came or percent <= LOW
        else sunk(fill.learnt, rival.before - percent)
    )
    fresh = _fresh(level, level.time, percent)
    if fresh is not None and rises:
        fresh = replace(fresh, former=Former(rival.since, fill.bag.percent, 1 - rival.chance, rival.stop))
    return replace(fill, learnt=learnt, bag=bag, level=fresh)


def lumped(learnt: Learnt, rise: float) -> Learnt:
    """Return after a rise of so many percent."""
    return replace(learnt, lump=(learnt.lump[0] * LUMP_KEPT + rise, learnt.lump[1] * LUMP_KEPT + 1))


def sunk(learnt: Learnt, fall: float) -> Learnt:
    """Return after a fall by so many percent that was no emptying."""
    sink = (learnt.sink[0] * LUMP_KEPT + fall, learnt.sink[1] * LUMP_KEPT + 1)
    return replace(learnt, slipped=(learnt.slipped[0] + 1, learnt.slipped[1]), sink=sink)


def lived(fill: Fill, came: float, hours: float, opened: float) -> Fill:
    """Return after so many hours, in which `came` percent came; `opened` of them something could come."""
    learnt = fill.learnt

    def later(seen: tuple[float, float], name: str, more: float, time: float) -> tuple[float, float]:
        kept = 0.5 ** (hours / 24 / HALVES_DAYS[name])
        return seen[0] * kept + more, seen[1] * kept + time

    learnt = replace(
        learnt,
        emptied=later(learnt.emptied, "emptied", 0.0, hours),
        slipped=later(learnt.slipped, "slipped", 0.0, hours),
        errors=later(learnt.errors, "errors", 0.0, hours),
        stops=later(learnt.stops, "stops", 0.0, hours),
        pace=later(learnt.pace, "pace", came, opened) if opened else learnt.pace,
    )
    return replace(fill, learnt=learnt)


def _begun(learnt: Learnt, first: float) -> Learnt:
    """Return after a bag has begun with the level `first`."""
    scale = (learnt.full - learnt.zero) / 100
    off = first * scale
    moved = ZERO_PACE * off if off <= ZERO_WITHIN else ZERO_FAR
    middle, spread = learnt.first
    factor = 1 + FIRST_PACE
    middle += FIRST_PACE * (spread if first > middle else -spread)
    spread = min(max(spread * factor if abs(first - middle) > MEDIAN_OFF * spread else spread / factor, 1.0), 10.0)
    return replace(learnt, zero=learnt.zero + moved, bags=learnt.bags + 1, first=(middle - moved / scale, spread))


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
