from itertools import pairwise

from bench.collection.world import simulate

WORLD = simulate(seed=3, units=4, weeks=2)


def test_the_same_seed_gives_the_same_world() -> None:
    assert simulate(seed=3, units=4, weeks=2) == WORLD
    assert simulate(seed=4, units=4, weeks=2) != WORLD


def test_readings_are_in_order_and_once() -> None:
    for unit in WORLD.units:
        assert {reading.asset for reading in unit.readings} == {unit.id}
        keys = [(reading.time, reading.metric) for reading in unit.readings]
        assert keys == sorted(set(keys))


def test_the_truth_is_consistent() -> None:
    for unit in WORLD.units:
        truth = unit.truth
        assert truth.emptyings
        for emptying in truth.emptyings:
            assert truth.percent(emptying.time) == 0.0
            assert truth.percent(emptying.time - 1) == emptying.percent
            assert WORLD.is_open(emptying.time)
        for early, late in pairwise(truth.brought):
            assert early[0] <= late[0]
            assert early[1] < late[1]
        for full in truth.full:
            assert truth.percent(full) >= 100


def test_a_bag_would_be_full_when_what_is_missing_was_brought() -> None:
    truth = WORLD.units[0].truth
    time = WORLD.start + 86_400_000
    full = truth.full_after(time)
    assert full is not None
    brought = dict(truth.brought)
    before = max((item for item in truth.brought if item[0] <= time), default=(0, 0.0))[1]
    assert brought[full] - before >= 100 - truth.percent(time)
