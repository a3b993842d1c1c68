"""Weeks of rooms by kind of witness: what a door does not see is said, and a motion sensor does not empty a room."""

import pytest
from bench.rooms.__main__ import motion, run
from bench.rooms.world import Kind


@pytest.mark.parametrize("kind", [Kind.DOOR, Kind.HEADS, Kind.SECOND_DOOR])
def test_of_a_door_is_said_what_it_does_not_see_and_of_others_nothing(kind: Kind) -> None:
    found = run(kind, seed=1, weeks=2)
    assert "finding" not in found.missed
    assert found.shown.error < found.plain.error


def test_of_a_door_that_is_propped_open_little_is_told_as_seen() -> None:
    found = run(Kind.PROPPED, seed=2, weeks=3)
    assert "finding" not in found.missed
    assert found.later.complete < run(Kind.DOOR, seed=1, weeks=1).later.complete - 20


def test_a_motion_sensor_shows_an_occupied_room_as_empty_now_and_then() -> None:
    found = motion(seed=1, weeks=1)
    assert found.pulses_empty > 30
    assert found.seen_empty <= 5
