"""What a reading of the level sensor does to the estimate. Pure.

A reading within a gate around the estimate is believed and weighed (see `fill_filter`). One outside makes a *rival*,
another account of the bag, weighed by what may have happened (`level_evidence`). Each later reading belongs to the
account that explains it best: it speaks for that one and against the others. A rival that is less likely than an error
of the sensor when the level has returned to the estimate was one, and teaches how often this sensor errs.
"""

import math
from collections.abc import Callable

from msgspec.structs import replace

from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.units import level_evidence as evidence
from sukusuku_server.units import unit_learning
from sukusuku_server.units.fill_filter import FLOOR, HIGHEST, Fill, Level, Rival
from sukusuku_server.units.level_evidence import FLOOR_STOP, STOP, Gap, Habits
from sukusuku_server.units.unit_learning import Learnt, lumped, sunk

GATE_DOWN, GATE_UP = 8.0, 10.0
"""Percent by which a level may be off at least and still be believed; a hand full of nappies comes at once."""
GATE_SIGMAS, GATE_NOISES = 3.0, 4.5
NOISES = 3.0
"""Times the noise from which on a higher level is no noise."""
GATE_PACES = 3.0
"""Times the usual pace at which something may come that nobody counts."""
MOVED = 0.3
"""Percent that a level must change by to have moved."""
UNMOVED_MS = 6 * HOUR_MS
"""Of a level that has not moved for so long nobody knows what it has missed."""
FIRST_VARIANCE = 100.0
"""Of the very first reading, when nobody knows yet how far the sensor scatters."""
BETWEEN_PACE = 0.05
"""How fast the usual time between two levels follows another one."""
STILL_PACE = 0.02
"""How fast the share of readings that repeat the one before follows another one."""
FREED = 1.0
"""Percent that a stuck level must change by to be believed again."""
ZERO_SINKS = 0.05
"""How far zero follows a level below it: nothing is emptier than empty."""
SPARSE_MS = 20 * MINUTE_MS
"""Where readings are so far apart one alone speaks for a rival, for a bag may fill again until the next; otherwise the
second one does."""
UNEXPLAINED = 2e-4
"""Density of a reading below which no account explains it."""
RIVALS = 3
"""So many accounts beside the estimate are followed at most."""
FORMER_MS = 48 * HOUR_MS
"""For so long a level may return to where it was before it jumped to its stop."""
BELOW_MS = HOUR_MS
"""Nothing is emptier than empty: a level far below it is an error of the sensor; after so long the sensor has moved."""
TELLS, TELLS_AGAINST = 1e4, 3.0
"""No single reading changes the odds by more than this factor, for an account and against the one that it fits."""


def see(fill: Fill, time: int, raw: float, opened: Callable[[], float], *, counted: bool) -> Fill:
    """Return the level sensor reads `raw` percent, with nothing in front of it.

    `opened()` hours since the last believed level something could come; it looks through a calendar and is asked only
    about levels that are not believed at once. `counted`: a living counter would have told.
    """
    learnt, level = fill.learnt, fill.level
    y = 100.0 * (raw - learnt.zero) / (learnt.full - learnt.zero)
    if level is None:
        bag = fill.bag
        if bag.emptied is None:
            bag = replace(bag, percent=min(max(y, 0.0), HIGHEST), variance=FIRST_VARIANCE, counted=y)
        level = Level(time, raw, y, time, time, bag.percent)
        return replace(fill, level=level, bag=replace(bag, origin=y, origin_cycles=bag.cycles), heard=time)
    wide = max(GATE_DOWN, GATE_NOISES * learnt.scatter)
    below = (level.below or time) if max(raw, y) < -wide else None
    level = replace(level, below=below)
    if below is not None and time - below < BELOW_MS:
        return replace(fill, level=replace(level, time=time, value=raw), heard=time)
    step = raw - level.value
    if level.stuck and abs(step) < FREED:
        return replace(fill, level=replace(level, time=time), heard=time)
    frozen = level.stuck or time - level.moved >= UNMOVED_MS
    blind = time - (level.moved if frozen else level.believed)
    between = learnt.between + BETWEEN_PACE * ((time - level.time) / HOUR_MS - learnt.between)
    still = learnt.still
    if abs(raw) >= FLOOR_STOP:
        still += STILL_PACE * ((step == 0.0) - still)
    learnt = replace(unit_learning.scattered(learnt, -step), between=between, still=still)
    uncounted = counted and not level.moved_cycles
    if abs(step) > MOVED:
        percent = fill.bag.percent
        level = replace(level, time=time, value=raw, moved=time, moved_percent=percent, moved_cycles=0, stuck=False)
    else:
        level = replace(level, time=time)
    if level.former is not None and time - level.former.since > FORMER_MS:
        level = replace(level, former=None)
    fill, off = replace(fill, learnt=learnt, level=level, heard=time), max(y, 0.0) - fill.bag.percent
    down, up = _gates(fill)
    near = -down <= off <= up
    if near and not level.rivals:
        return _believed(fill, level, time, y)
    gap = Gap(blind / HOUR_MS, opened(), off, uncounted=uncounted)
    inside = near or (not counted and up < off <= up + GATE_PACES * learnt.habits().pace * gap.opened)
    return _weigh(fill, level, time, y, gap, inside=inside)


