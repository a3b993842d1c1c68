"""A room's count through a day: sources, gaps, staff, and every way in which drift is put right."""

from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_server.model.collection import Calibration, Correction, CorrectionKind
from sukusuku_server.rooms.derivation import RoomOccupancy, RoomState
from tests.server.rooms.example_room import FLOW, SHIFT, Played, at, door, every, timetable

ORDINARY = door(("07:00", 0, 0), ("08:30", 2, 0), ("09:10", 3, 0), ("11:00", 2, 1), ("16:00", 0, 3), ("17:00", 0, 3))


def test_people_children_and_utilisation_over_a_day() -> None:
    day = Played(FLOW, ORDINARY)
    assert day.people("07:30", "08:40", "09:15", "11:30", "16:30", "17:30") == [0, 2, 5, 6, 3, 0]
    assert day.children("07:30", "08:40", "09:15", "11:30", "16:30", "17:30") == [0, 0, 3, 4, 1, 0]
    assert day.value("Occupancy/Limit", "11:30") == 10
    assert day.value("Occupancy/Utilisation", "11:30") == 40
    assert day.corrections == ()


def test_points_lie_on_whole_minutes_and_are_refreshed_while_open() -> None:
    points = [p for p in Played(FLOW, ORDINARY).advanced.points if p.metric == "Occupancy/ChildrenCorrected"]
    assert all(point.time % MINUTE_MS == 0 for point in points)
    opened = [point.time for point in points if at("09:00") <= point.time < at("18:00")]
    assert opened[0] == at("09:00")
    assert all(b - a <= 15 * MINUTE_MS for a, b in zip(opened, [*opened[1:], at("18:00")], strict=True))


def test_a_silent_hour_is_a_gap_and_no_zero() -> None:
    quiet = [item for item in ORDINARY if not at("12:00") < item.time < at("13:30")]
    day = Played(FLOW, quiet)
    assert day.completeness("11:50", "12:05", "12:10", "12:15", "13:00", "13:35")[0] == 100
    assert day.value("Occupancy/Completeness", "12:09") not in {0, 100}
    assert day.completeness("12:12", "13:29") == [0, 0]
    known = [p.time for p in day.advanced.points if p.metric == "Occupancy/ChildrenCorrected"]
    assert not [time for time in known if at("12:12") <= time < at("13:30")]
    assert day.children("13:31") == [4], "the counters have not forgotten"
    gaps = [item for item in day.corrections if item.kind is CorrectionKind.SOURCE and item.channel == "people"]
    assert [(item.before, item.after, item.detail) for item in gaps] == [(6, None, "flow > -"), (None, 6, "- > flow")]
    after = day.value("Occupancy/Completeness", "13:40")
    assert after is not None
    assert 0 < after < 60


def test_failed_readings_are_missing_samples() -> None:
    counting = '[site.room.counting]\npeople = ["count"]\nstaff = "none"\nsample_seconds = 300\n'
    readings = every("Occupancy/Count", 4, "09:00", "10:00") + [
        item
        for clock in range(at("10:05"), at("12:00"), 5 * MINUTE_MS)
        for item in (
            Reading("room", "Occupancy/Count", clock, None, Quality.BAD),
            Reading("room", "Occupancy/Count", clock + 1000, 65_535),
            Reading("room", "Occupancy/Count", clock + 2000, 255),
            Reading("room", "Occupancy/Count", clock + 3000, "read failed"),
            Reading("room", "Occupancy/Count", clock + 4000, 3, Quality.STALE),
            Reading("room", "Occupancy/Count", clock + 5000, 900),
        )
    ]
    day = Played(counting, readings)
    assert day.people("10:04") == [4]
    assert day.completeness("10:20", "11:59") == [0, 0]


def test_the_first_source_that_is_not_silent_leads() -> None:
    counting = (
        SHIFT + '[site.room.counting]\npeople = ["count", "zones", "flow"]\nsample_seconds = 300\nstay_hours = 24\n'
    )
    readings = ORDINARY + every("Occupancy/Count", 7, "09:15", "10:30") + every("Zones/eat/Count", 1, "10:00", "11:00")
    readings += every("Zones/run/Count", 5, "10:00", "11:00")
    day = Played(counting, readings)
    assert day.people("09:14", "09:16", "10:50", "11:55") == [5, 7, 6, 6 + 1]
    assert [item.detail for item in day.corrections if item.channel == "people"] == [
        "flow > count",
        "count > zones",
        "zones > flow",
    ]
    assert day.value("Zones/eat/Corrected", "10:30") == 1


