from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_server.model.rounds import Candidate, Plan, Reason
from sukusuku_server.rounds import plan, pyvrp_solver
from sukusuku_server.rounds.decision import JOINING, decide
from sukusuku_server.rounds.routing_problem import Problem, Route, inserted
from sukusuku_server.rounds.travel_matrix import Spot, estimated
from sukusuku_server.rounds.urgency import Solve
from sukusuku_server.settings import Routing, Vehicle
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING
from tests.server.rounds.three_centres import candidate, north, town, trip

TRIP = trip()
SITES = tuple(f"s{n}" for n in range(6))
SPOTS = (Spot("yard", 35.73, 139.71), *(Spot(site, 35.73, 139.71 + n * 0.02) for n, site in enumerate(SITES, start=1)))
MATRIX = estimated(SPOTS, Routing())
TRUCK = town().vehicle[0]
SOLVE = partial(pyvrp_solver.solve, seconds=1.0, seed=1)


def setting(vehicle: Vehicle = TRUCK, **changes: Any) -> plan.PlanningInput:
    values: dict[str, Any] = {
        "round": north(),
        "vehicle": vehicle,
        "trip": TRIP,
        "after": dict.fromkeys(SITES),
        "open": dict.fromkeys(SITES, ((TRIP.departs - 4 * HOUR, TRIP.returns + HOUR),)),
        "measure": lambda: MATRIX,
    }
    return plan.PlanningInput(**values | changes)


def unit(site: int, number: int = 1, **changes: object) -> Candidate:
    return candidate(f"s{site}-unit-{number}", **changes)


def full(site: int, number: int = 1, **changes: object) -> Candidate:
    return unit(site, number, **{"percent_then": 90.0} | changes)


def soon(site: int, number: int = 1) -> Candidate:
    return unit(site, number, full_by=TRIP.returns + HOUR)


def made(*candidates: Candidate, solve: Solve = SOLVE, **changes: Any) -> Plan:
    return plan.make(setting(**changes), candidates, MORNING, solve)


def never(_: Problem) -> tuple[Route, ...] | None:
    raise AssertionError("the solver must not be asked")


def test_no_stop_needs_no_solver() -> None:
    found = made(unit(0, full_by=None), unit(1, last_emptied=TRIP.departs - HOUR, full_by=None), solve=never)

    assert found.joined == ()
    assert (found.km, found.minutes, found.solver) == (0.0, 0.0, "no stop; ways: great circle x 1.35 at 22 km/h")
    assert {stop.asset: stop.reason for stop in found.stops} == {
        "s0-unit-1": Reason.ENOUGH_ROOM,
        "s1-unit-1": Reason.JUST_EMPTIED,
    }


def test_one_stop_needs_no_solver_and_has_its_time() -> None:
    found = made(full(0), solve=never)

    (stop,) = found.joined
    there = MATRIX.seconds[0][1]
    assert stop.arrives == TRIP.departs + there * 1000
    assert found.km == pytest.approx(2 * MATRIX.km[0][1])
    assert found.minutes == pytest.approx((2 * there + 480) / 60)
    assert found.solver.startswith("one stop; ")
    assert (found.planned, found.departs, found.returns, found.vehicle) == (
        MORNING,
        TRIP.departs,
        TRIP.returns,
        "truck",
    )


def test_several_stops_are_made_in_one_sweep() -> None:
    found = made(full(3), full(0), full(5), full(1))

    assert {stop.site for stop in found.joined} == {"s0", "s1", "s3", "s5"}
    assert [stop.position for stop in found.joined] == [1, 2, 3, 4]
    assert found.km == pytest.approx(2 * MATRIX.km[0][6])
    assert found.solver.startswith("4 stops by PyVRP; ")


@pytest.mark.parametrize("urgent", [0, 2, 5])
def test_of_two_directions_of_a_way_the_one_that_helps_sooner_is_taken(urgent: int) -> None:
    stops = [full(site, full_by=MORNING if site == urgent else None) for site in (0, 2, 5)]
    found = made(*stops)

    position = next(stop.position for stop in found.joined if stop.site == f"s{urgent}")
    assert position is not None
    assert position <= 2


def test_two_units_of_a_centre_are_visited_one_after_the_other() -> None:
    found = made(full(2, 1), full(4), full(2, 2))

    assert [stop.site for stop in found.joined] in (["s2", "s2", "s4"], ["s4", "s2", "s2"])
    first, second = (stop.arrives for stop in found.joined if stop.site == "s2")
    assert first is not None
    assert second == first + 8 * MINUTE


