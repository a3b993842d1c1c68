"""The scenario `doors.toml`: each of its rooms shows what it is there for."""

import itertools
from importlib.resources import files
from pathlib import Path

import pytest

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS
from sukusuku_sim import history, scenario

DOORS = scenario.load(Path(str(files("sukusuku_sim").joinpath("scenarios/doors.toml"))))


@pytest.fixture(scope="module")
def two_days() -> list[Reading]:
    return list(history.generate(DOORS, DOORS.start_ms - 2 * DAY_MS, DOORS.start_ms, step_s=120))


def total(readings: list[Reading], room: str, metric: str) -> int:
    return max(int(item.value or 0) for item in readings if (item.asset, item.metric) == (room, metric))


@pytest.mark.parametrize("room", ["two-doors", "carried-in"])
def test_more_leave_than_come(two_days: list[Reading], room: str) -> None:
    come, go = total(two_days, room, "Entries/Total"), total(two_days, room, "Exits/Total")
    assert go >= come + 5
    assert total(two_days, room, "Occupancy/Children") > 0


def test_passers_by_an_open_gate_are_overlooked(two_days: list[Reading]) -> None:
    come = total(two_days, "gate-propped-open", "Entries/Total")
    assert 0 < come < total(two_days, "two-doors", "Exits/Total")


def test_motion_comes_in_pulses_while_somebody_is_in(two_days: list[Reading]) -> None:
    told = [bool(item.value) for item in two_days if (item.asset, item.metric) == ("motion-only", "Presence")]
    assert sum(a != b for a, b in itertools.pairwise(told)) > 50
    assert not any(item.metric == "Presence" for item in two_days if item.asset == "two-doors")
