"""Weeks of rooms by kind of witness: another door is said, and a motion sensor does not empty an occupied room."""

import pytest
from bench.rooms.__main__ import motion, run
from bench.rooms.world import Kind


@pytest.mark.parametrize("kind", [Kind.DOOR, Kind.HEADS, Kind.SECOND_DOOR])
def test_only_a_second_door_is_said_to_be_one(kind: Kind) -> None:
    found = run(kind, seed=1, weeks=2)
    assert "finding" not in found.missed
    assert found.shown.error < found.plain.error


def test_a_motion_sensor_shows_an_occupied_room_as_empty_now_and_then() -> None:
    found = motion(seed=1, weeks=1)
    assert found.pulses_empty > 30
    assert found.seen_empty <= 5
