"""The instances by which routes are measured (`bench.collection.routes`)."""

import pytest
from bench.collection.routes import SEEDS, STOPS, Figure, instance, table

from sukusuku_server.rounds.pyvrp_solver import solve
from sukusuku_server.rounds.routing_problem import cost, inserted


@pytest.mark.parametrize("seed", SEEDS)
def test_an_instance_is_the_same_each_time_and_far_from_trivial(seed: int) -> None:
    asked = instance(seed)
    simple = cost(asked, inserted(asked))
    routes = solve(asked, seconds=1.0, seed=1)

    assert asked == instance(seed)
    assert len(asked.jobs) == STOPS
    assert any(job.prize is None for job in asked.jobs)
    assert routes is not None
    assert simple is not None
    found = cost(asked, routes)
    assert found is not None
    assert found < 0.9 * simple


def test_a_figure_is_reached_in_time_and_at_no_higher_cost() -> None:
    assert Figure(seed=7, ours=100, theirs=100, simple=120, seconds=2.0).reached
    assert not Figure(seed=7, ours=101, theirs=100, simple=120, seconds=1.0).reached
    assert not Figure(seed=7, ours=99, theirs=100, simple=120, seconds=2.1).reached
    assert "OR-Tools" in table([])
