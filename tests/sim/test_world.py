from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sukusuku_sim import scenario
from sukusuku_sim.scenario import Scenario
from sukusuku_sim.world import World

DEMO = scenario.load(Path(str(files("sukusuku_sim").joinpath("scenarios/demo.toml"))))


def play(plan: Scenario, ticks: int) -> list[dict[str, Any]]:
    """What every device and sensor shows after each tick of the scenario."""
    world = World(plan)
    script = sorted(plan.event, key=lambda event: event.at)
    seen = []
    for number in range(1, ticks + 1):
        while script and script[0].at <= number * plan.tick:
            world.intervene(script.pop(0))
        world.advance(plan.tick * plan.speed)
        seen.append(
            {device.id: shown for device, shown in world.devices()}
            | {sensor.id: shown for sensor, shown in world.sensors()}
        )
    return seen


@pytest.fixture(scope="module")
def demo() -> list[dict[str, Any]]:
    return play(DEMO, 400)


def test_the_first_unit_of_the_demo_passes_its_level_within_a_minute_and_is_not_full_at_once(
    demo: list[dict[str, Any]],
) -> None:
    levels = [tick["tobu-unit-1-board"]["fill_percent"] for tick in demo]
    crossed = next(n for n, level in enumerate(levels) if level > 80)

    assert 77 <= levels[0] <= 80
    assert crossed < 60
    assert all(80 < level < 100 for level in levels[crossed:])


def test_a_bag_that_was_nearly_full_is_changed(demo: list[dict[str, Any]]) -> None:
    levels = [tick["seibu-unit-1-board"]["fill_percent"] for tick in demo]

    assert all(level > 80 for level in levels[:109])
    assert all(level < 15 for level in levels[110:])


def test_a_jam_of_the_demo_shows_at_the_contacts(demo: list[dict[str, Any]]) -> None:
    lamp = [tick["seibu-unit-2-io"]["state3"] for tick in demo]

    assert lamp.index(1) == 44
    assert lamp[44:239] == [1] * 195
    assert sum(lamp[250:]) == 0, "it was cleared"


def test_the_demo_brings_more_children_than_the_room_is_for(demo: list[dict[str, Any]]) -> None:
    children = [tick["tobu-room-eye"]["region_3_child_count"] for tick in demo]

    assert max(children[:74]) <= 10
    assert all(count > 10 for count in children[74:220])
    assert children[280] <= 10


def test_the_sixteen_bit_counter_wraps() -> None:
    units = tuple(msgspec.structs.replace(unit, cycles=65_534) for unit in DEMO.unit)
    fast = msgspec.structs.replace(DEMO, unit=units, event=(), speed=200.0)
    counts = [tick["seibu-unit-2-io"]["activations1"] for tick in play(fast, 100)]

    assert counts[0] == 65_534
    assert 0 < counts[-1] < 100


def test_the_same_scenario_is_the_same_story(demo: list[dict[str, Any]]) -> None:
    assert play(DEMO, 100) == demo[:100]
    assert play(msgspec.structs.replace(DEMO, seed=21), 100) != demo[:100]


def test_the_rooms_are_in_use_from_the_first_moment(demo: list[dict[str, Any]]) -> None:
    for room in ("tobu-room", "seibu-room"):
        assert demo[0][f"{room}-eye"]["region_3_child_count"] > 0
        assert demo[0][f"{room}-presence-play"]["presence"] is True
