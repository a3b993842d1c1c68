"""One round on one date: who is visited and why, in which order. Pure but for the solver that it is handed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from sukusuku_server.model.rounds import FAILING, Candidate, Plan, Reason, Stop
from sukusuku_server.rounds.decision import JOINING, MUST, deadline_of, decide, still
from sukusuku_server.rounds.routing_problem import Job, Problem, Route, Schedule, Windows, timed, travelled
from sukusuku_server.rounds.routing_problem import Vehicle as RoutedVehicle
from sukusuku_server.rounds.timetable import Trip
from sukusuku_server.rounds.travel_matrix import Matrix
from sukusuku_server.rounds.urgency import Solve, holds, rank, selected, whole
from sukusuku_server.settings.rounds import Round, Vehicle


@dataclass(frozen=True, slots=True)
class PlanningInput:
    """What stands around the candidates.

    `after` has the next trip that may serve a site; `open` its opening hours as stretches (UTC ms) while the round is
    under way. `out`: the vehicle cannot go. `measure` gives a matrix that knows the vehicle's depot and every site that
    has a place. It may ask a server, so it is called only where a plan is made.
    """

    round: Round
    vehicle: Vehicle
    trip: Trip
    after: Mapping[str, Trip | None]
    open: Mapping[str, Sequence[tuple[int, int]]]
    measure: Callable[[], Matrix]
    out: bool = False


@dataclass(frozen=True, slots=True)
class _Wanted:
    candidate: Candidate
    reason: Reason
    windows: Windows


def make(setting: PlanningInput, candidates: Sequence[Candidate], now: int, solve: Solve) -> Plan:
    """Return the plan. Every candidate is in it once, with its reason."""
    return _planned(setting, _reasons(setting, candidates), now, solve)


def revised(
    setting: PlanningInput,
    candidates: Sequence[Candidate],
    plan: Plan,
    answered: Collection[str],
    since: int,
    now: int,
    solve: Solve,
) -> Plan | None:
    """Return the plan that takes the place of one that was told; None: nothing has happened that changes it.

    `answered` are the stops (asset ids) for which the crew has answered: they stay, as an emptying there is theirs.
    `since` is from when on an emptying is news (UTC ms).
    """
    before = {stop.asset: stop for stop in plan.stops}
    reasons = [
        (
            candidate,
            before[candidate.asset].reason
            if candidate.asset in answered
            else still(candidate, before.get(candidate.asset), fresh, since, plan.planned),
        )
        for candidate, fresh in _reasons(setting, candidates)
    ]
    same = (plan.vehicle, plan.departs, plan.returns) == (
        setting.vehicle.id,
        setting.trip.departs,
        setting.trip.returns,
    )
    said = [stop for stop in plan.stops if stop.asset not in answered]
    turned = any(stop.joined if setting.out else stop.reason is Reason.NO_VEHICLE for stop in said)
    needs = {c.asset for c, reason in reasons if reason in JOINING or reason in FAILING}
    if same and not turned and _needs(plan) == needs and not _gives_way(before, reasons):
        return None
    return _planned(setting, reasons, now, solve)


def _gives_way(before: Mapping[str, Stop], reasons: Sequence[tuple[Candidate, Reason]]) -> bool:
    """Whether a stop that had to be made may wait now, while a unit that must be visited had no room on the round."""
    pairs = [(before[c.asset], reason) for c, reason in reasons if c.asset in before]
    waits = any(stop.joined and stop.reason in MUST and reason not in MUST for stop, reason in pairs)
    return waits and any(stop.reason is Reason.NO_CAPACITY and reason in MUST for stop, reason in pairs)


def _needs(plan: Plan) -> set[str]:
    """Return the units that need a visit by a plan, also those that get none."""
    return {stop.asset for stop in plan.stops if stop.joined or stop.reason in FAILING}


def _reasons(setting: PlanningInput, candidates: Sequence[Candidate]) -> list[tuple[Candidate, Reason]]:
    found = []
    for candidate in candidates:
        reason = decide(candidate, setting.round, setting.trip, setting.after[candidate.site])
        if reason in JOINING and setting.out:
            reason = Reason.NO_VEHICLE
        elif reason in JOINING and not _windows(setting, candidate.site):
            reason = Reason.CLOSED
        found.append((candidate, reason))
    return found


def _planned(setting: PlanningInput, reasons: Sequence[tuple[Candidate, Reason]], now: int, solve: Solve) -> Plan:
    wanted = [_Wanted(c, reason, _windows(setting, c.site)) for c, reason in reasons if reason in JOINING]
    others = [_other(c, reason) for c, reason in reasons if reason not in JOINING]
    matrix = setting.measure()
    problem = _problem(setting, matrix, wanted)
    route, how = _route(setting, problem, wanted, solve)
    route = min((route, route[::-1]), key=lambda each: (_costs(problem, each), _wait(wanted, each)))
    others += [_other(each.candidate, Reason.NO_CAPACITY) for n, each in enumerate(wanted) if n not in route]
    others.sort(key=lambda stop: (stop.reason not in FAILING, -(stop.percent_then or 0.0), stop.asset))
    times = timed(problem, problem.vehicles[0], route)
    if times is None:
        raise ValueError(f"the solver's route {route} may not be driven")
    left = len(wanted) - len(route)
    notes = [how, f"ways: {matrix.source}"] + [f"left out for want of room or time: {left}"] * bool(left)
    return Plan(
        round=setting.round.id,
        date=setting.trip.date,
        planned=now,
        departs=setting.trip.departs,
        returns=setting.trip.returns,
        vehicle=setting.vehicle.id,
        stops=(*_joined(setting.trip, [wanted[n] for n in route], times), *others),
        km=_km(matrix, setting.vehicle.depot, [wanted[n].candidate.site for n in route]),
        minutes=times.back / 60 if route else 0.0,
        solver="; ".join(notes),
    )


def _windows(setting: PlanningInput, site: str) -> Windows:
    """When service may begin, so that it ends while the site is open and the round under way. Seconds, inclusive."""
    service = _service(setting)
    spans = (
        (max(start, setting.trip.departs), min(end, setting.trip.returns) - service * 1000)
        for start, end in setting.open[site]
    )
    departs = setting.trip.departs
    return tuple((ceil((start - departs) / 1000), (end - departs) // 1000) for start, end in spans if start <= end)


def _service(setting: PlanningInput) -> int:
    return round(setting.round.service_minutes * 60)


def _problem(setting: PlanningInput, matrix: Matrix, wanted: Sequence[_Wanted]) -> Problem:
    trip = setting.trip
    visits = tuple(
        Job(
            place=matrix.index(each.candidate.site),
            service=_service(setting),
            windows=each.windows,
            bags=each.candidate.bags,
            grams=ceil(each.candidate.kg * 1000),
        )
        for each in wanted
    )
    vehicle = setting.vehicle
    back_by = (trip.returns - trip.departs) // 1000
    truck = RoutedVehicle(matrix.index(vehicle.depot), vehicle.bags, int(vehicle.kg * 1000), back_by)
    return Problem(matrix.seconds, visits, (truck,))


def _route(setting: PlanningInput, problem: Problem, wanted: Sequence[_Wanted], solve: Solve) -> tuple[Route, str]:
    """Return the route of the only vehicle, and in words how it was found. What it cannot take is the least urgent."""
    chosen: Route = tuple(range(len(wanted)))
    found, how = whole(problem, chosen, solve) if holds(problem, chosen) else (None, "")
    if found is None:
        join, returns = setting.round.join_percent, setting.trip.returns
        ranks = [rank(each.candidate, each.reason, join, returns) for each in wanted]
        chosen = selected(problem, ranks, [each.candidate.waited for each in wanted], solve)
        found, how = whole(problem, chosen, solve)
    several = f"{len(chosen)} stops by {how}"
    return chosen if found is None else found, {0: "no stop", 1: "one stop"}.get(len(chosen), several)


def _wait(wanted: Sequence[_Wanted], route: Route) -> int:
    """How many stops come before the one with the earliest deadline: of two directions the one that helps sooner."""
    deadlines = [(deadline, n) for n in route if (deadline := deadline_of(wanted[n].candidate)) is not None]
    return route.index(min(deadlines)[1]) if deadlines else 0


def _costs(problem: Problem, route: Route) -> float:
    truck = problem.vehicles[0]
    return float("inf") if timed(problem, truck, route) is None else travelled(problem, truck, route)


def _joined(trip: Trip, wanted: Sequence[_Wanted], times: Schedule) -> tuple[Stop, ...]:
    return tuple(
        _stop(each.candidate, each.reason, position, trip.departs + begins * 1000)
        for position, (each, begins) in enumerate(zip(wanted, times.begins, strict=True), start=1)
    )


def _other(candidate: Candidate, reason: Reason) -> Stop:
    return _stop(candidate, reason, None, None)


def _stop(candidate: Candidate, reason: Reason, position: int | None, arrives: int | None) -> Stop:
    return Stop(
        asset=candidate.asset,
        site=candidate.site,
        joined=position is not None,
        reason=reason,
        position=position,
        arrives=arrives,
        deadline=deadline_of(candidate),
        percent=candidate.percent,
        percent_then=candidate.percent_then,
        confidence=candidate.confidence,
        bags=candidate.bags,
        kg=candidate.kg,
    )


def _km(matrix: Matrix, depot: str, sites: Sequence[str]) -> float:
    places = [matrix.index(place) for place in (depot, *sites, depot)]
    return sum(matrix.km[a][b] for a, b in pairwise(places)) if sites else 0.0
