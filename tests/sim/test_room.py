from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.time import day_number
from sukusuku_sim import room as rooms
from sukusuku_sim.room import EATING, PLAY, Room, RoomEvent, RoomParameters

MIDNIGHT = 1_776_178_800_000  # Wednesday 2026-04-15, 0:00 in Japan
MINUTE = 60_000
PARAMETERS = RoomParameters(capacity=8)


def day_of(seed: int, start: int = MIDNIGHT, parameters: RoomParameters = PARAMETERS) -> list[Room]:
    """The room at the end of every minute of a day."""
    rng, room, seen = Random(seed), Room(), []
    for minute in range(1440):
        room, _ = rooms.step(room, parameters, start + minute * MINUTE, 60, rng)
        seen.append(room)
    return seen


@settings(max_examples=15)
@given(seed=st.integers(0, 100_000), weekday=st.integers(0, 6))
def test_people_and_children_add_up_at_every_moment(seed: int, weekday: int) -> None:
    before = Room()
    for room in day_of(seed, MIDNIGHT + weekday * 86_400_000):
        assert room.people_in - room.people_out == room.people
        assert room.children_in - room.children_out == len(room.children) <= PARAMETERS.capacity
        assert room.people_at(EATING) + room.people_at(PLAY) == room.people
        assert room.children_at(EATING) + room.children_at(PLAY) == len(room.children)
        for zone in (EATING, PLAY):
            assert room.people_at(zone) >= room.children_at(zone)
            assert room.people_at(zone) > room.children_at(zone) or not room.children_at(zone)
        assert room.people_in >= before.people_in
        assert room.children_out >= before.children_out
        before = room


def test_the_room_is_used_in_opening_hours_and_empty_at_night() -> None:
    seen = day_of(1)

    assert {room.people for room in seen[: 9 * 60 - 1]} == {0}
    assert {room.people for room in seen[18 * 60 :]} == {0}
    assert max(len(room.children) for room in seen) >= 4
    assert min(room.staff for room in seen[9 * 60 : 17 * 60]) == 2


def test_nobody_comes_on_sunday() -> None:
    assert {room.people for room in day_of(1, MIDNIGHT + 4 * 86_400_000)} == {0}


def test_children_eat_at_meal_time_and_play_otherwise() -> None:
    full = RoomParameters(capacity=12, popularity=1.5)
    seen = day_of(2, parameters=full)

    def share(minute: int) -> float:
        room = seen[minute]
        return room.children_at(EATING) / len(room.children)

    assert share(12 * 60 + 10) > 0.8
    assert share(11 * 60) < 0.3
    assert share(14 * 60) < 0.3


def test_no_hour_is_booked_beyond_the_capacity() -> None:
    greedy = RoomParameters(capacity=5, popularity=2)
    stays = rooms.book(greedy, day_number(MIDNIGHT), Random(1))

    assert len(stays) > 5
    for minute in range(1440):
        now = MIDNIGHT + minute * MINUTE
        assert sum(1 for stay in stays if stay.arrives <= now < stay.leaves) <= 5


def test_a_crowd_goes_beyond_the_capacity_and_goes_away_again() -> None:
    noon = MIDNIGHT + 12 * 60 * MINUTE
    room, events = rooms.crowd(Room(day=day_number(noon)), PARAMETERS, noon, 9, 20)

    assert len(room.children) == room.children_in == 9
    assert events.count(RoomEvent.OVER_CAPACITY) == 1
    assert room.staff == 2

    later, events = rooms.step(room, PARAMETERS, noon, 20 * 60, Random(1))
    assert (len(later.children), later.children_out, events) == (0, 9, (RoomEvent.LEFT,) * 9)


def test_the_same_seed_gives_the_same_day() -> None:
    assert day_of(7) == day_of(7)
    assert day_of(7) != day_of(8)


def test_a_counter_that_overlooks_people_changes_nobody_else() -> None:
    def day(overlooked: float) -> list[Room]:
        rng, room, seen = Random(3), Room(), []
        parameters = replace(PARAMETERS, overlooked=overlooked)
        for minute in range(1440):
            room, _ = rooms.step(room, parameters, MIDNIGHT + minute * MINUTE, 60, rng)
            seen.append(room)
        return seen

    true, counted, blind = day(0.0), day(0.3), day(1.0)
    assert [room.children for room in counted] == [room.children for room in true]
    assert 0 < counted[-1].people_in < true[-1].people_in
    assert 0 < counted[-1].children_out < true[-1].children_out
    assert (blind[-1].people_in, blind[-1].children_out) == (0, 0)


def day_by(parameters: RoomParameters = PARAMETERS) -> list[Room]:
    rng, room, seen = Random(3), Room(), []
    for minute in range(1440):
        room, _ = rooms.step(room, parameters, MIDNIGHT + minute * MINUTE, 60, rng)
        seen.append(room)
    return seen


@pytest.mark.parametrize("door", [replace(PARAMETERS, elsewhere=0.4), replace(PARAMETERS, carried=0.4)])
def test_who_comes_by_another_door_or_is_carried_in_is_counted_on_leaving_only(door: RoomParameters) -> None:
    true, counted = day_by()[-1], day_by(door)[-1]
    assert counted.people_out == true.people_out
    assert counted.children_out == true.children_out
    hidden = true.children_in - counted.children_in
    assert 0 < hidden < true.children_in
    assert true.people_in - counted.people_in == hidden


def test_a_gate_that_is_propped_open_counts_less_while_it_is() -> None:
    true, counted = day_by(), day_by(replace(PARAMETERS, propped=1.0, propped_open=(9 * 60, 12 * 60)))
    during = [minute for minute in range(1440) if 9 * 60 <= minute + 1 < 12 * 60]
    passed = [
        [day[n].people_in + day[n].people_out - day[n - 1].people_in - day[n - 1].people_out for n in range(1, 1440)]
        for day in (true, counted)
    ]
    assert sum(passed[0][n - 1] for n in during) > 0
    assert sum(passed[1][n - 1] for n in during) == 0
    assert [passed[1][n - 1] for n in range(1, 1440) if n not in during] == [
        passed[0][n - 1] for n in range(1, 1440) if n not in during
    ]


def test_a_motion_sensor_tells_pulses_and_only_of_people() -> None:
    pir = replace(PARAMETERS, motion=0.3)
    times = range(MIDNIGHT, MIDNIGHT + 600 * MINUTE, rooms.LOOK_MS)
    seen = [rooms.detected(2, pir, time) for time in times]
    assert 0.25 < sum(seen) / len(seen) < 0.35
    assert not any(rooms.detected(0, pir, time) for time in times)
    assert all(rooms.detected(1, PARAMETERS, time) for time in times)
