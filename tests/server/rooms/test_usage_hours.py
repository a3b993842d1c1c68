"""A room in hindsight: children who are people less staff."""

from sukusuku_core.model import Quality
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.usage_hours import in_hindsight
from tests.server.rooms.example_room import at

K = CorrectionKind


def every_ten_minutes(*told: tuple[str, float]) -> list[Point]:
    times = [at(clock) for clock, _ in told]
    return [
        Point(time, told[n][1], Quality.GOOD)
        for n in range(len(told))
        for time in range(times[n], times[n + 1] if n + 1 < len(told) else times[n] + 1, 600_000)
    ]


SERIES = {
    "Occupancy/Corrected": every_ten_minutes(("09:00", 3), ("10:00", 4), ("12:00", 0), ("15:00", 0), ("16:00", 0)),
    "Occupancy/ChildrenCorrected": every_ten_minutes(("09:00", 0), ("10:00", 1), ("12:00", 0), ("16:00", 0)),
    "Occupancy/StaffAssumed": every_ten_minutes(("09:00", 3), ("15:00", 2), ("16:00", 0)),
}
"""Three of staff; five children are in from 10 to 12 and two of them until 16; four came by another door."""
LEFT = [Correction("room", at(clock), K.CLAMPED, "people", -1, 0) for clock in ("15:30", "15:31", "15:32", "15:33")]


def held(points: list[Point], clock: str) -> float:
    return float([point.value for point in points if point.time <= at(clock)][-1] or 0)


def test_fewer_people_than_staff_were_counted_because_as_many_were_missed() -> None:
    seen = in_hindsight("children", lambda metric: SERIES[metric], LEFT, at("00:00"))
    assert [held(seen, clock) for clock in ("10:30", "12:30", "15:10")] == [5, 1, 2]
    assert [point.time for point in seen] == sorted({point.time for point in seen})


def test_children_with_a_sensor_of_their_own_are_what_it_says() -> None:
    own = [Correction("room", at("15:00"), K.AGREED, "children", 0, 0)]
    seen = in_hindsight("children", lambda metric: SERIES[metric], [*LEFT, *own], at("00:00"))
    assert seen == SERIES["Occupancy/ChildrenCorrected"]
    without = {**SERIES, "Occupancy/StaffAssumed": []}
    assert held(in_hindsight("children", lambda metric: without[metric], LEFT, at("00:00")), "12:30") == 4, "as before"
