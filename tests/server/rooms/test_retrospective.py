"""What a correction says about the time before it."""

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.retrospective import of_channel, seen_after
from tests.server.rooms.example_room import at

K = CorrectionKind


def series(*told: tuple[str, float]) -> list[Point]:
    return [Point(at(clock), value, Quality.GOOD) for clock, value in told]


def correction(
    clock: str, before: int | None, after: int | None, kind: K = K.EMPTY, channel: str = "people"
) -> Correction:
    return Correction("room", at(clock), kind, channel, before, after)


def held(points: list[Point], clock: str) -> float:
    return float([point.value for point in points if point.time <= at(clock)][-1] or 0)


DAY = series(
    ("09:00", 2), ("09:05", 4), ("09:15", 4), ("12:00", 3), ("12:10", 3), ("17:00", 1), ("17:10", 1), ("17:20", 0)
)


def test_one_too_many_is_taken_off_from_the_median_movement_on() -> None:
    seen = seen_after(DAY, [correction("17:20", 1, 0)])
    assert [held(seen, clock) for clock in ("09:10", "12:05", "17:05", "17:20")] == [4, 2, 0, 0]


def test_one_too_few_is_added_before_a_clamp() -> None:
    seen = seen_after(DAY, [correction("17:20", -1, 0, K.CLAMPED)])
    assert [held(seen, clock) for clock in ("09:10", "12:05", "17:05", "17:20")] == [4, 4, 2, 0]


def test_who_came_in_elsewhere_was_in_before_and_not_for_the_rest_of_the_day() -> None:
    points = series(("08:00", 0), ("09:00", 8), ("12:00", 8), ("17:00", 0))
    seen = seen_after(points, [correction(clock, -1, 0, K.CLAMPED) for clock in ("08:30", "08:35", "08:40")])
    assert [held(seen, clock) for clock in ("09:00", "12:00", "17:00")] == [8, 8, 0]


def test_exits_from_an_empty_room_in_the_evening_are_of_the_whole_day() -> None:
    """Four come in unseen in the course of the day; each of the last four to leave shows one of them."""
    come = series(*[(f"{hour:02d}:00", hour - 8.0) for hour in range(9, 17)])
    go = series(*[(f"17:{minute:02d}", 7.0 - minute) for minute in range(8)], ("17:20", 0))
    clamps = [correction(f"17:{minute}:00", -1, 0, K.CLAMPED) for minute in range(11, 15)]
    seen = seen_after([*come, *go], clamps)
    assert [held(seen, clock) for clock in ("09:00", "12:00", "16:00")] == [1, 6, 12], "they came when others came"
    assert held(seen, "17:14") == 0


def test_who_is_left_in_the_evening_day_after_day_went_when_others_went() -> None:
    come = series(("08:00", 0), *[(f"09:{minute:02d}", minute + 1.0) for minute in range(12)])
    go = series(*[(f"{hour:02d}:00", 23.0 - hour) for hour in range(12, 20)])
    seen = seen_after([*come, *go], [correction("20:00", 4, 0)])
    assert [held(seen, clock) for clock in ("09:30", "12:30", "16:30", "19:30")] == [12, 11, 5, 0]


def test_a_count_in_a_gap_says_how_many_there_are_and_not_how_many_were_missed() -> None:
    in_gap = correction("13:00", None, 3, K.ENTERED)
    seen = seen_after(DAY, [in_gap, correction("17:20", 1, 0)])
    assert [held(seen, clock) for clock in ("09:30", "12:30", "17:05")] == [4, 3, 0]


def test_what_a_frozen_count_said_is_not_known() -> None:
    seen = seen_after(DAY, [correction("14:00", 3, 9, K.FROZEN)])
    assert [point for point in seen if at("12:10") <= point.time < at("14:00")] == []
    assert held(seen, "12:05") == 3
    assert held(seen, "17:05") == 1