def _weigh(fill: Fill, level: Level, time: int, y: float, gap: Gap, *, inside: bool) -> Fill:
    """Take a level of `y` percent (below empty is empty): believe it, or let it speak for one of the rivals."""
    bag, learnt = fill.bag, fill.learnt
    if inside and not level.rivals:
        return _believed(fill, level, time, y)
    habits = learnt.habits()
    usual = evidence.fits(gap, habits, math.sqrt(bag.variance)) if inside else 0.0
    since = max((time - level.believed) / HOUR_MS, 1e-6)
    gaps = [
        Gap(
            (time - rival.last) / HOUR_MS,
            gap.opened * min(1.0, (time - rival.last) / HOUR_MS / since),
            max(y, 0.0) - rival.percent,
        )
        for rival in level.rivals
    ]
    explained = [evidence.fits(step, habits, 1.0) for step in gaps]
    best = max(explained, default=0.0)
    trust = [_trust(rival, learnt) for rival in level.rivals]
    likeliest = max((fit * share for fit, share in zip(explained, trust, strict=True)), default=0.0)
    if inside and usual * (1 - max(trust, default=0.0)) >= likeliest:
        return _returned(fill, level, time, y, usual, habits)
    if best < UNEXPLAINED:
        rival = _rival(fill, level, time, y, gap, habits)
        others = sorted(level.rivals, key=lambda other: other.last)[1 - RIVALS :]
        return replace(fill, level=replace(level, rivals=(*others, rival)))
    place = explained.index(best)
    old, rivals = level.rivals[place], list(level.rivals)
    if gaps[place].step < -_gates(fill)[0]:  # it falls on: what has happened is weighed by where it ends
        rival = _rival(fill, level, time, y, gap, habits)
        fell = old.percent < old.before
        rivals[place] = replace(rival, since=old.since, blind=old.blind) if fell else rival
    else:
        rivals[place] = _agreed(old, gaps[place], time, best, habits, at_floor=abs(level.value) < FLOOR_STOP)
    return replace(fill, level=replace(level, rivals=tuple(rivals)))


def _trust(rival: Rival, learnt: Learnt) -> float:
    """Return how far a rival is trusted before this reading: as far as the estimate, until enough speaks for it."""
    told = learnt.unknown == 0 and (rival.count > 1 or rival.blind >= SPARSE_MS)
    return rival.chance if told else 0.5


def _gates(fill: Fill) -> tuple[float, float]:
    """Return how far below and above the estimate a level is believed at once, percent."""
    wide = max(GATE_NOISES * fill.learnt.scatter, GATE_SIGMAS * math.sqrt(fill.bag.variance))
    return max(GATE_DOWN, wide), max(GATE_UP, wide)


