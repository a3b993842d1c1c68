"""Which units a round takes when it cannot take all: the most urgent first. Pure.

Urgency is told in percent of a bag, so that the fuller one goes first. What else presses adds less than `MOST` in all:
no bag that is `MOST` points fuller is ever left out for the sake of it. The largest part belongs to a unit that has
waited since the round before, so of bags that are alike the same one is not left out twice.
"""

from collections.abc import Callable, Sequence

from sukusuku_server.model.rounds import Candidate, Reason
from sukusuku_server.rounds.decision import MUST
from sukusuku_server.rounds.routing_problem import Problem, Route, gathered, inserted, timed, travelled

Solve = Callable[[Problem], tuple[Route, ...] | None]
"""Gives a route per vehicle; None when it has found none."""

MOST = 20.0
WAITED = 10.0
ASKED = 5.0
OVERDUE = 4.0
"""The bag is past its hygiene deadline before the round is back."""
UNKNOWN = 95.0
"""A unit of which nobody knows the level goes before a bag that is just full enough, and after one that overflows."""
TRIES = 4
"""How often the solver is asked whether one more unit can be reached in time, where cheapest insertion found none."""

Rank = tuple[bool, float]


def rank(candidate: Candidate, reason: Reason, join_percent: float, returns: int) -> Rank:
    """Return what to sort by: those that must be visited before those that may wait, then by urgency in percent.

    Where somebody has asked, the bag counts at least as one that is just full enough.
    """
    must = reason in MUST
    level = max(candidate.percent or 0.0, candidate.percent_then or 0.0)
    if candidate.silent or candidate.percent is None:
        level = UNKNOWN
    overdue = candidate.hygiene_by is not None and candidate.hygiene_by <= returns
    presses = WAITED * candidate.waited + ASKED * candidate.asked + OVERDUE * overdue
    if candidate.asked:
        level = max(level, join_percent)
    return must, level + presses


def selected(problem: Problem, ranks: Sequence[Rank], waited: Sequence[bool], solve: Solve) -> Route:
    """Return the jobs that the one vehicle takes, in an order that can be driven: the most urgent first.

    What does not fit is passed over for less urgent ones once; one that has `waited` is not.
    """
    route: Route = ()
    tries = TRIES
    for n in sorted(range(len(ranks)), key=lambda n: ranks[n], reverse=True):
        longer = _longer(problem, route, n)
        if longer is None and tries and holds(problem, (*route, n)):
            tries -= 1
            longer = whole(problem, (*route, n), solve)[0]
        if longer is not None:
            route = longer
        elif waited[n] and _longer(problem, (), n) is not None:
            break
    return route


def holds(problem: Problem, numbers: Sequence[int]) -> bool:
    """Whether the vehicle can take the load of these jobs."""
    vehicle, jobs = problem.vehicles[0], [problem.jobs[n] for n in numbers]
    return sum(job.bags for job in jobs) <= vehicle.bags and sum(job.grams for job in jobs) <= vehicle.grams


def whole(problem: Problem, jobs: Sequence[int], solve: Solve) -> tuple[Route | None, str]:
    """Return the shortest route found that makes all of these jobs, and in words how; None: there may be none."""
    part = Problem(problem.travel, tuple(problem.jobs[n] for n in jobs), problem.vehicles)
    routes = {"cheapest insertion": inserted(part)[0]}
    how = "cheapest insertion"
    if len(jobs) > 1:
        solved = solve(part)
        if solved is None:
            how = "cheapest insertion, the solver found no way"
            routes = {how: routes["cheapest insertion"]}
        else:
            routes["PyVRP"] = solved[0]
    good = {
        name: route
        for name, route in routes.items()
        if len(route) == len(jobs) and timed(part, part.vehicles[0], route) is not None
    }
    if not good:
        return None, how
    how = min(good, key=lambda name: (travelled(part, part.vehicles[0], good[name]), name != "PyVRP"))
    return tuple(jobs[n] for n in gathered(part, good[how])), how


def _longer(problem: Problem, route: Route, n: int) -> Route | None:
    """Return the route with one more job where it costs least; None: it fits nowhere."""
    vehicle = problem.vehicles[0]
    routes = [(*route[:at], n, *route[at:]) for at in range(len(route) + 1)]
    driven = [each for each in routes if timed(problem, vehicle, each) is not None]
    return min(driven, key=lambda each: travelled(problem, vehicle, each), default=None)
