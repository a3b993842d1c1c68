"""The order of the stops, by PyVRP. The one file that knows it; it is imported when the first problem is solved."""

import warnings
from collections.abc import Sequence

from sukusuku_server.rounds.routing_problem import Problem, Route, Vehicle, cost

_PATIENCE = 2_000
"""Iterations without a better answer after which it will not come: small rounds are solved long before their time."""


def solve(problem: Problem, seconds: float, seed: int) -> tuple[Route, ...] | None:
    """Return a route per vehicle that may be driven, at low cost; None when none was found in that time.

    The same problem and seed give the same routes unless the time runs out.
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
    alike = _alike(problem.vehicles)
    for numbers in alike:
        vehicle = problem.vehicles[numbers[0]]
        depot = model.add_depot(places[vehicle.depot])
        model.add_vehicle_type(
            len(numbers),
            capacity=[vehicle.bags, vehicle.grams],
            start_depot=depot,
            end_depot=depot,
            tw_late=vehicle.back_by,
        )
    made: list[int] = []
    for number, job in enumerate(problem.jobs):
        required = job.prize is None
        group = model.add_client_group(required=required) if len(job.windows) > 1 else None
        for early, late in job.windows:
            model.add_client(
                places[job.place],
                pickup=[job.bags, job.grams],
                service_duration=job.service,
                tw_early=early,
                tw_late=late,
                prize=job.prize or 0,
                required=required and group is None,
                group=group,
            )
            made.append(number)
    found = model.solve(
        MultipleCriteria([MaxRuntime(seconds), NoImprovement(_PATIENCE)]), seed, collect_stats=False, display=False
    )
    if not found.is_feasible():
        return None
    routes: list[Route] = [() for _ in problem.vehicles]
    for driven in found.best.routes():
        routes[alike[driven.vehicle_type()].pop(0)] = tuple(
            made[step.idx] for step in driven.schedule() if step.is_client()
        )
    return tuple(routes) if cost(problem, routes) is not None else None


def _alike(vehicles: Sequence[Vehicle]) -> list[list[int]]:
    """Return the numbers of the vehicles, those that are alike together: the solver need not tell them apart."""
    found: dict[Vehicle, list[int]] = {}
    for number, vehicle in enumerate(vehicles):
        found.setdefault(vehicle, []).append(number)
    return list(found.values())