def test_children_from_sensors_that_tell_children() -> None:
    counting = '[site.room.counting]\nsample_seconds = 300\nchildren = ["flow", "zones"]\n'
    readings = every("Zones/eat/Children", 2, "09:00", "11:00") + every("Zones/run/Children", 3, "09:00", "11:00")
    readings += every("Entries/Children", 0, "10:00", "12:00") + every("Exits/Children", 0, "10:00", "12:00")
    day = Played(counting, readings)
    assert day.children("09:30", "10:30") == [5, 5]
    assert day.people("10:30") == [None], "nobody counts the people"


def test_staff_by_badges() -> None:
    counting = '[site.room.counting]\npeople = ["flow"]\nstaff = "badges"\nsample_seconds = 300\n'
    day = Played(counting, ORDINARY + every("Occupancy/Staff", 1, "09:00", "12:00"))
    assert day.children("11:30") == [5]
    assert day.completeness("12:30") == [0], "without badges children are not told from people"
    assert day.people("12:30") == [6]


def test_without_staff_in_the_settings_people_are_no_children() -> None:
    day = Played('[site.room.counting]\npeople = ["flow"]\nsample_seconds = 300\n', ORDINARY)
    assert day.people("11:30") == [6]
    assert day.children("11:30") == [None]


def test_presence_alone_is_one_person() -> None:
    counting = '[site.room.counting]\npeople = ["presence"]\nstaff = "none"\nsample_seconds = 300\n'
    presence = every("Zones/eat/Presence", value=True, first="09:00", last="10:00")
    day = Played(counting, presence + every("Zones/eat/Presence", value=False, first="10:05", last="12:00"))
    assert day.people("09:30", "10:30") == [1, 0]


LEFT_OVER = door(("07:00", 0, 0), ("08:30", 2, 0), ("09:10", 3, 0), ("17:00", 0, 4))


def test_the_room_is_reset_at_its_time_and_not_before() -> None:
    later = (
        SHIFT + '[site.room.counting]\npeople = ["flow"]\nsample_seconds = 300\nstay_hours = 24\nreset_at = "22:30"\n'
    )
    day = Played(later, LEFT_OVER)
    assert day.people("22:29", "22:30") == [1, 0]
    (event,) = [item for item in day.corrections if item.channel == "people"]
    assert (event.kind, event.time, event.before, event.after) == (CorrectionKind.RESET, at("22:30"), 1, 0)


def test_confirmed_emptiness_puts_drift_right() -> None:
    presence = every("Presence", value=True, first="08:30", last="17:00")
    presence += every("Presence", value=False, first="17:02", last="23:00")
    day = Played(FLOW, LEFT_OVER + presence)
    assert day.people("17:11", "17:12") == [1, 0]
    assert day.kinds() == ["empty"]


def test_sleeping_children_are_not_taken_for_an_empty_room() -> None:
    presence = every("Presence", value=True, first="08:30", last="12:40")
    presence += every("Presence", value=False, first="12:45", last="14:40")
    presence += every("Presence", value=True, first="14:45", last="17:00")
    day = Played(FLOW, LEFT_OVER + presence)
    assert day.people("14:00") == [5]
    day = Played(FLOW, door(("07:00", 0, 0), ("08:30", 8, 0), ("12:40", 0, 1)) + presence)
    assert day.people("14:00") == [7], "one went out, but seven cannot be drift"


def test_one_presence_sensor_that_still_sees_somebody_is_enough() -> None:
    presence = every("Presence", value=False, first="08:30", last="23:00")
    day = Played(FLOW, LEFT_OVER + presence + every("Zones/run/Presence", value=True, first="08:30", last="23:00"))
    assert day.people("20:00") == [1]
    patient = FLOW + "empty_after = 900\n"
    silent = Played(patient, LEFT_OVER + every("Presence", value=False, first="16:58", last="17:01"))
    assert silent.people("20:00") == [1], "a sensor that has fallen silent confirms nothing"


