"""Weeks of a room with its miscounts and faults: each crowd is told once, and nothing at night."""

import pytest
from bench.rooms.alerts import facility, happened, judge
from bench.rooms.world import Kind, World, simulate

from sukusuku_collector.rooms.timetable import Timetable


def world(kind: Kind, weeks: int = 3) -> World:
    settings = facility(kind)
    return simulate(kind, Timetable(settings, settings.site[0].room[0]).hours, 0, weeks)


@pytest.mark.parametrize("kind", [Kind.ZONES, Kind.CHILD_DOOR])
def test_a_crowd_is_told_once_and_nothing_at_night(kind: Kind) -> None:
    found = judge(world(kind), facility(kind))

    assert found.crowds > 1
    assert found.alerts >= found.crowds
    assert found.warnings > 0
    assert (found.missed, found.doubled, found.false, found.closed) == ((), (), (), ())


def test_the_same_weeks_give_the_same_alerts() -> None:
    first, second = (list(happened(world(Kind.DOOR, 1), facility(Kind.DOOR))) for _ in range(2))

    assert first == second != []
