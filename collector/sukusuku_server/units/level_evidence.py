"""How likely what a level sensor says is, under each thing that may have happened. Pure numbers.

A reading that does not fit the bag has one of these causes; each is weighed as prior chance x density (per percent):

    emptied   chance by how often this unit is emptied, how full it is and how long nobody looked; ends near where empty
              bags of this unit begin, or higher: what was left over, what has come since
    slipped   rare; falls a little (bags slip, contents settle)
    rose      something came; as much as is usual in this unit at once and in so much time
    back      the level was at its stop, and returns to where it was before
    error     something stood in front of the sensor, or it lost its echo: anything may be read; or it is at its stop

Errors end, true levels stay. So the longer a level stays, the less an error explains it: `stays` gives the chance that
an error outlives so much time. It goes by time, not by the number of readings; the pace of readings drops out.
"""

import math
from dataclasses import dataclass

from sukusuku_core.time import HOUR_MS, MINUTE_MS

ERROR_MS, STOP_MS = 20 * MINUTE_MS, 6 * HOUR_MS
"""How long errors last, and those of a sensor at its stop, on the average."""
LASTS = 4.0
"""How few last much longer: the exponent of the tail."""
ANYWHERE = 0.01
"""Density of what an error reads: one in a hundred for each percent."""
BRIEF_MS = MINUTE_MS
"""What stood in front of the sensor for less was brief: a hand, a lid."""
FLOOR_STOP = 0.05
"""Percent of the sensor's own range by which it stands at its lower end."""
STOP = 95.0
"""Percent of the sensor's own range from which on it may be at its stop."""
FALL_FAR = 0.0002
"""Density of a fall of any size for which nobody knows a reason."""
LEFT_OVER = 12.0
"""Percent that is left in a bag that was not emptied wholly, on the average."""
FAR_SHARE, FAR_TIMES = 0.2, 2.5
"""Share of what comes that comes in great lumps, and how much greater they are."""
SETTLES, SETTLE_MEAN = 0.05, 5.0
"""Chance that contents settle between two readings, and by how much (percent)."""
LEAST_SINKS = 40.0
"""Percent. What sinks of less is taken to be a part of this: sensors see the middle of a heap, which falls down."""
FRESH_HOURS = 3.0
"""A bag that is younger than this was hardly emptied yet."""
HURRY = 4.0
"""Times as likely as otherwise is it that a full bag is emptied soon."""
FULL = 95.0


@dataclass(frozen=True, slots=True)
class Habits:
    """What is usual in a unit. Rates are per hour.

    `lump` percent come at once, `pace` percent in an open hour; contents sink by the part `sink` of them.
    `first` and `first_spread` are where an empty bag of it begins (percent), `noise` the sensor's standard deviation.
    """

    emptied: float
    careless: float
    """Share of its emptyings that come at their time, whatever is in the bag."""
    slipped: float
    errors: float
    stops: float
    floors: float
    """How often a sensor that otherwise scatters stands at its lower end."""
    floored: float
    """Share of its empty bags that read exactly that."""
    lump: float
    sink: float
    pace: float
    first: float
    first_spread: float
    noise: float
    brief: float
    """Share of errors that last for less than `BRIEF_MS`."""
    relapse: float
    """Chance that an error that ends is followed by another one at once and not by the truth; at the stop it is."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Between two levels: hours in which nobody looked, those of them in which something could come, and the step.

    `counted`: a counter that lives has counted nothing meanwhile, so that what came was not counted.
    """

    hours: float
    opened: float
    step: float
    uncounted: bool = False


def stays(ms: float, *, at_stop: bool) -> float:
    """Return the chance that an error lasts for longer than this (Lomax's distribution, by its mean)."""
    return math.pow(1 + ms / ((LASTS - 1) * (STOP_MS if at_stop else ERROR_MS)), -LASTS)


def fits(gap: Gap, habits: Habits, sigma: float) -> float:
    """Return the density of a step within a bag: noise, something that came, contents that settle."""
    spread = math.hypot(sigma, habits.noise, 1.0)
    density = _normal(gap.step, spread)
    if gap.step > 0:
        return density + _comes(gap) * _rise(gap, habits)
    return density + SETTLES / SETTLE_MEAN * math.exp(gap.step / SETTLE_MEAN)


def remains(step: float, habits: Habits, lasted: int, more: int, *, at_stop: bool) -> float:
    """Return the density of a step of an error that has lasted for some time and goes on for `more` ms, or changes."""
    same = stays(lasted + more, at_stop=at_stop) / stays(lasted, at_stop=at_stop)
    if lasted < BRIEF_MS <= lasted + more and not at_stop:
        same *= 1 - habits.brief
    relapse = 1.0 if at_stop else habits.relapse
    return same * _normal(step, math.hypot(habits.noise, 1.0) * 1.4) + (1 - same) * relapse * ANYWHERE


