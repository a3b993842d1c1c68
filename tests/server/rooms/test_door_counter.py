"""Entries less exits, with counters that misbehave in every known way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.model.collection import CorrectionKind
from sukusuku_server.rooms.door_counter import WRAP, Counter, Flow, believed, counted, put, rise, timed_out

MINUTE = 60_000
PATIENCE = 16 * MINUTE
K = CorrectionKind


class Story:
    """A flow with what was told of it; each reading comes a minute after the one before."""

    def __init__(self, flow: Flow | None = None) -> None:
        self.time = 0
        self.told: list[tuple[CorrectionKind, int, int]] = []
        self.flow = flow or put(Flow(), 0, 0, self.tell)

    def tell(self, kind: CorrectionKind, before: int, after: int, _: str) -> None:
        self.told.append((kind, before, after))

    def read(self, entries: int, exits: int, minutes: float = 1) -> int:
        self.time += round(minutes * MINUTE)
        for value, inward in ((entries, True), (exits, False)):
            self.flow = self._counted(value, inward=inward)
        return self.flow.count

    def hear(self, minutes: float, *, entries: int | None = None, exits: int | None = None) -> int:
        """One of the counters alone."""
        self.time += round(minutes * MINUTE)
        value = entries if entries is not None else exits
        assert value is not None
        self.flow = self._counted(value, inward=entries is not None)
        return self.flow.count

    def known(self, count: int) -> None:
        self.flow = put(self.flow, count, self.time, self.tell)

    def _counted(self, value: int, *, inward: bool) -> Flow:
        return counted(self.flow, value, self.time, entries=inward, patience=PATIENCE, tell=self.tell)


def test_people_come_and_go() -> None:
    story = Story()
    assert [story.read(*pair) for pair in ((100, 90), (103, 90), (105, 92), (105, 97))] == [0, 3, 3, 0] or story.told
    assert story.told == [(K.CLAMPED, -2, 0)]


def test_a_counter_that_restarts_at_zero_counts_on() -> None:
    story = Story()
    story.read(500, 480)
    story.read(504, 480)
    assert story.read(2, 480, minutes=5) == 6
    assert story.told == [(K.RESTARTED, 4, 4)]
    assert story.read(3, 482) == 5


def test_a_counter_wraps_at_sixteen_bits_without_a_word() -> None:
    story = Story()
    story.read(65_533, 65_530)
    assert story.read(65_535, 65_530) == 2
    assert story.read(1, 65_530) == 4
    assert story.told == []


def test_one_odd_value_is_passed_over_and_two_are_believed() -> None:
    story = Story()
    story.read(10, 5)
    assert story.read(65_535, 5) == 0
    assert story.read(12, 5) == 2, "the spike has left no trace"
    assert story.read(9_000, 5) == 2
    assert story.read(9_001, 5) == 3, "another device stands there now"
    assert [kind for kind, _, _ in story.told] == [K.REPLACED]


@pytest.mark.parametrize("minutes", [25, 240, 28 * 1440])
@pytest.mark.parametrize("first", ["entries", "exits"])
def test_after_a_silence_one_counter_waits_for_the_other(minutes: int, first: str) -> None:
    story = Story()
    story.read(100, 90)
    assert story.read(105, 90) == 5
    if first == "entries":
        heard = [story.hear(minutes, entries=131), story.hear(8, exits=113)]
    else:
        heard = [story.hear(minutes, exits=113), story.hear(8, entries=131)]
    assert heard == [5, 5 + 26 - 23]
    assert story.told == [], "nobody has left an empty room"
    assert story.hear(3, entries=132) == 9, "and is then believed at once"


def test_one_counter_that_is_silent_holds_back_the_other() -> None:
    story = Story()
    story.read(100, 90)
    story.read(105, 90)
    assert [story.hear(10, exits=exits) for exits in (91, 93, 94, 95)] == [4, 4, 4, 4]
    assert story.hear(1, entries=107) == 2
    assert story.told == []


def test_who_passed_before_there_was_a_second_counter_is_nobody() -> None:
    story = Story()
    assert [story.hear(1, entries=n) for n in (100, 103)] == [0, 0]
    assert [story.hear(1, exits=7), story.hear(1, entries=105)] == [0, 2]


@pytest.mark.parametrize("lag", [0.1, 5.0, 7.0])
def test_counters_that_speak_in_turn_wait_for_each_other(lag: float) -> None:
    story = Story()
    story.read(0, 0)
    shown: list[int] = []
    for n in range(1, 40):  # every quarter of an hour four come and four go
        shown.append(story.hear(15 - lag, entries=3 + 4 * n))
        shown.append(story.hear(lag, exits=4 * n))
    assert set(shown[12:]) == {3}
    exits_first = Story()
    exits_first.read(0, 0)
    for n in range(1, 40):
        exits_first.hear(15 - lag, exits=4 * n)
        exits_first.hear(lag, entries=4 * n)
    assert len(exits_first.told) <= 4, "until their pace is known, those who leave seem not to have come"


def test_a_counter_at_an_even_pace_is_not_waited_for_when_it_is_late() -> None:
    story = Story()
    story.read(0, 0)
    for _ in range(7):
        story.hear(13, entries=0)
        story.hear(2, exits=0)
    assert story.hear(13, entries=2) == 0
    late = story.time + round(2.9 * MINUTE)
    assert believed(story.flow, story.time + MINUTE, PATIENCE, story.tell).count == 0
    assert believed(story.flow, late, PATIENCE, story.tell).count == 2


def test_three_exits_from_an_empty_room_turn_nothing() -> None:
    story = Story()
    story.read(0, 0)
    assert [story.read(0, n) for n in (1, 2, 3)] == [0, 0, 0]
    assert [story.read(8, 3), story.read(8, 11)] == [8, 0]
    story.known(0)
    assert not story.flow.turned
    assert story.told == [(K.CLAMPED, -1, 0)] * 3


def test_a_sensor_that_looks_the_other_way_is_turned_by_the_balance_of_a_day() -> None:
    story = Story()
    story.read(0, 0)
    for n in range(1, 11):
        story.read(0, n)
    for n in range(1, 11):
        story.read(n, 10)
    story.known(0)
    assert (K.SWAPPED, 10, 0) in story.told
    assert [story.read(10, 14), story.read(12, 14)] == [4, 2], "in is out from here on"
    story.read(14, 14)
    story.known(0)
    assert [story.read(24, 14), story.read(24, 24)] == [0, 10], "turned back"
    story.known(0)
    assert [story.read(27, 24), story.read(27, 26)] == [3, 1]


def test_in_a_small_room_it_takes_days() -> None:
    story, turned = Story(), []
    story.read(0, 0)
    for day in range(3):
        story.read(2 * day, 2 * day + 2)
        story.read(2 * day + 2, 2 * day + 2)
        story.known(0)
        turned.append(story.flow.turned)
    assert turned[0] is False
    assert turned[1] is True


def test_a_count_by_somebody_else_turns_it_within_the_day() -> None:
    story = Story()
    story.read(0, 0)
    story.read(1, 8)
    story.known(7)
    assert story.flow.turned
    assert story.read(2, 8) == 6


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=5, max_size=40))
def test_a_sensor_that_looks_the_right_way_is_never_turned(moves: list[tuple[int, int]]) -> None:
    story, inside, entries, exits = Story(), 0, 0, 0
    story.read(0, 0)
    for come, go in moves:
        inside += come
        entries += come
        story.read(entries, exits)
        leaving = min(go, inside)
        inside -= leaving
        exits += leaving
        story.read(entries, exits)
        story.known(inside)
    assert not story.flow.turned


def test_who_came_first_goes_first_and_the_overdue_go() -> None:
    story = Story()
    story.read(0, 0)
    for entries in (1, 2, 3):
        story.hear(1, entries=entries)
    story.hear(1, exits=1)
    assert story.flow.since == (3 * MINUTE, 4 * MINUTE)
    assert timed_out(story.flow, 4 * MINUTE).since == (4 * MINUTE,)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=40), st.integers(0, WRAP))
def test_without_faults_the_count_is_entries_less_exits_and_never_negative(
    moves: list[tuple[int, int]], base: int
) -> None:
    story, inside, entries, exits = Story(), 0, base, base
    story.read(entries % WRAP, exits % WRAP)
    for come, go in moves:
        leaving = min(go, inside + come)
        inside += come - leaving
        entries += come
        exits += leaving
        assert story.read(entries % WRAP, exits % WRAP) == inside
    assert story.told == []


@given(st.lists(st.tuples(st.integers(0, 70_000), st.integers(0, 70_000), st.integers(0, 600)), max_size=40))
def test_whatever_counters_say_the_count_stays_sane(readings: list[tuple[int, int, int]]) -> None:
    story = Story()
    for entries, exits, minutes in readings:
        before = story.flow.count
        count = story.read(entries, exits, minutes)
        assert 0 <= count <= before + 20 + 6 * max(minutes, 1) + story.flow.moves
        assert len(story.flow.since) == count
        assert list(story.flow.since) == sorted(story.flow.since)


@given(st.integers(0, WRAP), st.integers(0, WRAP), st.integers(0, 100_000_000))
def test_a_rise_is_never_negative(before: int, after: int, passed: int) -> None:
    counter, up, _ = rise(Counter(before, 0), after, passed)
    assert up >= 0
    assert counter.value in {before, after}
