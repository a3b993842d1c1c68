from dataclasses import replace
from itertools import pairwise

import pytest
from bench.collection.derived import derive
from bench.collection.emptyings import judge
from bench.collection.goals import Goal, at_least, between
from bench.collection.knobs import WIDE
from bench.collection.world import Truth, World, simulate

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.collection import Emptying, Evidence


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(seed=3, units=4, weeks=2)


@pytest.fixture(scope="module")
def field() -> World:
    return simulate(seed=3, units=10, weeks=2, knobs=WIDE)


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    assert simulate(seed=3, units=4, weeks=2) == world
    assert simulate(seed=4, units=4, weeks=2) != world


def test_readings_are_in_order_and_once(world: World) -> None:
    for unit in world.units:
        assert {reading.asset for reading in unit.readings} == {unit.id}
        keys = [(reading.time, reading.metric) for reading in unit.readings]
        assert keys == sorted(set(keys))


def test_the_truth_is_consistent(world: World) -> None:
    for unit in world.units:
        truth = unit.truth
        assert truth.emptyings
        for emptying in truth.emptyings:
            assert truth.percent(emptying.time) == 0.0
            assert truth.percent(emptying.time - 1) == emptying.percent
            assert world.is_open(emptying.time)
        for early, late in pairwise(truth.brought):
            assert early[0] <= late[0]
            assert early[1] < late[1]
        for full in truth.full:
            assert truth.percent(full) >= 100


def test_a_bag_would_be_full_when_what_is_missing_was_brought(world: World) -> None:
    truth = world.units[0].truth
    time = world.start + 86_400_000
    full = truth.full_after(time)
    assert full is not None
    brought = dict(truth.brought)
    before = max((item for item in truth.brought if item[0] <= time), default=(0, 0.0))[1]
    assert brought[full] - before >= 100 - truth.percent(time)


def test_the_wide_world_has_what_the_field_has_shown(field: World) -> None:
    emptyings = [(unit, emptying) for unit in field.units for emptying in unit.truth.emptyings]
    assert any(emptying.percent < 15 for _, emptying in emptyings)
    assert any(5 < emptying.left < 36 for _, emptying in emptyings)
    assert all(emptying.left <= emptying.percent / 2 for _, emptying in emptyings)
    small = [emptying for unit, emptying in emptyings if not emptying.clear and not unit.pace_ms]
    assert all(emptying.percent - emptying.left < 15 for emptying in small)
    for unit in field.units:
        levels = [reading.time for reading in unit.readings if reading.metric == "Fill/Percent"]
        if unit.kind.pace is not None:
            assert min(late - early for early, late in pairwise(levels)) >= unit.kind.pace[0] * HOUR_MS * 0.9


def test_what_the_sensors_cannot_see_counts_neither_way(field: World) -> None:
    unit = next(u for u in field.units if any(not e.clear for e in u.truth.emptyings) and u.kind.pace is None)
    clear = sum(emptying.clear for emptying in unit.truth.emptyings)
    reports = [Emptying(unit.id, e.time, e.percent, 1.0, (Evidence.LEVEL,), 1.0) for e in unit.truth.emptyings]
    every = judge(unit, reports)
    assert (every.true, every.found, every.false) == (clear, clear, 0)
    assert (every.small, every.small_found) == (len(reports) - clear,) * 2
    assert judge(unit, []).found == 0
    assert judge(unit, []).small_found == 0


def test_a_sensor_with_a_pace_does_not_wait_for_a_hand(field: World) -> None:
    for unit in field.units:
        if unit.kind.pace is None or unit.kind.pace[0] >= 24:
            continue
        good = [
            abs(float(reading.value) - unit.truth.percent(reading.time))
            for reading in unit.readings
            if reading.metric == "Fill/Percent"
            and reading.value is not None
            and not any(trouble.start <= reading.time < trouble.end for trouble in unit.truth.troubles)
        ]
        assert sum(off > 20 for off in good) <= 0.01 * len(good)


def test_what_nobody_could_know_is_missed_and_told_beside(field: World) -> None:
    unit = next(u for u in field.units if u.kind.name == "level only")
    first = next(e for e in unit.truth.emptyings if e.clear)
    others = tuple(e for e in unit.truth.emptyings if e is not first)
    quiet = replace(unit, truth=replace(unit.truth, emptyings=(replace(first, told=False), *others)))
    before, after = judge(unit, []), judge(quiet, [])
    assert (after.true, after.missed) == (before.true, before.missed)
    assert after.untold == before.untold + 1


def test_a_fall_within_the_noise_cannot_be_seen() -> None:
    kinds = tuple(kind for kind in WIDE.kinds if kind.name == "level only")
    noisy = replace(WIDE, kinds=kinds, faults=(), residues=0.0, noise=(12.0, 12.0))
    clear = [
        e for unit in simulate(seed=3, units=2, weeks=3, knobs=noisy).units for e in unit.truth.emptyings if e.clear
    ]
    told = [emptying.percent >= 45 for emptying in clear if emptying.told]
    assert told
    assert all(told)
    assert any(not emptying.told for emptying in clear)


def test_forecasts_change_no_emptying(field: World) -> None:
    unit = next(u for u in field.units if u.kind.name == "level only")
    assert derive(unit, field, forecasts=False).emptyings == derive(unit, field).emptyings


def test_a_bag_contact_tells_of_every_emptying(field: World) -> None:
    unit = next(u for u in field.units if u.kind.name == "bag contact, counter, door")
    assert all(e.told for e in unit.truth.emptyings)


def test_what_has_settled_leaves_room_for_more() -> None:
    brought = tuple((hour * HOUR_MS, 10.0 * hour) for hour in range(1, 30))
    truth = Truth((), (), ((0, 0.0),), brought, (), (), (), settling=0.2)
    assert truth.full_after(0) == 11 * HOUR_MS
    hard = Truth((), (), ((0, 0.0),), brought, (), (), ())
    assert hard.full_after(0) == 10 * HOUR_MS


@pytest.mark.parametrize(
    ("goal", "value", "reached"),
    [
        (at_least(0.9), 0.9, True),
        (at_least(0.9), 0.899, False),
        (between(0.75, 0.85), 0.86, False),
        (between(0.75, 0.85), 0.80, True),
        (at_least(0.9), None, False),
        (Goal(), None, True),
    ],
)
def test_what_cannot_be_measured_misses_its_goal(goal: Goal, value: float | None, reached: bool) -> None:  # noqa: FBT001
    assert goal.reached(value) is reached