def _rival(fill: Fill, level: Level, time: int, y: float, gap: Gap, habits: Habits) -> Rival:
    bag, falls, percent = fill.bag, gap.step < 0, max(y, 0.0)
    at_stop, at_floor = not falls and level.value >= STOP, falls and abs(level.value) < FLOOR_STOP
    error = evidence.error(gap, habits, at_stop=at_stop)
    stands = evidence.error(gap, habits, at_floor=at_floor)
    floor = at_floor and stands > 2 * error  # it is likelier to stand at its lower stop than to have another error
    age = None if bag.emptied is None else max(time - bag.emptied, 0) / HOUR_MS
    usual = unit_learning.usual_at(fill.learnt, time - round(gap.hours * HOUR_MS), time)
    back, former = 0.0, level.former
    if former is not None and falls:
        off, lasted = percent - former.percent, time - former.since
        back = evidence.back(gap, off, former.chance, former.held, lasted, habits, at_stop=former.stop)
    return Rival(
        time,
        bag.percent,
        y,
        percent,
        round(gap.hours * HOUR_MS),
        emptied=evidence.emptied(gap, bag.percent, percent, habits, age, usual, at_floor=floor) if falls else 0.0,
        slipped=evidence.slipped(gap, bag.percent, habits),
        rose=evidence.rose(gap, habits, at_stop=at_stop),
        back=back,
        error=stands if floor else error,
        stop=at_stop or floor,
        floor=at_floor,
        last=time,
    )


def _agreed(rival: Rival, gap: Gap, time: int, density: float, habits: Habits, *, at_floor: bool) -> Rival:
    """Return the rival after a reading that it explains best."""
    lasted, more, stop = rival.last - rival.since, time - rival.last, rival.stop
    if rival.floor and stop:
        stop = at_floor
        tells = evidence.leaves(lasted, more, density, habits, at_floor=at_floor)
    else:
        tells = density / max(evidence.remains(gap.step, habits, lasted, more, at_stop=stop), 1e-12)
    tells = min(max(tells, 1 / TELLS_AGAINST), TELLS)
    percent = rival.percent + (0.5 if abs(gap.step) <= GATE_DOWN / 2 else 1.0) * gap.step
    error = rival.error / tells
    return replace(rival, percent=percent, error=error, count=rival.count + 1, last=time, stop=stop)


def _returned(fill: Fill, level: Level, time: int, y: float, usual: float, habits: Habits) -> Fill:
    """Take a reading that agrees with the estimate, where rivals stood against it."""
    learnt, rivals = fill.learnt, list[Rival]()
    for rival in level.rivals:
        wrong = evidence.error(Gap((time - rival.last) / HOUR_MS, 0.0, 0.0), habits, at_stop=False)
        tells = min(usual / max(wrong, 1e-12), TELLS)
        rival = replace(rival, error=rival.error * tells)  # noqa: PLW2901 - the same rival
        if rival.chance >= 0.5:  # noqa: PLR2004 - likelier than not
            rivals.append(rival)
        elif rival.stop and rival.floor:
            learnt = replace(learnt, floors=(learnt.floors[0] + 1, learnt.floors[1]))
        elif rival.stop:
            learnt = replace(learnt, stops=(learnt.stops[0] + 1, learnt.stops[1]))
        else:
            learnt = unit_learning.erred(learnt, time - rival.since, rival.last - rival.since)
    fill = replace(fill, learnt=learnt, level=replace(level, rivals=tuple(rivals)))
    return fill if rivals or fill.level is None else _believed(fill, fill.level, time, y)


def _believed(fill: Fill, level: Level, time: int, y: float) -> Fill:
    bag, noise = fill.bag, fill.learnt.scatter
    off = max(y, 0.0) - bag.percent
    variance = bag.variance + max(0.0, off - NOISES * noise) ** 2  # something has come that nobody counted
    gain = variance / (variance + noise * noise + FLOOR * FLOOR)
    percent = max(bag.percent + gain * off, 0.0)
    learnt = fill.learnt
    if y < -noise:
        learnt = replace(learnt, zero=learnt.zero + ZERO_SINKS * y)
    if off < -(3 + 2 * noise):
        learnt = sunk(learnt, -off / max(bag.percent, evidence.LEAST_SINKS), 1.0)
    if off > 3 + 2 * noise:
        learnt = lumped(learnt, off)
    bag = replace(
        bag,
        percent=percent,
        variance=max(variance * (1 - gain), FLOOR * FLOOR),
        inflow=bag.inflow + percent - bag.percent,
        origin=y if bag.origin is None else bag.origin,
        origin_cycles=bag.cycles if bag.origin is None else bag.origin_cycles,
    )
    return replace(fill, learnt=learnt, bag=bag, level=replace(level, percent=y, believed=time))
