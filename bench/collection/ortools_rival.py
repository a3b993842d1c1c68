"""The problem on standard input, solved by OR-Tools; its ways on standard output, as JSON."""

import json
import sys
from typing import Any

# OR-Tools lives in an environment of its own; see routes.py
from ortools.constraint_solver import pywrapcp, routing_enums_pb2  # type: ignore[import-not-found]


def solve(asked: dict[str, Any]) -> list[list[int]]:
    """One way per truck: numbers of visits in order. All trucks begin and end at the same depot."""
    visits, trucks, travel = asked["visits"], asked["trucks"], asked["travel"]
    depot = trucks[0]["depot"]
    places = [depot, *(visit["place"] for visit in visits)]
    manager = pywrapcp.RoutingIndexManager(len(places), len(trucks), 0)
    routing = pywrapcp.RoutingModel(manager)
    node = manager.IndexToNode

    def ride(a: int, b: int) -> int:
        found: int = travel[places[node(a)]][places[node(b)]]
        return found

    def ride_and_service(a: int, b: int) -> int:
        return ride(a, b) + (visits[node(a) - 1]["service"] if node(a) else 0)

    def load(key: str) -> Any:
        return routing.RegisterUnaryTransitCallback(lambda a: visits[node(a) - 1][key] if node(a) else 0)

    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitCallback(ride))
    clock = _dimensions(routing, load, ride_and_service, trucks)
    for number, visit in enumerate(visits, start=1):
        index = manager.NodeToIndex(number)
        ((early, late),) = visit["windows"]
        clock.CumulVar(index).SetRange(early, late)
        if visit["prize"] is not None:
            routing.AddDisjunction([index], visit["prize"])
    found = routing.SolveWithParameters(_parameters(asked["seconds"]))
    if found is None:
        raise SystemExit("no answer")
    return [_way(routing, manager, found, number) for number in range(len(trucks))]


def _dimensions(routing: Any, load: Any, ride_and_service: Any, trucks: list[dict[str, int]]) -> Any:
    """Time, bags and grams; gives the one of time."""
    end = max(truck["back_by"] for truck in trucks)
    routing.AddDimension(routing.RegisterTransitCallback(ride_and_service), end, end, True, "time")  # noqa: FBT003
    for key in ("bags", "grams"):
        limits = [truck[key] for truck in trucks]
        routing.AddDimensionWithVehicleCapacity(load(key), 0, limits, True, key)  # noqa: FBT003
    clock = routing.GetDimensionOrDie("time")
    for number, truck in enumerate(trucks):
        clock.CumulVar(routing.End(number)).SetMax(truck["back_by"])
    return clock


def _parameters(seconds: float) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(seconds * 1000))
    return parameters


def _way(routing: Any, manager: Any, found: Any, number: int) -> list[int]:
    index, way = found.Value(routing.NextVar(routing.Start(number))), []
    while not routing.IsEnd(index):
        way.append(manager.IndexToNode(index) - 1)
        index = found.Value(routing.NextVar(index))
    return way


if __name__ == "__main__":
    json.dump(solve(json.load(sys.stdin)), sys.stdout)
