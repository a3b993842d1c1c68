"""A door that cannot be believed as it is: another one beside it, one that overlooks many, a sensor turned round."""

from dataclasses import replace
from itertools import pairwise

import pytest

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS
from sukusuku_server.model.collection import Calibration, FindingName
from sukusuku_server.rooms.derivation import RoomOccupancy
from tests.server.rooms.example_room import FLOW, Played, at, door, every, timetable


def test_of_a_door_that_overlooks_many_only_what_staff_have_counted_of_late_is_certain() -> None:
    """Each day the door is held open: eight come, and the counter sees four. Staff count them at 11:00."""
    readings, said = [], []
    for day in range(6):
        moved = [("07:00", 4 * day, 4 * day), ("09:10", 4 * day + 4, 4 * day), ("17:00", 4 * day + 4, 4 * day + 4)]
        for (clock, come, go), (until, *_) in pairwise([*moved, ("23:00", 0, 0)]):
            for metric, value in (("Entries/Total", come), ("Exits/Total", go)):
                told = every(metric, value, clock, until)[:-1]
                readings += [replace(item, time=item.time + day * DAY_MS) for item in told]
        said.append(Calibration("room", at("11:00:20") + day * DAY_MS, children=6, staff=None, by="佐藤"))
    week = Played(FLOW, readings, said, until=f"{6 * 24}:00")
    names = {finding.name: finding for finding in week.advanced.findings}
    assert set(names) == {FindingName.MANY_MISSED}
    assert names[FindingName.MANY_MISSED].since == at(f"{4 * 24 + 4}:00")
    sure, doubted = ([f"{24 * day + hour}:50" for hour in (10, 11, 12)] for day in (3, 4))
    assert week.completeness(*sure) == [100, 100, 100]
    assert week.completeness(*doubted) == [pytest.approx(share, abs=2) for share in (1, 50, 1)], "of the last hour"
    assert week.children(f"{24 * 4 + 12}:50") == [6], "the number stays, and the completeness says what it is worth"


def test_people_who_came_in_elsewhere_turn_nothing_round() -> None:
    moves = [("08:30", 0, 1), ("08:35", 0, 1), ("08:40", 0, 1), ("09:00", 8, 0), ("17:00", 0, 8)]
    day = Played(FLOW, door(("07:00", 0, 0), *moves))
    assert day.people("08:45", "09:05", "12:00", "16:55", "17:05", "20:00") == [0, 8, 8, 8, 0, 0]
    assert "swapped" not in day.kinds()


def test_a_turned_sensor_is_told_by_whoever_counts() -> None:
    swapped = door(("07:00", 0, 0), ("08:30", 0, 2), ("09:10", 0, 6), ("11:00", 1, 2), ("16:00", 3, 0), ("17:00", 6, 0))
    said = [Calibration("room", at("10:00:20"), children=6, staff=None, by="佐藤")]
    day = Played(FLOW, swapped, said)
    assert day.people("09:20", "10:02", "11:30", "16:30", "17:30") == [0, 8, 9, 6, 0]
    assert "swapped" in day.kinds()


def test_another_door_is_a_finding_and_ends() -> None:
    """Five people come by another door and leave by this one, five days; then the other door is shut."""
    derivation, state, readings = RoomOccupancy(timetable(FLOW)), None, []
    entries = exits = 0
    for day in range(13):
        for clock, come, go in (("08:00", 0, 0), ("09:00", 8, 0), ("17:00", 0, 13 if day < 6 else 8)):
            entries, exits = entries + come, exits + go
            time = at(clock) + day * DAY_MS
            readings += [Reading("room", "Entries/Total", time, entries), Reading("room", "Exits/Total", time, exits)]
    state = derivation.start(at("00:00"))
    told = []
    for day in range(14):
        begin = at("00:00") + day * DAY_MS
        found = derivation.advance(state, [r for r in readings if begin < r.time <= begin + DAY_MS], [], begin + DAY_MS)
        state = found.state
        told.append([(item.name.value, item.until is None) for item in found.findings])
    assert told[4] == []
    assert told[5] == told[10] == [("more_leave", True)]
    assert told[11] == [("more_leave", False)]
    assert told[12] == []
