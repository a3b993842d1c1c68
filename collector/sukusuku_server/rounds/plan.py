"""One round on one date: who is visited and why, in which order. Pure but for the solver that it is handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from sukusuku_server.model.rounds import Candidate, Plan, Reason, Stop
from sukusuku_server.rounds.decision import FAILING, JOINING, MUST, deadline_of, decide
from sukusuku_server.rounds.routing_problem import Job, Problem, Schedule, Way, Windows, cost, inserted, timed
from sukusuku_server.rounds.routing_problem import Vehicle as RoutedVehicle
from sukusuku_server.rounds.timetable import Trip
from sukusuku_server.rounds.travel_matrix import Matrix
from sukusuku_server.settings.rounds import Round, Vehicle

Solve = Callable[[Problem], tuple[Way, ...] | None]
"""Gives a way per truck; None when it has found none."""


@dataclass(frozen=True, slots=True)
class PlanningInput:
    """What stands around the candidates.

    `after` has the next trip that may serve a site; `open` its opening hours as stretches (UTC ms) while the round is
    under way. The matrix knows the vehicle's depot and every site that has a place.
    """

    round: Round
    vehicle: Vehicle
    trip: Trip
    after: Mapping[str, Trip | None]
    open: Mapping[str, Sequence[tuple[int, int]]]
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class _Wanted:
    candidate: Candidate
    reason: Reason
    windows: Windows


def make(setting: PlanningInput, candidates: Sequence[Candidate], now: int, solve: Solve) -> Plan:
    """Return the plan. Every candidate is in it once, with its reason."""
    wanted: list[_Wanted] = []
    others: list[Stop] = []
    for candidate in candidates:
        reason = decide(candidate, setting.round, setting.trip, setting.after[candidate.site])
        windows = _windows(setting, candidate.site) if reason in JOINING else ()
        if windows:
            wanted.append(_Wanted(candidate, reason, windows))
        else:
            others.append(_other(candidate, Reason.CLOSED if reason in JOINING else reason))
    problem = _problem(setting, wanted)
    way, how = _way(problem, solve)
    way = min((way, way[::-1]), key=lambda each: (_costs(problem, (each,)), _wait(wanted, each)))
    others += [_other(each.candidate, Reason.NO_CAPACITY) for n, each in enumerate(wanted) if n not in way]
    others.sort(key=lambda stop: (stop.reason not in FAILING, -(stop.percent_then or 0.0), stop.asset))
    times = timed(problem, problem.trucks[0], way)
    if times is None:
        raise ValueError(f"the solver's way {way} may not be driven")
    left = len(wanted) - len(way)
    notes = [how, f"ways: {setting.matrix.source}"] + [f"left out for want of room or time: {left}"] * bool(left)
    return Plan(
        round=setting.round.id,
        date=setting.trip.date,
        planned=now,
        departs=setting.trip.departs,
        returns=setting.trip.returns,
        vehicle=setting.vehicle.id,
        stops=(*_joined(setting.trip, [wanted[n] for n in way], times), *others),
        km=_km(setting, [wanted[n].candidate.site for n in way]),
        minutes=times.back / 60 if way else 0.0,
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


def _problem(setting: PlanningInput, wanted: Sequence[_Wanted]) -> Problem:
    """Prizes put more units before a shorter way, and those that must be visited before those that may wait."""
    matrix, trip = setting.matrix, setting.trip
    longest = max(max(row) for row in matrix.seconds)
    may = longest * (len(wanted) + 1) + 1
    must = may * (sum(each.reason not in MUST for each in wanted) + 1)
    visits = tuple(
        Job(
            place=matrix.index(each.candidate.site),
            service=_service(setting),
            windows=each.windows,
            bags=each.candidate.bags,
            grams=ceil(each.candidate.kg * 1000),
            prize=must if each.reason in MUST else may,
        )
        for each in wanted
    )
    vehicle = setting.vehicle
    back_by = (trip.returns - trip.departs) // 1000
    truck = RoutedVehicle(matrix.index(vehicle.depot), vehicle.bags, int(vehicle.kg * 1000), back_by)
    return Problem(matrix.seconds, visits, (truck,))


def _way(problem: Problem, solve: Solve) -> tuple[Way, str]:
    """Return the way of the only truck, and in words how it was found."""
    if not problem.visits:
        return (), "no stop"
    simple = inserted(problem)
    if len(problem.visits) == 1:
        return simple[0], "one stop"
    found = solve(problem)
    if found is None:
        return simple[0], f"{len(problem.visits)} stops by cheapest insertion, the solver found no way"
    best = min((found, simple), key=lambda ways: _costs(problem, ways))
    return best[0], f"{len(problem.visits)} stops by {'PyVRP' if best is found else 'cheapest insertion'}"


def _wait(wanted: Sequence[_Wanted], way: Way) -> int:
    """How many stops come before the one with the earliest deadline: of two directions the one that helps sooner."""
    deadlines = [(deadline, n) for n in way if (deadline := deadline_of(wanted[n].candidate)) is not None]
    return way.index(min(deadlines)[1]) if deadlines else 0


def _costs(problem: Problem, ways: tuple[Way, ...]) -> float:
    found = cost(problem, ways)
    return float("inf") if found is None else found


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


def _km(setting: PlanningInput, sites: Sequence[str]) -> float:
    places = [setting.matrix.index(place) for place in (setting.vehicle.depot, *sites, setting.vehicle.depot)]
    return sum(setting.matrix.km[a][b] for a, b in pairwise(places)) if sites else 0.0