def test_a_count_of_staff_is_a_calibration_point() -> None:
    said = Calibration("room", at("12:00:20"), children=2, staff=None, by="佐藤")
    day = Played(FLOW, ORDINARY, [said])
    assert day.children("12:00", "12:01", "15:00", "16:30") == [4, 2, 2, 0]
    assert day.people("12:01") == [4]
    events = {item.channel: item for item in day.corrections if item.kind is CorrectionKind.ENTERED}
    assert (events["children"].before, events["children"].after) == (4, 2)
    assert (events["people"].before, events["people"].after) == (6, 4)


@pytest.mark.parametrize(("arrives", "then"), [("12:01", 6), ("12:03", 7)])
def test_who_was_counted_by_staff_a_moment_before_the_counter_told_is_counted_once(arrives: str, then: int) -> None:
    totals = door(("07:00", 0, 0), ("08:30", 2, 0), ("09:10", 3, 0), (arrives, 1, 0), ("17:00", 0, 6))
    day = Played(FLOW, totals, [Calibration("room", at("12:00:20"), children=4, staff=None, by="佐藤")])
    assert day.people("12:00", "12:10") == [5, then]
    entered = [item for item in day.corrections if (item.kind, item.channel) == (CorrectionKind.ENTERED, "people")]
    assert [(item.before, item.after) for item in entered] == [(5, 6), (7, 6)][: 1 + (then == 6)]


def test_who_came_while_the_counters_were_silent_is_not_counted_twice() -> None:
    silent = [item for item in ORDINARY if not at("10:00") < item.time < at("13:30")]
    said = Calibration("room", at("12:00"), children=4, staff=None, by="佐藤")
    day = Played(FLOW, silent, [said])
    assert day.people("09:30", "13:32", "16:30", "17:30") == [5, 6, 3, 0]


@pytest.mark.parametrize(("counts_on", "then"), [(True, 2), (False, 6)])
def test_whom_counters_counted_while_they_were_not_heard_is_counted_once(counts_on: bool, then: int) -> None:  # noqa: FBT001 - a column
    """Five are in at 11:00; three come and six go until 13:30; at 12:00 staff count six, with two of their own."""
    meanwhile = [("11:30", 3, 0), ("12:30", 0, 6)] if counts_on else []
    totals = door(("07:00", 0, 0), ("08:30", 2, 0), ("09:10", 3, 0), *meanwhile, ("17:00", 0, 2))
    heard = [item for item in totals if not at("11:00") < item.time < at("13:30")]
    day = Played(FLOW, heard, [Calibration("room", at("12:00"), children=4, staff=None, by="佐藤")])
    assert day.people("10:50", "13:32", "17:02") == [5, then, then - 2]


def test_a_count_that_stood_still_and_jumps_was_frozen() -> None:
    counting = '[site.room.counting]\nstaff = "none"\nsample_seconds = 300\n'
    frozen = every("Occupancy/Count", 0, "08:30", "11:00") + every("Occupancy/Count", 7, "11:05", "24:00")
    assert Played(counting, frozen).kinds() == ["frozen"]
    came = every("Occupancy/Count", 0, "08:30", "11:00") + every("Occupancy/Count", 3, "11:05", "24:00")
    shortly = every("Occupancy/Count", 1, "10:30", "11:00") + every("Occupancy/Count", 7, "11:05", "24:00")
    silent = every("Occupancy/Count", 0, "08:30", "10:30") + every("Occupancy/Count", 7, "11:05", "24:00")
    assert [Played(counting, readings).kinds() for readings in (came, shortly, silent)] == [[], [], ["source"] * 2]


def test_staff_that_are_taken_off_are_told_beside_the_people() -> None:
    day = Played(FLOW, ORDINARY)
    assert [day.value("Occupancy/StaffAssumed", clock) for clock in ("07:30", "11:30", "18:30")] == [0, 2, 0]


