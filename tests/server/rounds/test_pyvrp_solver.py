from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_server.rounds.pyvrp_solver import solve
from sukusuku_server.rounds.routing_problem import Job, Problem, Route, Vehicle, cost, inserted, timed, travelled

HOUR = 3600
LINE = tuple(tuple(abs(a - b) * 600 for b in range(5)) for a in range(5))
"""Five places on a line, ten minutes apart; the depot is at one end."""
ALL_DAY = ((0, 4 * HOUR),)
TRUCK = Vehicle(depot=0, bags=10, grams=100_000, back_by=4 * HOUR)


def job(place: int, **changes: object) -> Job:
    values: dict[str, object] = {"place": place, "service": 480, "windows": ALL_DAY, "bags": 1, "grams": 9_000}
    return Job(**values | changes)  # type: ignore[arg-type]  # the tests change single fields by name


def problem(*jobs: Job, vehicles: tuple[Vehicle, ...] = (TRUCK,)) -> Problem:
    return Problem(LINE, jobs, vehicles)


def solved(asked: Problem) -> tuple[Route, ...]:
    found = solve(asked, seconds=2.0, seed=1)
    assert found is not None
    return found


def test_a_way_has_its_times() -> None:
    asked = problem(job(1), job(3, windows=((3 * HOUR, 4 * HOUR),)))
    found = timed(asked, TRUCK, (0, 1))

    assert found is not None
    assert found.begins == (600, 3 * HOUR)  # waits for the second one to open
    assert found.back == 3 * HOUR + 480 + 1800
    assert cost(asked, [(0, 1)]) == 3600


def test_a_way_that_breaks_a_rule_has_none() -> None:
    late = job(1, windows=((0, 500),))
    assert timed(problem(late), TRUCK, (0,)) is None
    assert timed(problem(job(1, bags=11)), TRUCK, (0,)) is None
    assert timed(problem(job(1, grams=100_001)), TRUCK, (0,)) is None
    assert timed(problem(job(4)), Vehicle(0, 10, 100_000, back_by=5_000), (0,)) is None
    required = problem(job(1), job(2, prize=7))
    assert cost(required, [()]) is None
    assert cost(required, [(0,)]) == 1200 + 7
    assert cost(required, [(0, 0)]) is None
    assert cost(required, [(0,), (1,)]) is None


def test_stops_on_a_line_are_visited_in_one_sweep() -> None:
    routes = solved(problem(*(job(place) for place in (3, 1, 4, 2))))

    assert travelled(problem(*(job(place) for place in (3, 1, 4, 2))), TRUCK, routes[0]) == 4800


def test_opening_hours_turn_the_way_around() -> None:
    asked = problem(job(1, windows=((2 * HOUR, 3 * HOUR),)), job(4, windows=((0, 2500),)))

    assert solved(asked) == ((1, 0),)


def test_a_break_at_noon_is_one_of_two_windows() -> None:
    asked = problem(job(4, windows=((0, 1000), (HOUR, HOUR + 100))), job(1))
    routes = solved(asked)

    assert sorted(routes[0]) == [0, 1]
    times = timed(asked, TRUCK, routes[0])
    assert times is not None
    assert HOUR <= times.begins[routes[0].index(0)] <= HOUR + 100


def test_what_does_not_fit_is_left_out_the_least_prize_first() -> None:
    jobs = [job(place, bags=4, prize=prize) for place, prize in ((1, 9_000), (2, 90_000), (3, 90_000), (4, 9_000))]

    assert sorted(solved(problem(*jobs))[0]) == [1, 2]


def test_several_trucks_share_the_stops() -> None:
    vehicles = (Vehicle(0, 2, 100_000, 4 * HOUR),) * 2
    routes = solved(problem(*(job(place) for place in (1, 2, 3, 4)), vehicles=vehicles))

    assert sorted(len(route) for route in routes) == [2, 2]
    assert sorted(n for route in routes for n in route) == [0, 1, 2, 3]


def test_what_cannot_be_done_has_no_way() -> None:
    impossible = problem(job(4, windows=((0, 100),)), job(3, windows=((0, 100),)))

    assert solve(impossible, seconds=0.5, seed=1) is None
    assert inserted(impossible) == ((),)


def test_the_same_question_has_the_same_answer() -> None:
    asked = problem(*(job(place) for place in (3, 1, 4, 2)))

    assert solved(asked) == solved(asked)


@st.composite
def small_problems(draw: st.DrawFn) -> Problem:
    spots = draw(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), min_size=3, max_size=6))
    travel = tuple(tuple(abs(a - c) + abs(b - d) for c, d in spots) for a, b in spots)
    jobs = []
    for place in range(1, len(spots)):
        start = draw(st.integers(0, 3 * HOUR))
        windows = ((start, start + draw(st.integers(600, 4 * HOUR))),)
        bags, prize = draw(st.integers(1, 4)), draw(st.sampled_from((20_000, 200_000)))
        jobs.append(Job(place, 480, windows, bags, bags * 9_000, prize))
    return Problem(travel, tuple(jobs), (Vehicle(0, 8, 80_000, draw(st.integers(HOUR, 5 * HOUR))),))


@settings(max_examples=25)
@given(asked=small_problems())
def test_small_problems_are_solved_as_well_as_by_trying_every_order(asked: Problem) -> None:
    numbers = range(len(asked.jobs))
    orders = (order for size in range(len(numbers) + 1) for order in permutations(numbers, size))
    best = min(found for order in orders if (found := cost(asked, [order])) is not None)

    assert cost(asked, solved(asked)) == best
    simple = cost(asked, inserted(asked))
    assert simple is not None
    assert simple >= best


@pytest.mark.parametrize("seed", [1, 2])
def test_a_crowd_of_stops_on_a_small_vehicle_still_gets_a_way(seed: int) -> None:
    travel = tuple(tuple((a * 37 + b * 53) % 900 + 60 if a != b else 0 for b in range(41)) for a in range(41))
    jobs = tuple(Job(place, 480, ALL_DAY, 1, 9_000, 50_000 * (1 + place % 2)) for place in range(1, 41))
    asked = Problem(travel, jobs, (Vehicle(0, 7, 50_000, 4 * HOUR),))

    found = solve(asked, seconds=1.0, seed=seed)
    assert found is not None
    assert len(found[0]) == 5  # kilograms bind before bags
    assert all(jobs[n].prize == 100_000 for n in found[0])
