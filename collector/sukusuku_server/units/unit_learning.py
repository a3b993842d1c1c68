"""What is learnt of a unit beyond the bag that is in it, and how. Pure.

Rates are kept as (how often, in how many hours) and lean on what is usual elsewhere until enough is known.
"""

import msgspec
from msgspec.structs import replace

from sukusuku_core.time import DAY_MS, time_of_day, weekday
from sukusuku_server.units.level_evidence import BRIEF_MS, ERROR_MS, Habits, needed

FIRST_NOISE = 1.0
UNKNOWN_NOISE, UNKNOWN_ERRORS, KNOWN_STEPS = 4.0, 3.0, 20
"""The noise, and how many times more errors, that are assumed at first; after so many readings they are known."""
NOISE_PACE, NOISE_LEAST, NOISE_MOST = 0.05, 0.2, 15.0
"""By which part the noise of the level moves with each fall, more at first; and its bounds (percent)."""
MEDIAN_STEP = 0.954
"""Median of the difference of two readings, in standard deviations of one; medians do not mind nonsense."""
EMPTIED_PRIOR, SLIPPED_PRIOR, ERRORS_PRIOR, STOPS_PRIOR = (1.0, 48.0), (1.0, 1000.0), (1.0, 40.0), (1.0, 250.0)
FLOORS_PRIOR = (1.0, 1000.0)
"""How often (times, in hours) bags are emptied, contents fall, sensors err and stand at their upper and lower stop,
before anything is known."""
SCATTERS = 0.2
"""A sensor of whose readings fewer repeat the one before does not round: at its lower stop it is conspicuous."""
FLOORED_PRIOR = (1.0, 2.0)
"""Bags that began at the lower stop, and all, that are assumed to have been seen."""
EMPTIED_LEAST, ERRORS_LEAST, STOPS_LEAST = 1 / 168, 1 / 100, 1 / 1000
"""Rates per hour that are assumed at least: of the laziest crew and of the best sensor."""
PACE_PRIOR, LUMP_PRIOR = (50.0, 10.0), (32.0, 4.0)
"""Percent in open hours, and percent in lumps, that are assumed to have come already."""
HALVES_DAYS = {"emptied": 60.0, "slipped": 60.0, "errors": 10.0, "stops": 60.0, "pace": 14.0}
SINK_PRIOR, SINK_MOST = (0.6, 5.0), 0.2
"""Parts of the content in falls that are assumed to have been seen, and how far they go on the average at most."""
CLOCK, CLOCK_PRIOR, CLOCK_KEPT = 48, 8.0, 0.98
"""Parts of a day; how many emptyings at any time of the day are assumed to have been seen; how much of what is known
stays when another one comes."""
WEEK, WEEK_PRIOR = 7, 4.0
"""Days of a week, and how many emptyings on any of them are assumed to have been seen."""
NEAR = (0.2, 0.6, 0.2)
"""An emptying speaks for its part of the day and for those beside it."""
CARELESS_PRIOR = (1.0, 5.0)
"""Emptyings that looked at no bag, and all, that are assumed to have been seen."""
LUMP_KEPT = 0.98
RELAPSE, RELAPSES_NOISE = 0.1, 5.0
"""How often one error follows the other, at least; it always does so in an unknown sensor, and from so much noise on
(percent), below which it goes by the square of the noise."""
BRIEF_PRIOR, BRIEF_MOST, BRIEF_KEPT = (1.0, 5.0), 0.9, 0.95
"""Brief errors, and errors, that are assumed to have been seen; which share at most is brief; and how much of what is
known stays when another one comes."""
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
    still: float = 1.0
    """Share of the readings that repeat the one before exactly."""
    emptied: tuple[float, float] = (0.0, 0.0)
    slipped: tuple[float, float] = (0.0, 0.0)
    errors: tuple[float, float] = (0.0, 0.0)
    stops: tuple[float, float] = (0.0, 0.0)
    floors: tuple[float, float] = (0.0, 0.0)
    """How often, in how many hours; forgotten slowly."""
    floored: tuple[float, float] = (0.0, 0.0)
    """Bags that began with the sensor at its lower stop, and all."""
    brief: tuple[float, float] = (0.0, 0.0)
    """Errors of the level that were brief, and all of which is known whether they were."""
    careless: tuple[float, float] = (0.0, 0.0)
    clock: tuple[float, ...] = ()
    """How often it was emptied in each part of the day; forgotten slowly."""
    week: tuple[float, ...] = ()
    """And on each day of the week."""
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

    @property
    def often_emptied(self) -> float:
        """How often the bag is emptied, an hour."""
        return max(_rate(self.emptied, EMPTIED_PRIOR), EMPTIED_LEAST)

    def habits(self) -> Habits:
        """Return what is usual in this unit, leaning on what is usual elsewhere until enough is known."""
        return Habits(
            emptied=self.often_emptied,
            careless=_rate(self.careless, CARELESS_PRIOR),
            slipped=_rate(self.slipped, SLIPPED_PRIOR),
            errors=max(_rate(self.errors, ERRORS_PRIOR), ERRORS_LEAST) * (1 + UNKNOWN_ERRORS * self.unknown),
            stops=max(_rate(self.stops, STOPS_PRIOR), STOPS_LEAST),
            floors=_rate(self.floors, FLOORS_PRIOR) if self.still < SCATTERS else 0.0,
            floored=_rate(self.floored, FLOORED_PRIOR),
            lump=_rate(self.lump, LUMP_PRIOR),
            sink=min(_rate(self.sink, SINK_PRIOR), SINK_MOST),
            pace=max(_rate(self.pace, PACE_PRIOR), 0.0),
            first=self.first[0],
            first_spread=self.first[1],
            noise=self.scatter,
            brief=min(_rate(self.brief, BRIEF_PRIOR), BRIEF_MOST),
            relapse=min(max(RELAPSE, (self.scatter / RELAPSES_NOISE) ** 2, self.unknown), 1.0),
        )


