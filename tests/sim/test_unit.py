from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.model import FaultCode, UnitState
from sukusuku_sim import unit as units
from sukusuku_sim.unit import Unit, UnitEvent, UnitParameters

OPEN_AT = 1_776_216_000_000  # Wednesday 2026-04-15, 10:20 in Japan
SUNDAY = OPEN_AT + 4 * 86_400_000
BUSY = UnitParameters(deposits_per_hour=60, empty_delay=300, repair_delay=300, jam_chance=0.02, film_cycles=40)


def run(
    unit: Unit, parameters: UnitParameters, steps: list[float], seed: int = 1, start: int = OPEN_AT
) -> list[tuple[Unit, tuple[UnitEvent, ...]]]:
    rng, now, seen = Random(seed), start, []
    for seconds in steps:
        unit, events = units.step(unit, parameters, now, seconds, rng)
        now += round(seconds * 1000)
        seen.append((unit, events))
    return seen


strides = st.lists(st.floats(0.1, 900), min_size=1, max_size=60)


@settings(max_examples=60)
@given(steps=strides, seed=st.integers(0, 10_000), fill=st.floats(0, 60), film=st.floats(0.5, 100))
def test_whatever_the_pace_levels_stay_in_range_and_the_counter_never_falls(
    steps: list[float], seed: int, fill: float, film: float
) -> None:
    before = Unit(volume=fill, film=film, cycles=7)
    for after, events in run(before, BUSY, steps, seed):
        assert 0 <= after.volume <= BUSY.capacity
        assert 0 <= after.film <= 100
        assert after.cycles - before.cycles == events.count(UnitEvent.CYCLE)
        assert after.energy >= before.energy
        assert after.distance(BUSY, 900, 150) >= 0
        if UnitEvent.EMPTIED not in events:
            assert after.volume >= before.volume
            assert after.nappies >= before.nappies
        before = after


@settings(max_examples=40)
@given(steps=strides, seed=st.integers(0, 10_000))
def test_nothing_is_compressed_without_film(steps: list[float], seed: int) -> None:
    never = replace(BUSY, repair_delay=1e12)
    unit, events = units.run_out_of_film(Unit(cycles=5, volume=3), never, Random(seed))

    assert events == (UnitEvent.FILM_OUT,)
    assert unit.fault is FaultCode.FILM_OUT
    for after, _ in run(unit, never, steps, seed):
        assert (after.phase, after.cycles, after.volume, after.power) == (UnitState.FILM_OUT, 5, 3, 0)


def test_a_full_bag_is_emptied_by_staff_and_the_unit_goes_on() -> None:
    unit = Unit(volume=BUSY.capacity - 0.5, nappies=59)
    seen = run(unit, replace(BUSY, jam_chance=0), [10.0] * 360)
    happened = [event for _, events in seen for event in events]
    full = happened.index(UnitEvent.BAG_FULL)

    assert happened[full + 1] is UnitEvent.EMPTIED
    emptied = next(after for after, events in seen if UnitEvent.EMPTIED in events)
    assert (emptied.volume, emptied.nappies) == (0, 0)
    assert UnitEvent.CYCLE in happened[full + 2 :]


def test_every_state_of_the_unit_is_gone_through() -> None:
    states = {after.phase for after, _ in run(Unit(), BUSY, [5.0] * 5760)}

    assert states == set(UnitState)


def test_a_cycle_goes_through_its_phases_in_order() -> None:
    phases = [after.phase for after, _ in run(Unit(), replace(BUSY, jam_chance=0), [1.0] * 600)]
    order = [phase for n, phase in enumerate(phases) if n == 0 or phases[n - 1] is not phase]
    first = order[order.index(UnitState.LID_OPEN) :][:5]

    assert first == [UnitState.LID_OPEN, UnitState.DEPOSIT, UnitState.COMPRESS, UnitState.SEAL, UnitState.IDLE]


def test_the_motor_draws_power_while_compressing_only_and_the_lid_is_shut_then() -> None:
    for after, _ in run(Unit(), BUSY, [3.0] * 2000):
        assert (after.power > 100) == (after.phase is UnitState.COMPRESS)
        assert after.lid_open == (after.phase in {UnitState.LID_OPEN, UnitState.DEPOSIT})


def test_a_jam_stops_the_unit_until_it_is_repaired_and_then_the_nappies_are_compressed() -> None:
    unit, events = units.jam(Unit(waiting=2), BUSY, Random(3))
    assert events == (UnitEvent.JAM,)
    assert unit.fault is FaultCode.JAM

    seen = run(unit, replace(BUSY, deposits_per_hour=0), [10.0] * 400)
    happened = [event for _, events in seen for event in events]

    assert happened == [UnitEvent.REPAIRED, UnitEvent.CYCLE]
    assert seen[-1][0].nappies == 2


def test_nobody_deposits_or_repairs_in_a_closed_centre() -> None:
    jammed, _ = units.jam(Unit(), BUSY, Random(3))

    assert [events for _, events in run(Unit(), BUSY, [600.0] * 20, start=SUNDAY)] == [()] * 20
    assert run(jammed, BUSY, [600.0] * 20, start=SUNDAY)[-1][0].phase is UnitState.JAM


def test_the_daily_emptying_takes_place_once_and_leaves_a_nearly_empty_bag() -> None:
    quiet = UnitParameters(deposits_per_hour=0, empty_at=10 * 60 + 40)

    half = [events for _, events in run(Unit(volume=30), quiet, [60.0] * 60)]
    assert [events for events in half if events] == [(UnitEvent.EMPTIED,)]
    assert half[20] == (UnitEvent.EMPTIED,)
    assert run(Unit(volume=10), quiet, [60.0] * 60)[-1][0].volume == 10


def test_a_bag_can_be_filled_by_script_without_touching_the_counter() -> None:
    unit, events = units.fill_to(Unit(cycles=9), BUSY, 50, Random(1))
    assert (unit.fill(BUSY), unit.cycles, events) == (50, 9, ())

    full, events = units.fill_to(unit, BUSY, 100, Random(1))
    assert (full.phase, events) == (UnitState.BAG_FULL, (UnitEvent.BAG_FULL,))


def test_the_same_seed_gives_the_same_life() -> None:
    assert run(Unit(), BUSY, [20.0] * 500, seed=4) == run(Unit(), BUSY, [20.0] * 500, seed=4)
    assert run(Unit(), BUSY, [20.0] * 500, seed=4) != run(Unit(), BUSY, [20.0] * 500, seed=5)