def test_a_count_of_staff_holds_until_an_absolute_source_says_something_new() -> None:
    counting = '[site.room.counting]\nstaff = "none"\nsample_seconds = 300\n'
    readings = every("Occupancy/Count", 5, "09:00", "11:00") + every("Occupancy/Count", 6, "11:05", "12:00")
    day = Played(counting, readings, [Calibration("room", at("10:00"), children=4, staff=0, by="佐藤")])
    assert day.people("09:59", "10:01", "10:50", "11:08") == [5, 4, 4, 6]


def test_counts_that_contradict_the_door_put_it_right() -> None:
    zones = every("Zones/eat/Count", 3, "09:15", "16:00", 1) + every("Zones/run/Count", 3, "09:15", "16:00", 1)
    day = Played(FLOW, door(("07:00", 0, 0), ("08:30", 2, 0), ("09:10", 3, 0)) + zones)
    assert day.people("09:20", "09:40") == [5, 6]
    assert day.kinds() == ["agreed"]


def test_counts_that_flicker_or_are_stuck_put_nothing_right() -> None:
    noise = Random(3)
    zones = every("Zones/eat/Count", 2, "09:15", "16:00", 1)
    zones += [
        Reading("room", "Zones/run/Count", time, 3 - (noise.random() < 0.15))
        for time in range(at("09:15"), at("16:00"), MINUTE_MS)
    ]
    flow = door(("07:00", 0, 0), ("08:30", 2, 0), ("09:10", 3, 0))
    assert Played(FLOW, flow + zones).kinds() == []
    stuck = every("Zones/eat/Count", 2, "09:15", "16:00", 1) + every("Zones/run/Count", 3, "09:15", "16:00", 1)
    moved = door(("07:00", 0, 0), ("08:30", 2, 0), ("09:10", 3, 0), ("10:00", 1, 0), ("10:01", 1, 0), ("10:02", 2, 0))
    assert "agreed" not in Played(FLOW, moved + stuck).kinds()


def test_nobody_stays_longer_than_anybody_does() -> None:
    counting = SHIFT + '[site.room.counting]\npeople = ["flow"]\nsample_seconds = 300\nstay_hours = 8\n'
    day = Played(counting, LEFT_OVER)
    assert day.people("16:30", "16:31", "17:30") == [5, 3, 0]
    assert day.kinds()[0] == "timed_out"


def separately(
    totals: list[tuple[str, int, int]], shift: str, silent: tuple[int, int], *, exits_first: bool = False
) -> list[Reading]:
    """Totals as two readings apart by MM:SS, each told again every 15 minutes, except within a silence (UTC ms)."""
    late = at(f"0:{shift}") - at("0:00")
    found = []
    for metric, column, lag in (
        ("Entries/Total", 1, late if exits_first else 0),
        ("Exits/Total", 2, 0 if exits_first else late),
    ):
        for n, row in enumerate(totals):
            end = totals[n + 1][0] if n + 1 < len(totals) else "24:00"
            found += [
                Reading("room", metric, time + lag, row[column])
                for time in range(at(row[0]), at(end), 15 * MINUTE_MS)
                if not silent[0] <= time + lag < silent[1]
            ]
    return found


AFTER_SILENCE = SHIFT + '[site.room.counting]\npeople = ["flow"]\nsample_seconds = 900\n'


@pytest.mark.parametrize("exits_first", [False, True])
def test_after_a_silence_entries_are_not_believed_before_exits(exits_first: bool) -> None:  # noqa: FBT001 - a column
    day = [("07:00", 0, 0), ("08:50", 2, 0), ("09:10", 9, 0), ("12:30", 19, 10), ("14:40", 22, 14), ("17:30", 22, 22)]
    readings = separately(day, "8:00", (at("11:00"), at("15:05")), exits_first=exits_first)
    played = Played(AFTER_SILENCE, readings)
    seen = [p.value for p in played.advanced.points if p.metric == "Occupancy/Corrected"]
    assert max(value for value in seen if isinstance(value, float)) == 9, "and not 9 and those who came meanwhile"
    assert played.people("10:50", "15:30", "18:00") == [9, 8, 0]
    assert set(played.completeness("15:05", "15:09")) == {0}, "nothing is known before both are heard"
    assert "clamped" not in played.kinds()