def _rate(seen: tuple[float, float], prior: tuple[float, float]) -> float:
    return (seen[0] + prior[0]) / (seen[1] + prior[1])


def scattered(learnt: Learnt, fall: float) -> Learnt:
    """Return the noise after a fall, which nothing that came can have made: half are below `MEDIAN_STEP` times it."""
    known = replace(learnt, steps=learnt.steps + 1) if learnt.steps < KNOWN_STEPS else learnt
    if fall < 0:
        return known
    pace = 1 + max(NOISE_PACE, 1 / (2 + learnt.steps / 2) if learnt.steps < KNOWN_STEPS else 0.0)
    factor = pace if fall > MEDIAN_STEP * learnt.noise else 1 / pace
    return replace(known, noise=min(max(learnt.noise * factor, NOISE_LEAST), NOISE_MOST))


def lumped(learnt: Learnt, rise: float) -> Learnt:
    """Return after a rise of so many percent."""
    return replace(learnt, lump=(learnt.lump[0] * LUMP_KEPT + rise, learnt.lump[1] * LUMP_KEPT + 1))


def sunk(learnt: Learnt, part: float, chance: float) -> Learnt:
    """Return after a fall by so great a part of the content that was no emptying, with a chance."""
    sink = (learnt.sink[0] * LUMP_KEPT + chance * part, learnt.sink[1] * LUMP_KEPT + chance)
    return replace(learnt, slipped=(learnt.slipped[0] + chance, learnt.slipped[1]), sink=sink)


