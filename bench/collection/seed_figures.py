"""All figures of one seed: emptyings and forecasts by kind of sensing, alerts by kind of incident. Numbers only."""

import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.collection import emptyings, incidents
from bench.collection.derived import derive
from bench.collection.emptyings import Tally
from bench.collection.forecasts import Figures
from bench.collection.goals import BY_KIND, HIGH_WRONGLY, INSIDE, Goal, Goals, at_least, at_most, between
from bench.collection.knobs import WIDE
from bench.collection.simulated_sensors import Witness
from bench.collection.world import SimulatedUnit, World, simulate
from sukusuku_core.time import HOUR_MS
from sukusuku_server.units.evaluation.history import Derived
from sukusuku_server.units.evaluation.judgement import inflow_scores, watched
from sukusuku_server.units.evaluation.truth import Course
from sukusuku_server.units.forecast_score import score

HIGH, LOW = 85.0, 40.0
"""Percent. Time that is called at least HIGH at a true level of at most LOW is a false alarm."""
ALERTS = Goal(high=incidents.WRONG_GOAL, said=f"1.00 each, at most {incidents.WRONG_GOAL:.0%} wrong")
NO_GOAL = Goal()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a seed: `about` the kind of sensing or incident, `name`, the value, and how it is said.

    `short` heads its column in a table of kinds; without, it is not in one.
    """

    about: str
    name: str
    value: float | None
    said: str
    goal: Goal
    short: str = ""


def measure(seed: int, units: int, weeks: int, *, emptyings_only: bool = False) -> tuple[Figure, ...]:
    """Simulate, derive and judge the wide world of a seed; tell the progress on the way."""
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"... {time.monotonic() - begun:4.0f} s  seed {seed}: {text}", flush=True)

    say(f"simulating {weeks} weeks of {units} units")
    world = simulate(seed, units, weeks, WIDE)
    found: dict[str, Derived] = {}
    for number, unit in enumerate(world.units, 1):
        found[unit.id] = derive(unit, world, forecasts=not emptyings_only)
        if number % 5 == 0:
            say(f"derived {number} of {units} units")
    figures = [*_by_kind(world, found, emptyings_only=emptyings_only)]
    if not emptyings_only:
        say("alerts")
        figures += _alerts(world, found)
    say("done")
    return tuple(figures)


def _by_kind(world: World, found: Mapping[str, Derived], *, emptyings_only: bool) -> Iterator[Figure]:
    names = dict.fromkeys(unit.kind.name for unit in world.units)
    for name in names:
        units = [unit for unit in world.units if unit.kind.name == name]
        goals = BY_KIND.get(name, Goals())
        yield from _emptyings(name, [emptyings.judge(unit, found[unit.id].emptyings) for unit in units], goals)
        if not emptyings_only:
            yield from _forecasts(name, units, found, goals)
            yield _called_high(name, units, found)


def _emptyings(kind: str, tallies: Sequence[Tally], goals: Goals | None) -> Iterator[Figure]:
    true, seen, false = (sum(getattr(tally, name) for tally in tallies) for name in ("true", "found", "false"))
    share, wrong = _part(seen, true), _part(false, seen + false)
    found_goal, false_goal = (NO_GOAL, NO_GOAL) if goals is None else (at_least(goals.found), at_most(goals.false))
    yield Figure(kind, "emptyings found", share, f"{_percent(share)} of {true}", found_goal, "found")
    untold = sum(tally.untold for tally in tallies)
    known = _part(seen, true - untold)
    yield Figure(
        kind,
        "found of those that could be seen",
        known,
        f"{_percent(known)} of {true - untold}",
        found_goal,
        "could be seen",
    )
    yield Figure(kind, "false emptyings", wrong, _percent(wrong), false_goal, "false")
    small, small_found = sum(tally.small for tally in tallies), sum(tally.small_found for tally in tallies)
    part = _part(small_found, small)
    yield Figure(kind, "too small to be seen", part, f"{_percent(part)} of {small} found", NO_GOAL)


def _forecasts(
    kind: str, units: Sequence[SimulatedUnit], found: Mapping[str, Derived], goals: Goals | None
) -> Iterator[Figure]:
    scored = [item for unit in units for item in inflow_scores(found[unit.id].forecasts, unit.truth)]
    card = Figures(score(scored))
    better = NO_GOAL if goals is None else at_least(goals.better)
    inside = NO_GOAL if goals is None else between(*INSIDE)
    yield Figure(kind, "forecast error below the better rule", card.better, _percent(card.better), better, "forecast")
    yield Figure(
        kind, "80 % band covers (all that was brought)", card.inside, _percent(card.inside), inside, "band, brought"
    )
    seen = watched((found[unit.id].forecasts, _watched_course(unit)) for unit in units)
    value = None if seen.judged == seen.censored else seen.inside
    more = (
        f", early {seen.early:.1%}, late {1 - seen.late:.1%}, {seen.judged - seen.censored} of {seen.judged} seen full"
    )
    yield Figure(kind, "80 % band covers (as seen)", value, _percent(value) + more, inside, "band, seen")


def _watched_course(unit: SimulatedUnit) -> Course:
    """Return the true levels of a unit for somebody who watched it."""
    times, percents = zip(*unit.truth.fill, strict=True)
    return Course(list(times), list(percents), [emptying.time for emptying in unit.truth.emptyings])


def _called_high(kind: str, units: Sequence[SimulatedUnit], found: Mapping[str, Derived]) -> Figure:
    """Return the share of the time said to be high at a level that was low when the unit was heard last.

    What is said counts until the next is, for an hour at most: bags are often changed just before a full hour.
    """
    high = wrong = 0
    for unit in units:
        has_level = Witness.LEVEL in unit.witnesses
        heard = [item.time for item in unit.readings if not has_level or item.metric == "Fill/Percent"]
        said = [point for point in found[unit.id].points if point.metric == "Fill/Estimate"]
        for point, following in pairwise(said):
            if float(point.value or 0) >= HIGH:
                last = heard[max(bisect_right(heard, point.time) - 1, 0)]
                lasts = min(following.time - point.time, HOUR_MS)
                high += lasts
                wrong += lasts * (unit.truth.percent(last) <= LOW)
    share = wrong / max(high, 1)  # nothing said to be high is nothing said wrongly
    hours = f"{high / HOUR_MS:.0f} h"
    name, text = f"time said to be {HIGH:.0f} % or more at {LOW:.0f} % or less", f"{_percent(share)} of {hours}"
    return Figure(kind, name, share, text, at_most(HIGH_WRONGLY), "high wrongly")


def _alerts(world: World, found: Mapping[str, Derived]) -> Iterator[Figure]:
    for item in incidents.figures(world, {name: derived.points for name, derived in found.items()}):
        wrong = (len(item.missed) + len(item.doubled) + len(item.false)) / max(item.incidents, 1)
        text = f"{item.per_incident:.2f} of {item.incidents}, missed {len(item.missed)}, twice {len(item.doubled)}"
        text += f", about nothing {len(item.false)}"
        yield Figure("alerts", f"per incident: {item.kind}", wrong, text, ALERTS)


def _part(some: int, of: int) -> float | None:
    return some / of if of else None


def _percent(value: float | None) -> str:
    return "no figure" if value is None else f"{value:.1%}"