def leaves(lasted: int, more: int, density: float, habits: Habits, *, at_floor: bool) -> float:
    """Return how much a reading speaks against a sensor at its lower stop: there it always reads the same."""
    same = stays(lasted + more, at_stop=True) / stays(lasted, at_stop=True)
    return habits.floored / same if at_floor else density / max((1 - same) * habits.relapse * ANYWHERE, 1e-12)


def emptied(
    gap: Gap,
    before: float,
    level: float,
    habits: Habits,
    age: float | None,
    usual: float = 1.0,
    *,
    at_floor: bool = False,
) -> float:
    """Return the weight of an emptying of a bag of `before` percent and `age` hours, after which the level is there.

    `usual`: how many times as often as on the average this unit is emptied at that time of the day.
    """
    wanted = habits.careless + (1 - habits.careless) * needed(before, age)
    chance = -math.expm1(-habits.emptied * wanted * usual * gap.hours)
    if at_floor:
        return chance * habits.floored
    flow = habits.pace * gap.opened
    spread = math.hypot(habits.first_spread, habits.noise, 1.0)
    landing = 0.5 * _normal(level - habits.first, spread)
    above = level - habits.first + spread
    if above >= 0:
        landing += 0.25 / LEFT_OVER * math.exp(-above / LEFT_OVER)
        landing += 0.25 / (3 + flow) * math.exp(-above / (3 + flow))
    return chance * landing


def needed(percent: float, age: float | None) -> float:
    """How many times as likely as usual a bag that is so full, and so many hours old, is emptied by who looks at it."""
    fresh = 1.0 if age is None else age / (age + FRESH_HOURS)
    eager = 0.25 + 2.25 * (min(max(percent, 0.0), 100.0) / 100) ** 2
    return fresh * eager * (HURRY if percent >= FULL else 1.0)


def slipped(gap: Gap, before: float, habits: Habits) -> float:
    """Return the weight of a bag that slipped, or of contents that settled at once: by a part of what was there.

    Half of what usually comes, as far as there is room, must have sunk as well.
    """
    if gap.step >= 0:
        return 0.0
    usual = habits.sink * max(before, LEAST_SINKS)
    came = min(habits.pace * gap.opened / 2, max(FULL - before, 0.0))
    return habits.slipped * (gap.hours + 0.02) * (math.exp((gap.step - came) / usual) / usual + FALL_FAR)


def rose(gap: Gap, habits: Habits, *, at_stop: bool) -> float:
    """Return the weight of so much that has come; at the stop, of that or more."""
    if gap.step <= 0:
        return 0.0
    return _comes(gap) * (_rises_beyond(gap, habits) if at_stop else _rise(gap, habits))


def back(gap: Gap, off: float, chance: float, held: float, lasted: float, habits: Habits, *, at_stop: bool) -> float:
    """Return the weight of a return, to within `off` percent, from what was an error with a `chance`.

    It had that chance after `held` ms and has `lasted` ms by now, the last `gap.hours` of them unseen.
    """
    before = max(lasted - gap.hours * HOUR_MS, held)
    ended = 1 - stays(lasted, at_stop=at_stop) / stays(before, at_stop=at_stop)
    still = chance * stays(before, at_stop=at_stop) / stays(held, at_stop=at_stop)
    return still * ended * _normal(off, math.hypot(habits.noise, 3.0))


def error(gap: Gap, habits: Habits, *, at_stop: bool = False, at_floor: bool = False) -> float:
    """Return the weight of an error that has begun meanwhile and is not over."""
    share = habits.errors * ERROR_MS / HOUR_MS
    weight = share / (1 + share) * -math.expm1(-gap.hours * HOUR_MS / ERROR_MS) * ANYWHERE
    if (at_stop and gap.step > 0) or (at_floor and gap.step < 0):
        share = (habits.stops if at_stop else habits.floors) * STOP_MS / HOUR_MS
        weight += share / (1 + share) * -math.expm1(-gap.hours * HOUR_MS / STOP_MS)
    return weight


def _comes(gap: Gap) -> float:
    """Return the chance that something came; less when a counter would have seen it."""
    return -math.expm1(-max(gap.opened, 0.02)) * (0.2 if gap.uncounted else 1.0)


def _rise(gap: Gap, habits: Habits) -> float:
    usual = habits.lump + habits.pace * gap.opened
    far = FAR_TIMES * usual
    return (1 - FAR_SHARE) / usual * math.exp(-gap.step / usual) + FAR_SHARE / far * math.exp(-gap.step / far)


def _rises_beyond(gap: Gap, habits: Habits) -> float:
    usual = habits.lump + habits.pace * gap.opened
    return (1 - FAR_SHARE) * math.exp(-gap.step / usual) + FAR_SHARE * math.exp(-gap.step / (FAR_TIMES * usual))


def _normal(off: float, spread: float) -> float:
    return math.exp(-0.5 * (off / spread) ** 2) / (spread * 2.5066)
