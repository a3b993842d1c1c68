"""The problem on standard input, solved by OR-Tools; its ways on standard output, as JSON."""

import json
import sys
from typing import Any

# OR-Tools lives in an environment of its own; see routes.py
from ortools.constraint_solver import pywrapcp, routing_enums_pb2  # type: ignore[import-not-found]


def solve(asked: dict[str, Any]) -> list[list[int]]:
    """One route per vehicle: numbers of jobs in order. All vehicles begin and end at the same depot."""
    jobs, vehicles, travel = asked["jobs"], asked["vehicles"], asked["travel"]
    depot = vehicles[0]["depot"]
    places = [depot, *(job["place"] for job in jobs)]
    manager = pywrapcp.RoutingIndexManager(len(places), len(vehicles), 0)
    routing = pywrapcp.RoutingModel(manager)
    node = manager.IndexToNode

    def ride(a: int, b: int) -> int:
        found: int = travel[places[node(a)]][places[node(b)]]
        return found

    def ride_and_service(a: int, b: int) -> int:
        return ride(a, b) + (jobs[node(a) - 1]["service"] if node(a) else 0)

    def load(key: str) -> Any:
        return routing.RegisterUnaryTransitCallback(lambda a: jobs[node(a) - 1][key] if node(a) else 0)

    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitCallback(ride))
    clock = _dimensions(routing, load, ride_and_service, vehicles)
    for number, job in enumerate(jobs, start=1):
        index = manager.NodeToIndex(number)
        ((early, late),) = job["windows"]
        clock.CumulVar(index).SetRange(early, late)
        if job["prize"] is not None:
            routing.AddDisjunction([index], job["prize"])
    found = routing.SolveWithParameters(_parameters(asked["seconds"]))
    if found is None:
        raise SystemExit("no answer")
    return [_route(routing, manager, found, number) for number in range(len(vehicles))]


def _dimensions(routing: Any, load: Any, ride_and_service: Any, vehicles: list[dict[str, int]]) -> Any:
    """Time, bags and grams; gives the one of time."""
    end = max(vehicle["back_by"] for vehicle in vehicles)
    routing.AddDimension(routing.RegisterTransitCallback(ride_and_service), end, end, True, "time")  # noqa: FBT003
    for key in ("bags", "grams"):
        limits = [vehicle[key] for vehicle in vehicles]
        routing.AddDimensionWithVehicleCapacity(load(key), 0, limits, True, key)  # noqa: FBT003
    clock = routing.GetDimensionOrDie("time")
    for number, vehicle in enumerate(vehicles):
        clock.CumulVar(routing.End(number)).SetMax(vehicle["back_by"])
    return clock


def _parameters(seconds: float) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(seconds * 1000))
    return parameters


def _route(routing: Any, manager: Any, found: Any, number: int) -> list[int]:
    index, route = found.Value(routing.NextVar(routing.Start(number))), []
    while not routing.IsEnd(index):
        route.append(manager.IndexToNode(index) - 1)
        index = found.Value(routing.NextVar(index))
    return route


if __name__ == "__main__":
    json.dump(solve(json.load(sys.stdin)), sys.stdout)
