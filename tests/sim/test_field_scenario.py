"""The scenario `field.toml`: each of its units shows what it is there for."""

from collections import defaultdict
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from sukusuku_core.model import Reading, UnitState
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_sim import history, scenario, values
from sukusuku_sim import unit as units
from sukusuku_sim.level_sensor import LidSwitch
from sukusuku_sim.room import Room
from sukusuku_sim.unit import Unit, UnitEvent, UnitParameters
from sukusuku_sim.views import UnitView

FIELD = scenario.load(Path(str(files("sukusuku_sim").joinpath("scenarios/field.toml"))))
END = 1_776_218_000_000  # a Wednesday morning in Japan


class Past:
    """Two weeks of the scenario: what was read, and how the bags really were (percent)."""

    def __init__(self) -> None:
        self.readings: dict[tuple[str, str], list[Reading]] = defaultdict(list)
        self.truth: dict[str, list[tuple[int, float]]] = defaultdict(list)
        capacity = {unit.id: unit.capacity for unit in FIELD.unit}

        def watch(asset: str, time: int, state: Unit | Room) -> None:
            if isinstance(state, Unit):
                self.truth[asset].append((time, 100 * state.volume / capacity[asset]))

        for reading in history.generate(FIELD, END - 14 * DAY_MS, END, watch=watch):
            self.readings[reading.asset, reading.metric].append(reading)

    def levels(self, asset: str) -> list[float]:
        return [float(reading.value or 0) for reading in self.readings[asset, "Fill/Percent"]]

    def falls(self, asset: str) -> list[tuple[float, float]]:
        """True percent before and after each fall of more than a tenth of a percent."""
        return [(a, b) for (_, a), (_, b) in pairwise(self.truth[asset]) if b < a - 0.1]


@pytest.fixture(scope="module")
def past() -> Past:
    return Past()


def test_lumps_are_ten_to_twenty_nappies_in_one_cycle(past: Past) -> None:
    rises = [b - a for (_, a), (_, b) in pairwise(past.truth["lumps"])]
    assert sum(rise > 13 for rise in rises) > 6
    assert max(b - a for (_, a), (_, b) in pairwise(past.truth["noise"])) < 25


def test_bags_are_changed_that_hold_almost_nothing(past: Past) -> None:
    assert sum(before <= 15 for before, _ in past.falls("almost-empty")) > 5


def test_emptyings_leave_something_and_never_more_than_half(past: Past) -> None:
    left = [(before, after) for before, after in past.falls("residues") if after > 0]
    assert 3 <= len(left) < len(past.falls("residues"))
    assert all(5 <= after <= min(35, before / 2 + 1e-6) for before, after in left)


def test_a_sensor_stands_at_its_ends_for_hours(past: Past) -> None:
    truth = dict(past.truth["stops"])
    wrong: dict[object, int] = defaultdict(int)
    for a, b in pairwise(past.readings["stops", "Fill/Percent"]):
        if a.value == b.value and a.value in {0.0, 100.0} and abs(truth.get(a.time, 50.0) - float(a.value)) > 20:
            wrong[a.value] += b.time - a.time
    assert wrong[0.0] > 2 * HOUR_MS
    assert wrong[100.0] > 2 * HOUR_MS


def test_what_is_loose_sinks_by_itself(past: Past) -> None:
    sunk = sum(before - after for before, after in past.falls("settling") if before - after < 5)
    risen = sum(max(0.0, b - a) for (_, a), (_, b) in pairwise(past.truth["settling"]))
    assert 0.08 < sunk / risen < 0.25


@pytest.mark.parametrize(("asset", "hours"), [("seldom", 2.5), ("daily", 24)])
def test_a_sensor_that_sleeps_measures_seldom(past: Past, asset: str, hours: float) -> None:
    times = [reading.time for reading in past.readings[asset, "Fill/Percent"]]
    steps = [(b - a) / HOUR_MS for a, b in pairwise(times)]
    assert sum(steps) / len(steps) == pytest.approx(hours, rel=0.05)
    assert min(steps) > 0.8 * hours


def test_noise_is_noise(past: Past) -> None:
    nearest = dict(past.truth["noise"])
    errors = [
        float(r.value or 0) - nearest[r.time] for r in past.readings["noise", "Fill/Percent"] if r.time in nearest
    ]
    high = [error for error in errors if abs(error) > 10]
    assert 0.1 < len(high) / len(errors) < 0.5


@pytest.mark.parametrize("lid", list(LidSwitch))
def test_the_lid_stands_open_at_an_emptying_if_its_switch_tells(lid: LidSwitch) -> None:
    parameters = UnitParameters(change_seconds=90, lid=lid, empty_delay=1)
    full = Unit(phase=UnitState.BAG_FULL, volume=60, nappies=60)
    now, events = units.step(full, parameters, END, 1, Random(1))
    assert events == (UnitEvent.EMPTIED,)
    view = UnitView(now, parameters, 900, 150, "", "")
    assert values.OF_UNIT["sukusuku-retrofit-board"](view)["lid_open"] is (lid is not LidSwitch.SHUT)
    later, events = units.step(now, replace(parameters, deposits_per_hour=0), END, 90, Random(1))
    assert (later.phase, later.cycles, events) == (UnitState.IDLE, 0, ())
    view = replace(view, unit=later)
    assert values.OF_UNIT["sukusuku-retrofit-board"](view)["lid_open"] is (lid is LidSwitch.OPEN)