def test_the_remainder_of_a_night_is_spread_over_the_day_before() -> None:
    yesterday = [Point(point.time - DAY_MS, point.value, Quality.GOOD) for point in DAY[:-1]]
    points = [*yesterday, Point(at("01:00"), 1.0, Quality.GOOD), Point(at("04:00"), 0.0, Quality.GOOD), *DAY]
    seen = seen_after(points, [correction("04:00", 1, 0, K.RESET)])
    before = [(point.time + DAY_MS, point.value) for point in seen if point.time < at("00:00")]
    assert [[value for time, value in before if time <= at(clock)][-1] for clock in ("09:10", "12:05", "17:15")] == [
        4,
        2,
        0,
    ]
    assert held(seen, "01:00") == 0
    assert seen[-len(DAY) :] == DAY, "and the next day is as it was"


def test_of_a_day_after_which_the_sensor_is_turned_nothing_is_known() -> None:
    seen = seen_after(DAY, [correction("17:25", 6, 0, K.SWAPPED), correction("17:25", 6, 0)])
    assert [(point.time, point.value) for point in seen] == [(at("17:25"), 0.0)]


def test_what_was_known_to_be_right_stays() -> None:
    entered = correction("13:00", 3, 3, K.ENTERED)
    seen = seen_after(DAY, [entered, correction("17:20", 1, 0)])
    assert [held(seen, clock) for clock in ("12:05", "17:05")] == [3, 0]


def test_a_count_that_is_put_right_within_two_minutes_says_nothing_wrong_of_before() -> None:
    slip = [correction("13:00:20", 3, 4, K.ENTERED), correction("13:01:20", 4, 3, K.ENTERED)]
    points = sorted([*DAY, *series(("13:01", 4), ("13:02", 3))], key=lambda point: point.time)
    seen = seen_after(points, slip)
    assert [held(seen, clock) for clock in ("09:10", "12:05", "12:50", "13:02")] == [4, 3, 3, 3]


def test_gaps_and_counts_that_agreed_say_nothing_of_before() -> None:
    for kind in (K.SOURCE, K.AGREED, K.REPLACED):
        assert seen_after(DAY, [correction("17:20", 4, 0, kind)]) == DAY
    assert seen_after(DAY, [correction("17:20", None, 3)]) == DAY


def test_children_that_follow_from_people_are_put_right_with_them() -> None:
    people = [correction("13:00", 5, 6, K.ENTERED), correction("17:20", 1, 0)]
    said = correction("13:00", 3, 4, K.ENTERED, "children")
    assert of_channel([*people, said], "children") == people
    own = correction("17:00", -1, 0, K.CLAMPED, "children")
    assert of_channel([*people, said, own], "children") == [said, own]
    assert of_channel([*people, said, own], "people") == people
    assert of_channel([said], "children") == [said]


@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 9)), min_size=1, max_size=20, unique_by=lambda item: item[0]
    ),
    st.lists(st.tuples(st.integers(1, 600), st.integers(-3, 5), st.integers(0, 5)), max_size=5),
)
def test_after_the_last_correction_nothing_changes_and_nothing_is_negative(
    told: list[tuple[int, int]], corrections: list[tuple[int, int, int]]
) -> None:
    points = [Point(at("08:00") + minute * MINUTE_MS, float(value), Quality.GOOD) for minute, value in sorted(told)]
    found = [
        Correction("room", at("08:00") + minute * MINUTE_MS, K.EMPTY, "people", before, after)
        for minute, before, after in corrections
    ]
    seen = seen_after(points, found)
    last = max((item.time for item in found), default=0)
    assert [point for point in seen if point.time > last] == [point for point in points if point.time > last]
    assert all(isinstance(point.value, float) and point.value >= 0 for point in seen)
    assert [point.time for point in seen] == sorted({point.time for point in seen})
    assert {point.time for point in points} <= {point.time for point in seen}
