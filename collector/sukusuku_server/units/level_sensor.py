"""What a reading of the level sensor does to the estimate. Pure.

A reading within a gate around the estimate is believed and weighed (see `fill`). One outside makes a *rival*, another
account of the bag. A reading belongs to whichever of the two is nearer; a rival that is not met twice dies, and one
that climbs on from where it began lives. What is far off both is nonsense until it comes again.
"""

import math

from msgspec.structs import replace

from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.units.fill_filter import FLOOR, HIGHEST, LOW, SURE_COUNT, Fill, Learnt, Level, Rival

NOISE_PACE = 1.05
"""By what factor the noise of the level moves with each step of a resting level."""
MEDIAN_STEP = 0.954
"""Median of the difference of two readings, in standard deviations of one; medians do not mind nonsense."""
REST_MS = 20 * MINUTE_MS
"""Readings of a resting level that are compared are not further apart."""
GATE_DOWN, GATE_UP = 8.0, 10.0
"""Percent by which a level may be off at least and still be believed; a hand full of nappies comes at once."""
GATE_SIGMAS, GATE_NOISES = 3.0, 4.5
RIVAL_DOWN, RIVAL_UP = 4.0, 25.0
"""Percent by which a reading may fall below a rival and agree with it; and rise beyond it when it does so twice."""
MOVED = 0.3
"""Percent that a level must change by to have moved."""
UNMOVED_MS = 6 * HOUR_MS
"""Of a level that has not moved for so long nobody knows what it has missed."""
FREED = 1.0
"""Percent that a stuck level must change by to be believed again."""
ZERO_SINKS = 0.05
"""How far zero follows a level below it: nothing is emptier than empty."""


def see(fill: Fill, time: int, raw: float, uncounted: float = 0.0) -> Fill:
    """Return the level sensor reads `raw` percent, with nothing in front of it.

    `uncounted` percent may have come since the last believed level without being counted.
    """
    learnt, level = fill.learnt, fill.level
    y = 100.0 * (raw - learnt.zero) / (learnt.full - learnt.zero)
    if level is None:
        bag = fill.bag
        if bag.emptied is None:
            bag = replace(bag, percent=min(max(y, 0.0), HIGHEST), variance=9.0, counted=y)
        level = Level(time, raw, y, time, time, bag.percent)
        return replace(fill, level=level, bag=replace(bag, origin=y, origin_cycles=bag.cycles), heard=time)
    step = raw - level.value
    blind = time - (level.moved if level.stuck or time - level.moved >= UNMOVED_MS else level.time)
    if level.stuck and abs(step) < FREED:
        return replace(fill, level=replace(level, time=time), heard=time)
    if abs(step) > MOVED:
        rest = level.rival is None and not level.moved_cycles and time - level.time <= REST_MS
        if rest:
            learnt = _noise(learnt, step)
        level = replace(
            level, time=time, value=raw, moved=time, moved_percent=fill.bag.percent, moved_cycles=0, stuck=False
        )
    else:
        if level.rival is None and not level.moved_cycles:
            learnt = _noise(learnt, step)
        level = replace(level, time=time)
    return _weigh(replace(fill, learnt=learnt, level=level, heard=time), level, time, y, blind, uncounted)


def _weigh(fill: Fill, level: Level, time: int, y: float, blind: int, uncounted: float) -> Fill:
    """Take a level of `y` percent: believe it, or let it make, feed or kill a rival."""
    bag, noise = fill.bag, fill.learnt.noise
    off = y - bag.percent
    wide = max(GATE_NOISES * noise, GATE_SIGMAS * math.sqrt(bag.variance))
    up = max(GATE_UP, wide) + uncounted
    inside = -max(GATE_DOWN, wide) <= off <= up
    rival = level.rival
    if rival is None:
        if inside:
            return _believed(fill, level, time, y)
        return replace(fill, level=replace(level, rival=Rival(time, bag.percent, y, y, blind, last=time)))
    gap = y - rival.percent
    if inside and abs(off) <= abs(gap):
        if not rival.misses and rival.count > 1:
            return replace(fill, level=replace(level, rival=replace(rival, misses=1)))
        return _believed(fill, replace(level, rival=None), time, y)
    close = max(RIVAL_DOWN, GATE_SIGMAS * noise)
    if -close <= gap <= (up if rival.count >= SURE_COUNT else close):
        rival = replace(rival, percent=rival.percent + 0.5 * gap, count=rival.count + 1, misses=0, last=time)
    elif not rival.misses:
        rival = replace(rival, misses=1)
    elif rival.first >= -LOW and rival.first - close <= y <= rival.percent + RIVAL_UP:
        rival = replace(rival, percent=y, count=rival.count + 1, misses=0, last=time)
    else:
        rival = Rival(time, rival.before, y, y, rival.blind, last=time)
    return replace(fill, level=replace(level, rival=rival))


def _believed(fill: Fill, level: Level, time: int, y: float) -> Fill:
    bag, noise = fill.bag, fill.learnt.noise
    off = y - bag.percent
    variance = bag.variance + max(0.0, off - 2 * noise) ** 2  # something has come that nobody counted
    gain = variance / (variance + noise * noise + FLOOR * FLOOR)
    percent = max(bag.percent + gain * off, 0.0)
    learnt = fill.learnt
    if y < -noise:
        learnt = replace(learnt, zero=learnt.zero + ZERO_SINKS * y)
    bag = replace(
        bag,
        percent=percent,
        variance=max(variance * (1 - gain), FLOOR * FLOOR),
        inflow=bag.inflow + percent - bag.percent,
        origin=y if bag.origin is None else bag.origin,
        origin_cycles=bag.cycles if bag.origin is None else bag.origin_cycles,
    )
    return replace(fill, learnt=learnt, bag=bag, level=replace(level, percent=y, believed=time))


def _noise(learnt: Learnt, step: float) -> Learnt:
    """Return the noise after a step of a resting level: half of all steps are below `MEDIAN_STEP` times it."""
    factor = NOISE_PACE if abs(step) > MEDIAN_STEP * learnt.noise else 1 / NOISE_PACE
    return replace(learnt, noise=min(max(learnt.noise * factor, 0.2), 10.0))
