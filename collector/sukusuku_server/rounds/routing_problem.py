"""What a solver is asked, and whether an answer holds. Pure. Times are whole seconds since the round departs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A place that may be visited: how long it takes, when it may begin (both ends included), and what it loads.

    `prize` is what leaving it out costs, in seconds of travel; None: it must not be left out.
    """

    place: int
    service: int
    windows: Windows
    bags: int
    grams: int
    prize: int | None = None


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle: the place where it begins and ends, what it takes, and when it must be back."""

    depot: int
    bags: int
    grams: int
    back_by: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Travel seconds from place to place, what may be visited, and the vehicles."""

    travel: tuple[tuple[int, ...], ...]
    jobs: tuple[Job, ...]
    vehicles: tuple[Vehicle, ...]


Route = tuple[int, ...]
"""Numbers of jobs in the order in which a vehicle makes them."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A route with its times: when service begins at each job, and when the vehicle is back."""

    begins: tuple[int, ...]
    back: int


def timed(problem: Problem, vehicle: Vehicle, route: Route) -> Schedule | None:
    """Return the times of a route that leaves at once; None when it breaks a window, a capacity or the shift."""
    jobs = [problem.jobs[n] for n in route]
    if sum(job.bags for job in jobs) > vehicle.bags or sum(job.grams for job in jobs) > vehicle.grams:
        return None
    time, place, begins = 0, vehicle.depot, []
    for job in jobs:
        time += problem.travel[place][job.place]
        opens = next((start for start, end in job.windows if time <= end), None)
        if opens is None:
            return None
        time = max(time, opens)
        begins.append(time)
        time, place = time + job.service, job.place
    back = time + problem.travel[place][vehicle.depot]
    return Schedule(tuple(begins), back) if back <= vehicle.back_by else None


def cost(problem: Problem, routes: Sequence[Route]) -> int | None:
    """Travel seconds plus the prizes left behind, one route per vehicle; None when it may not be driven like that."""
    made = [n for route in routes for n in route]
    left = [job.prize for n, job in enumerate(problem.jobs) if n not in set(made)]
    if len(set(made)) < len(made) or None in left or len(routes) != len(problem.vehicles):
        return None
    for vehicle, route in zip(problem.vehicles, routes, strict=True):
        if timed(problem, vehicle, route) is None:
            return None
    travel = sum(travelled(problem, vehicle, route) for vehicle, route in zip(problem.vehicles, routes, strict=True))
    return travel + sum(prize for prize in left if prize is not None)


def travelled(problem: Problem, vehicle: Vehicle, route: Route) -> int:
    """Travel seconds of a route, from the depot and back; none when the vehicle stays there."""
    places = [vehicle.depot, *(problem.jobs[n].place for n in route), vehicle.depot]
    return sum(problem.travel[a][b] for a, b in pairwise(places)) if route else 0


def gathered(problem: Problem, route: Route) -> Route:
    """Return a route of the first vehicle that makes jobs at one place in a row where that costs nothing."""
    vehicle, found = problem.vehicles[0], route
    for n in route:
        at = next(k for k, other in enumerate(found) if problem.jobs[other].place == problem.jobs[n].place)
        rest = [other for other in found if other != n]
        moved = found if found[at] == n else (*rest[: at + 1], n, *rest[at + 1 :])
        longer = travelled(problem, vehicle, moved) > travelled(problem, vehicle, found)
        if not longer and timed(problem, vehicle, moved) is not None:
            found = moved
    return found


def inserted(problem: Problem) -> tuple[Route, ...]:
    """Return a route per vehicle by cheapest insertion, the jobs with the highest prize first.

    What fits nowhere is left out.

    The answer when the solver has none, and what the solver must beat.
    """
    routes: list[Route] = [() for _ in problem.vehicles]
    order = sorted(range(len(problem.jobs)), key=lambda n: -_weight(problem.jobs[n]))
    for n in order:
        best: tuple[int, int, Route] | None = None
        for number, (vehicle, route) in enumerate(zip(problem.vehicles, routes, strict=True)):
            before = travelled(problem, vehicle, route)
            for at in range(len(route) + 1):
                longer = (*route[:at], n, *route[at:])
                added = travelled(problem, vehicle, longer) - before
                if (best is None or added < best[0]) and timed(problem, vehicle, longer) is not None:
                    best = (added, number, longer)
        if best is not None and best[0] <= _weight(problem.jobs[n]):
            routes[best[1]] = best[2]
    return tuple(routes)


def _weight(job: Job) -> float:
    return float("inf") if job.prize is None else job.prize