def changed(learnt: Learnt, time: int, percent: float, age: float | None) -> Learnt:
    """Return after a bag of so many percent and hours was changed at a time of the day."""
    share = _rate(learnt.careless, CARELESS_PRIOR)
    share /= share + (1 - share) * needed(percent, age)
    careless = (CLOCK_KEPT * learnt.careless[0] + share, CLOCK_KEPT * learnt.careless[1] + 1)
    week = [CLOCK_KEPT * seen for seen in learnt.week] or [0.0] * WEEK
    week[weekday(time)] += 1
    here = time_of_day(time) * CLOCK // DAY_MS
    clock = [CLOCK_KEPT * seen for seen in learnt.clock] or [0.0] * CLOCK
    for beside, part in enumerate(NEAR, here - 1):
        clock[beside % CLOCK] += part
    emptied = learnt.emptied[0] + 1, learnt.emptied[1]
    return replace(learnt, emptied=emptied, clock=tuple(clock), week=tuple(week), careless=careless)


def usual_at(learnt: Learnt, start: int, end: int) -> float:
    """Return how many times as often as on the average the bag is changed at such a time of the day.

    On a day of the week on which it seldom is, less often; on the others no more often, for one may have been missed.
    """
    if not learnt.clock or end - start >= DAY_MS:
        return 1.0
    first, last = start * CLOCK // DAY_MS, end * CLOCK // DAY_MS
    here = time_of_day(start) * CLOCK // DAY_MS
    seen = sum(learnt.clock[(here + place) % CLOCK] for place in range(last - first + 1)) / (last - first + 1)
    often = max(learnt.week[weekday(start)], learnt.week[weekday(end)])
    day = min((WEEK_PRIOR + WEEK * often) / (WEEK_PRIOR + sum(learnt.week)), 1.0)
    return day * (CLOCK_PRIOR + CLOCK * seen) / (CLOCK_PRIOR + sum(learnt.clock))


def erred(learnt: Learnt, before: int, lasted: int) -> Learnt:
    """Return after an error of the level that was seen for `lasted` ms, and was over `before` ms after it began."""
    part = min(1.0, before / ERROR_MS)
    learnt = replace(learnt, errors=(learnt.errors[0] + part, learnt.errors[1]))
    if lasted < BRIEF_MS < before:
        return learnt  # nobody looked when it would have been over
    seen, known = learnt.brief
    return replace(learnt, brief=(seen * BRIEF_KEPT + (before <= BRIEF_MS), known * BRIEF_KEPT + 1))


def lived(learnt: Learnt, came: float, hours: float, opened: float) -> Learnt:
    """Return after so many hours, in which `came` percent came; `opened` of them something could come."""

    def later(seen: tuple[float, float], name: str, more: float, time: float) -> tuple[float, float]:
        kept = 0.5 ** (hours / 24 / HALVES_DAYS[name])
        return seen[0] * kept + more, seen[1] * kept + time

    return replace(
        learnt,
        emptied=later(learnt.emptied, "emptied", 0.0, hours),
        slipped=later(learnt.slipped, "slipped", 0.0, hours),
        errors=later(learnt.errors, "errors", 0.0, hours),
        stops=later(learnt.stops, "stops", 0.0, hours),
        floors=later(learnt.floors, "stops", 0.0, hours),
        pace=later(learnt.pace, "pace", came, opened) if opened else learnt.pace,
    )


def begun(learnt: Learnt, first: float, *, at_floor: bool) -> Learnt:
    """Return after a bag has begun with the level `first`."""
    floored = CLOCK_KEPT * learnt.floored[0] + at_floor, CLOCK_KEPT * learnt.floored[1] + 1
    scale = (learnt.full - learnt.zero) / 100
    off = first * scale
    moved = ZERO_PACE * off if off <= ZERO_WITHIN else ZERO_FAR
    middle, spread = learnt.first
    factor = 1 + FIRST_PACE
    middle += FIRST_PACE * (spread if first > middle else -spread)
    spread = min(max(spread * factor if abs(first - middle) > MEDIAN_OFF * spread else spread / factor, 1.0), 10.0)
    first_level = (middle - moved / scale, spread)
    return replace(learnt, zero=learnt.zero + moved, bags=learnt.bags + 1, first=first_level, floored=floored)


def taught(learnt: Learnt, rise: float, cycles: int) -> Learnt:
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
