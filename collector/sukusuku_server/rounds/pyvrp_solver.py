"""The order of the stops, by PyVRP. The one file that knows it; it is imported when the first problem is solved."""

import warnings
from collections.abc import Sequence

from sukusuku_server.rounds.routing_problem import Problem, Vehicle, Way, cost

_PATIENCE = 2_000
"""Iterations without a better answer after which it will not come: small rounds are solved long before their time."""


def solve(problem: Problem, seconds: float, seed: int) -> tuple[Way, ...] | None:
    """Return a way per truck that may be driven, at low cost; None when none was found in that time.

    The same problem and seed give the same ways unless the time runs out.
    """
    from pyvrp import Model  # noqa: PLC0415 - it drags numpy; only a plan needs it
    from pyvrp.exceptions import PenaltyBoundWarning  # noqa: PLC0415
    from pyvrp.stop import MaxRuntime, MultipleCriteria, NoImprovement  # noqa: PLC0415

    warnings.simplefilter("ignore", PenaltyBoundWarning)  # the answer says whether it may be driven
    model = Model()
    places = [model.add_location(0, 0) for _ in problem.travel]
    for start, row in zip(places, problem.travel, strict=True):
        for end, travel in zip(places, row, strict=True):
            if start is not end:
                model.add_edge(start, end, distance=travel, duration=travel)
    alike = _alike(problem.trucks)
    for numbers in alike:
        truck = problem.trucks[numbers[0]]
        depot = model.add_depot(places[truck.depot])
        model.add_vehicle_type(
            len(numbers),
            capacity=[truck.bags, truck.grams],
            start_depot=depot,
            end_depot=depot,
            tw_late=truck.back_by,
        )
    made: list[int] = []
    for number, visit in enumerate(problem.visits):
        required = visit.prize is None
        group = model.add_client_group(required=required) if len(visit.windows) > 1 else None
        for early, late in visit.windows:
            model.add_client(
                places[visit.place],
                pickup=[visit.bags, visit.grams],
                service_duration=visit.service,
                tw_early=early,
                tw_late=late,
                prize=visit.prize or 0,
                required=required and group is None,
                group=group,
            )
            made.append(number)
    found = model.solve(
        MultipleCriteria([MaxRuntime(seconds), NoImprovement(_PATIENCE)]), seed, collect_stats=False, display=False
    )
    if not found.is_feasible():
        return None
    ways: list[Way] = [() for _ in problem.trucks]
    for route in found.best.routes():
        ways[alike[route.vehicle_type()].pop(0)] = tuple(
            made[step.idx] for step in route.schedule() if step.is_client()
        )
    return tuple(ways) if cost(problem, ways) is not None else None


def _alike(trucks: Sequence[Vehicle]) -> list[list[int]]:
    """Return the numbers of the trucks, those that are alike together: the solver need not tell them apart."""
    found: dict[Vehicle, list[int]] = {}
    for number, truck in enumerate(trucks):
        found.setdefault(truck, []).append(number)
    return list(found.values())
