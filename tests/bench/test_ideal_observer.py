import pytest
from bench.collection import ideal
from bench.collection.knobs import WIDE
from bench.collection.world import World, simulate


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(seed=3, units=7, weeks=2, knobs=WIDE)


@pytest.mark.parametrize("habits", [True, False])
def test_who_knows_the_model_finds_what_can_be_found(world: World, *, habits: bool) -> None:
    unit = next(unit for unit in world.units if unit.kind.name == "level every 30 min")
    found = ideal.best([unit], [ideal.reports(unit, world, habits=habits)], 0.02)
    assert found is not None
    assert found.true == found.found > 3
