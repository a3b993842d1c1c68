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
    visits: tuple[Job, ...]
    trucks: tuple[Vehicle, ...]


Way = tuple[int, ...]
"""Numbers of visits in the order in which a truck makes them."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A way with its times: when service begins at each visit, and when the truck is back."""

    begins: tuple[int, ...]
    back: int


def timed(problem: Problem, truck: Vehicle, way: Way) -> Schedule | None:
    """Return the times of a route that leaves at once; None when it breaks a window, a capacity or the shift."""
    visits = [problem.visits[n] for n in way]
    if sum(visit.bags for visit in visits) > truck.bags or sum(visit.grams for visit in visits) > truck.grams:
        return None
    time, place, begins = 0, truck.depot, []
    for visit in visits:
        time += problem.travel[place][visit.place]
        opens = next((start for start, end in visit.windows if time <= end), None)
        if opens is None:
            return None
        time = max(time, opens)
        begins.append(time)
        time, place = time + visit.service, visit.place
    back = time + problem.travel[place][truck.depot]
    return Schedule(tuple(begins), back) if back <= truck.back_by else None


def cost(problem: Problem, ways: Sequence[Way]) -> int | None:
    """Travel seconds plus the prizes left behind, one way per truck; None when it may not be driven like that."""
    made = [n for way in ways for n in way]
    left = [visit.prize for n, visit in enumerate(problem.visits) if n not in set(made)]
    if len(set(made)) < len(made) or None in left or len(ways) != len(problem.trucks):
        return None
    for truck, way in zip(problem.trucks, ways, strict=True):
        if timed(problem, truck, way) is None:
            return None
    travel = sum(travelled(problem, truck, way) for truck, way in zip(problem.trucks, ways, strict=True))
    return travel + sum(prize for prize in left if prize is not None)


def travelled(problem: Problem, truck: Vehicle, way: Way) -> int:
    """Travel seconds of a way, from the depot and back; none when the truck stays there."""
    places = [truck.depot, *(problem.visits[n].place for n in way), truck.depot]
    return sum(problem.travel[a][b] for a, b in pairwise(places)) if way else 0


def gathered(problem: Problem, way: Way) -> Way:
    """Return a way of the first truck that makes visits at one place in a row where that costs nothing."""
    truck, found = problem.trucks[0], way
    for n in way:
        at = next(k for k, other in enumerate(found) if problem.visits[other].place == problem.visits[n].place)
        rest = [other for other in found if other != n]
        moved = found if found[at] == n else (*rest[: at + 1], n, *rest[at + 1 :])
        longer = travelled(problem, truck, moved) > travelled(problem, truck, found)
        if not longer and timed(problem, truck, moved) is not None:
            found = moved
    return found


def inserted(problem: Problem) -> tuple[Way, ...]:
    """Return a way per truck by cheapest insertion, the visits with the highest prize first.

    What fits nowhere is left out.

    The answer when the solver has none, and what the solver must beat.
    """
    ways: list[Way] = [() for _ in problem.trucks]
    order = sorted(range(len(problem.visits)), key=lambda n: -_weight(problem.visits[n]))
    for n in order:
        best: tuple[int, int, Way] | None = None
        for number, (truck, way) in enumerate(zip(problem.trucks, ways, strict=True)):
            before = travelled(problem, truck, way)
            for at in range(len(way) + 1):
                longer = (*way[:at], n, *way[at:])
                added = travelled(problem, truck, longer) - before
                if (best is None or added < best[0]) and timed(problem, truck, longer) is not None:
                    best = (added, number, longer)
        if best is not None and best[0] <= _weight(problem.visits[n]):
            ways[best[1]] = best[2]
    return tuple(ways)


def _weight(visit: Job) -> float:
    return float("inf") if visit.prize is None else visit.prize
