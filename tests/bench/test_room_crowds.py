"""Weeks of a room with its miscounts and faults: each crowd is told once, and nothing at night."""

import pytest
from bench.rooms.alerts import facility, judge
from bench.rooms.world import Kind, simulate

from sukusuku_server.rooms.schedule import FacilitySchedules


@pytest.mark.parametrize("kind", [Kind.ZONES, Kind.CHILD_DOOR])
def test_a_crowd_is_told_once_and_nothing_at_night(kind: Kind) -> None:
    settings = facility(kind)
    hours = FacilitySchedules(settings).schedules["room"].hours
    found = judge(simulate(kind, hours, seed=0, weeks=3), settings)

    assert found.crowds > 0
    assert found.alerts >= found.crowds
    assert found.warnings > 0
    assert (found.missed, found.doubled, found.false, found.closed) == ((), (), (), ())