@pytest.mark.parametrize("exits_first", [False, True])
def test_weeks_of_silence_end_with_those_who_are_in(exits_first: bool) -> None:  # noqa: FBT001 - a column
    before = [("07:00", 0, 0), ("08:50", 7, 0)]
    after = [("08:50", 312, 300), ("17:30", 312, 312)]
    weeks = 28 * DAY_MS
    readings = separately(before, "8:00", (at("12:00"), at("24:00")), exits_first=exits_first)
    readings += [
        Reading("room", item.metric, item.time + weeks, item.value)
        for item in separately(after, "8:00", (at("00:00"), at("12:00")), exits_first=exits_first)
    ]
    derivation = RoomOccupancy(timetable(AFTER_SILENCE))
    readings.sort(key=lambda item: item.time)
    found = derivation.advance(derivation.start(at("00:00")), readings, [], at("24:00") + weeks)
    people = [(p.time - weeks, p.value) for p in found.points if p.metric == "Occupancy/Corrected"]
    of_last_day = [value for time, value in people if time >= at("00:00")]
    assert of_last_day[0] == 12
    assert max(value for value in of_last_day if isinstance(value, float)) == 12
    assert of_last_day[-1] == 0
    assert {item.kind.value for item in found.corrections if item.time > at("24:00") + DAY_MS} == {"source"}


def test_a_counter_alone_is_a_gap() -> None:
    readings = [item for item in ORDINARY if item.metric == "Entries/Total" or item.time < at("10:00")]
    day = Played(FLOW, readings)
    assert day.completeness("09:55", "12:00") == [100, 0]
    assert max(value for value in day.people("09:30", "11:30", "16:30", "20:00") if value is not None) == 5


def test_the_state_can_be_stored() -> None:
    day = Played(FLOW, ORDINARY, [Calibration("room", at("12:00"), 2, None, "佐藤")], until="12:30")
    stored = msgspec.msgpack.encode(day.advanced.state)
    assert msgspec.msgpack.decode(stored, type=RoomState) == day.advanced.state


@st.composite
def days(draw: st.DrawFn) -> list[Reading]:
    """Any readings in any order of metrics."""
    metrics = st.sampled_from(
        [
            *("Entries/Total", "Exits/Total", "Entries/Children", "Exits/Children"),
            *("Occupancy/Count", "Occupancy/Children", "Occupancy/Staff"),
            *("Zones/eat/Count", "Zones/run/Count", "Presence", "Zones/run/Presence"),
        ]
    )
    found = draw(st.lists(st.tuples(st.integers(0, 1440 * 60 - 1), metrics, st.integers(0, 70)), max_size=60))
    return sorted(
        (
            Reading("room", metric, at("00:00") + 1 + second * 1000, value % 2 == 1 if "Presence" in metric else value)
            for second, metric, value in found
        ),
        key=lambda item: item.time,
    )


@settings(max_examples=40)
@given(days(), st.lists(st.integers(1, 86_399_999), max_size=6), st.integers(0, 86_399))
def test_a_day_in_pieces_is_the_day_at_once(readings: list[Reading], cuts: list[int], second: int) -> None:
    derivation = RoomOccupancy(timetable(FLOW + 'children = ["flow", "count", "people"]\n'))
    begin, until = at("00:00"), at("24:00")
    said = [Calibration("room", begin + 1 + second * 1000, 3, 2, "佐藤")]
    whole = derivation.advance(derivation.start(begin), readings, said, until)
    state = derivation.start(begin)
    points: list[Reading] = []
    corrections: list[Correction] = []
    edges = [begin, *sorted({begin + cut for cut in cuts}), until]
    for after, to in pairwise(edges):
        part = derivation.advance(
            state, [r for r in readings if after < r.time <= to], [c for c in said if after < c.time <= to], to
        )
        state = part.state
        points += part.points
        corrections += part.corrections
    assert (tuple(points), tuple(corrections), state) == (whole.points, whole.corrections, whole.state)
    assert all(isinstance(p.value, float) and p.value >= 0 for p in points)
    assert all((c.after or 0) >= 0 for c in corrections)
