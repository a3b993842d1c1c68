"""Random rounds past a unit, with deadlines and answers, and how their stops are judged against the truth."""

import random
from datetime import date, timedelta

from tests.figures import second, second_units

from bench.figures.world import ROUND, World
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start, local_day
from sukusuku_server.db import Operations
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.model.rounds import Answer, Plan, Reason, Stop

_ANSWERS = (Answer.NONE,) * 7 + (Answer.DONE, Answer.CANNOT, Answer.NEEDLESS)
_SHARE = 0.6
"""Of all days, those on which the round stops at the unit."""


def plan(world: World, unit: str) -> None:
    """Plan and answer rounds on random days, as they are chosen by the seed of the world."""
    plan_in(world.operations, unit, world.start, world.end, str(world.seed))


def plan_in(operations: Operations, unit: str, start: int, end: int, seed: str) -> None:
    """Plan and answer rounds on random days between two midnights."""
    chance = random.Random(f"{seed} {unit}")
    records = Rounds(operations)
    for day in range((end - start) // DAY_MS):
        if chance.random() < _SHARE:
            run = records.put(_plan(unit, local_day(start) + timedelta(days=day), chance))
            (stop,) = records.stops(run.id)
            answer = chance.choice(_ANSWERS)
            if answer is not Answer.NONE:
                records.answer(stop.id, answer, "crew", run.plan.returns)


def otherwise(world: World, unit: str, books: KpiQueries, files: second.Files) -> int:
    """Return how many stops are missed, late or needless that in truth were not, and the other way round.

    Stops from whose departure to three days after their return the unit was not heard all the time tell nothing.
    """
    kinds = {"missed", "late", "needless"}
    stops = second_units.stops(files, unit)
    bags = [(time, 100.0 * nappies / 60.0) for time, nappies in world.truth.emptied.get(unit, [])]
    real = second_units.judged(stops, bags, world.end)
    mine = {visit.stop: visit.kind.value for visit in books.visits(0, world.end + DAY_MS) if visit.asset == unit}
    unheard = world.quiet.get(unit, ())
    found = 0
    for stop in stops:
        if any(stop.departs < until and since < stop.returns + 3 * DAY_MS for since, until in unheard):
            continue
        one, other = mine[stop.id], real[stop.id]
        found += one != other and bool({one, other} & kinds)
    return found


def _plan(unit: str, day: date, chance: random.Random) -> Plan:
    departs = day_start(day) + chance.choice((9, 11, 13, 15)) * HOUR_MS
    deadline = None if chance.random() < 0.5 else departs + chance.randrange(1, 30) * HOUR_MS + 7 * MINUTE_MS
    stop = Stop(
        asset=unit,
        site=unit.split("-", maxsplit=1)[0],
        joined=True,
        reason=Reason.FULL,
        position=1,
        arrives=departs + HOUR_MS,
        deadline=deadline,
        percent=None,
        percent_then=None,
        confidence=0.9,
        bags=1,
        kg=9.0,
    )
    return Plan(ROUND, day, departs - 4 * HOUR_MS, departs, departs + 4 * HOUR_MS, "van", (stop,), 3.0, 30.0, "drawn")