def test_units_that_must_be_visited_go_before_those_that_may_wait() -> None:
    found = made(*(soon(0, n) for n in range(6)), *(full(5, n) for n in range(5)))

    joined = [stop.asset for stop in found.joined]
    assert len(joined) == TRUCK.bags
    assert {f"s5-unit-{n}" for n in range(5)} < set(joined)
    left = [stop for stop in found.stops if stop.reason is Reason.NO_CAPACITY]
    assert len(left) == 5
    assert found.stops[len(joined) :][:5] == tuple(left)
    assert found.solver.endswith("; left out for want of room or time: 5")


def test_a_bag_that_was_changed_gives_its_room_to_one_that_must_be_taken_now() -> None:
    bags = [full(n % 6, n // 6 + 1) for n in range(TRUCK.bags)]
    told = made(*bags, soon(5, 9))
    (left,) = (stop for stop in told.stops if not stop.joined)
    assert (left.asset, left.reason) == ("s5-unit-9", Reason.NO_CAPACITY)
    now = MORNING + HOUR

    def again(*found: Candidate, plan_: Plan = told) -> Plan | None:
        return plan.revised(setting(), found, plan_, (), MORNING - HOUR, now, SOLVE)

    changed = unit(0, 1, last_emptied=now - MINUTE, full_by=TRIP.returns + HOUR)
    assert again(*bags, full(5, 9)) is None  # what is as full as before gives no room
    assert again(changed, *bags[1:], soon(5, 9)) is None  # and nothing that may wait takes it
    found = again(changed, *bags[1:], full(5, 9))

    assert found is not None
    assert {stop.asset for stop in told.joined} ^ {stop.asset for stop in found.joined} == {"s0-unit-1", "s5-unit-9"}
    assert again(changed, *bags[1:], full(5, 9), plan_=found) is None  # once


def test_a_bag_that_was_changed_leaves_the_round_once_however_its_forecast_wavers() -> None:
    told, now = made(full(0), full(1)), MORNING + HOUR

    def again(before: Plan, full_by: int | None) -> Plan | None:
        changed = unit(0, last_emptied=now - MINUTE, full_by=full_by)
        return plan.revised(setting(), (changed, full(1)), before, (), MORNING - HOUR, now, SOLVE)

    found = again(told, None)
    assert found is not None
    assert [stop.asset for stop in found.joined] == ["s1-unit-1"]
    assert again(found, TRIP.returns + HOUR) is None  # before the next round, and this one can pass it by
    assert again(found, TRIP.returns - MINUTE) is not None


@pytest.mark.parametrize(("level", "most"), [(20.0, 0), (95.0, 2)])
def test_a_bag_that_was_changed_before_the_plan_does_not_come_and_go_with_its_forecast(level: float, most: int) -> None:
    """When the plan knew of the new bag it stays; otherwise it leaves once, and comes back at most once."""
    join, changes = north().join_percent, 0
    changed = partial(unit, 0, last_emptied=MORNING - HOUR, full_by=None)
    told = made(changed(percent=level, percent_then=join), full(1))
    for look in range(20):
        wavers = changed(percent=20.0 + look / 10, percent_then=join - look % 2)
        now = MORNING + (look + 1) * MINUTE
        other = plan.revised(setting(), (wavers, full(1)), told, (), MORNING - 3 * HOUR, now, SOLVE)
        changes += other is not None
        told = other or told
    assert changes <= most


def test_kilograms_bind_as_bags_do() -> None:
    found = made(*(full(n, kg=25.0) for n in range(4)))

    assert len(found.joined) == 2


def test_a_single_unit_that_the_vehicle_cannot_take_is_said() -> None:
    found = made(full(0, kg=61.0), solve=never)

    assert [stop.reason for stop in found.stops] == [Reason.NO_CAPACITY]
    assert found.minutes == 0


def test_time_may_be_too_short() -> None:
    short = replace(TRIP, returns=TRIP.departs + 30 * MINUTE)
    found = made(*(full(n) for n in range(4)), trip=short)

    assert {stop.reason for stop in found.stops} == {Reason.FULL, Reason.NO_CAPACITY}
    assert found.minutes <= 30


def test_a_centre_is_visited_while_it_is_open() -> None:
    opens = TRIP.departs + 2 * HOUR
    hours = dict(setting().open) | {
        "s0": (
            (TRIP.departs - HOUR, TRIP.departs + MINUTE),
            (opens, TRIP.returns),
        )
    }
    found = made(full(0), full(1), open=hours)

    arrives = {stop.site: stop.arrives for stop in found.joined}
    assert arrives["s0"] is not None
    assert arrives["s0"] >= opens


def test_a_centre_that_closes_before_the_work_is_done_counts_as_closed() -> None:
    hours = dict(setting().open) | {"s0": ((TRIP.departs, TRIP.departs + 7 * MINUTE),)}
    found = made(full(0), unit(1, closed=True), full(1, closed=True), open=hours, solve=never)

    assert [(stop.asset, stop.reason, stop.joined) for stop in found.stops] == [
        ("s0-unit-1", Reason.CLOSED, False),
        ("s1-unit-1", Reason.CLOSED, False),
        ("s1-unit-1", Reason.CLOSED, False),
    ]


def test_without_an_answer_of_the_solver_the_order_is_by_insertion() -> None:
    found = made(full(0), full(3), full(1), solve=lambda _: None)

    assert len(found.joined) == 3
    assert found.solver.startswith("3 stops by cheapest insertion, the solver found no way; ")


def test_the_cheaper_of_both_ways_is_taken() -> None:
    def zigzag(problem: Problem) -> tuple[Route, ...]:
        return ((1, 0, 2),)

    found = made(full(0), full(5), full(1), solve=zigzag)

    assert [stop.site for stop in found.joined] != ["s5", "s0", "s1"]
    assert found.solver.startswith("3 stops by cheapest insertion; ")


def test_a_wrong_answer_of_the_solver_is_not_taken() -> None:
    def crowded(problem: Problem) -> tuple[Route, ...]:
        return (tuple(range(len(problem.jobs))),)

    found = made(*(full(n, kg=30.0) for n in range(4)), solve=crowded)

    assert len(found.joined) == 2


def test_thirty_stops_are_planned_in_time() -> None:
    sites = [f"c{n}" for n in range(30)]
    spots = [Spot("yard", 35.73, 139.71)]
    spots += [Spot(site, 35.70 + (n * 7 % 30) / 500, 139.68 + (n * 11 % 30) / 500) for n, site in enumerate(sites)]
    big = Vehicle(id="big", name=TRUCK.name, depot="yard", bags=40, kg=400)
    found = made(
        *(candidate(f"{site}-unit", percent_then=85.0, kg=8.0) for site in sites),
        vehicle=big,
        trip=replace(TRIP, returns=TRIP.departs + 8 * HOUR),
        after=dict.fromkeys(sites),
        open={key: [(TRIP.departs, TRIP.departs + 8 * HOUR)] for key in sites},
        measure=lambda: estimated(spots, Routing()),
    )

    assert len(found.joined) == 30


@st.composite
def crowds(draw: st.DrawFn) -> list[Candidate]:
    return [
        unit(
            draw(st.integers(0, 5)),
            number,
            percent_then=draw(st.sampled_from((20.0, 90.0, None))),
            full_by=draw(st.none() | st.integers(TRIP.departs, TRIP.departs + 30 * HOUR)),
            bags=draw(st.integers(1, 2)),
            kg=draw(st.sampled_from((3.0, 9.0, 25.0))),
            closed=draw(st.booleans()),
            lat=draw(st.sampled_from((35.7, 35.7, None))),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


@settings(max_examples=30)
@given(crowd=crowds(), opens=st.integers(0, 3), hours=st.integers(1, 4), minutes=st.integers(20, 240))
def test_every_plan_keeps_its_promises(crowd: Sequence[Candidate], opens: int, hours: int, minutes: int) -> None:
    span = (TRIP.departs + opens * HOUR, TRIP.departs + (opens + hours) * HOUR)
    short = replace(TRIP, returns=TRIP.departs + minutes * MINUTE)
    found = made(*crowd, trip=short, open={key: [span] for key in SITES})

    assert sorted(stop.asset for stop in found.stops) == sorted(each.asset for each in crowd)
    joined = found.joined
    assert found.stops[: len(joined)] == joined
    assert [stop.position for stop in joined] == list(range(1, len(joined) + 1))
    assert sum(stop.bags for stop in joined) <= TRUCK.bags
    assert sum(stop.kg for stop in joined) <= TRUCK.kg
    assert found.minutes <= minutes
    for stop in joined:
        assert stop.reason in JOINING
        assert stop.arrives is not None
        assert span[0] <= stop.arrives <= span[1] - 8 * MINUTE
    for stop in found.stops[len(joined) :]:
        assert stop.reason not in JOINING
        assert stop.arrives is None
    reasons = {each.asset: decide(each, north(), short, None) for each in crowd}
    assert all(stop.reason == reasons[stop.asset] for stop in joined)


@settings(max_examples=20)
@given(crowd=crowds())
def test_the_solver_visits_no_less_than_insertion(crowd: Sequence[Candidate]) -> None:
    by_solver, by_insertion = made(*crowd), made(*crowd, solve=inserted)

    assert len(by_solver.joined) >= len(by_insertion.joined) or by_solver.km <= by_insertion.km
