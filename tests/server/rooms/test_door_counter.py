"""Entries less exits, with counters that misbehave in every known way."""

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.model.collection import CorrectionKind
from sukusuku_server.rooms.door_counter import WRAP, Counter, Flow, counted, put, rise, timed_out

MINUTE = 60_000
K = CorrectionKind


class Story:
    """A flow with what was told of it; each reading comes a minute after the one before."""

    def __init__(self, flow: Flow | None = None) -> None:
        self.flow = flow or put(Flow(), 0, 0)
        self.time = 0
        self.told: list[tuple[CorrectionKind, int, int]] = []

    def read(self, entries: int, exits: int, minutes: int = 1) -> int:
        self.time += minutes * MINUTE
        for value, inward in ((entries, True), (exits, False)):
            self.flow = counted(
                self.flow, value, self.time, entries=inward, tell=lambda kind, a, b, _: self.told.append((kind, a, b))
            )
        return self.flow.count


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


def test_a_sensor_that_looks_the_other_way_is_noticed_in_an_empty_room() -> None:
    story = Story()
    story.read(0, 0)
    assert [story.read(0, n) for n in (1, 2, 3, 4)] == [0, 0, 3, 4]
    assert (K.SWAPPED, 0, 3) in story.told
    assert story.read(2, 4) == 2, "in is out from here on"
    story.flow = put(story.flow, 0, story.time)
    assert [story.read(n, 4) for n in (3, 4, 5)] == [0, 0, 3], "turned back again"


def test_a_busy_room_is_never_taken_for_a_swapped_sensor() -> None:
    story = Story()
    story.read(0, 0)
    story.read(2, 0)
    story.read(2, 9)
    assert not story.flow.swapped
    assert story.flow.count == 0


def test_who_came_first_goes_first_and_the_overdue_go() -> None:
    flow = put(Flow(), 0, 0)
    for time, value in ((1, 0), (2, 1), (3, 2), (4, 3)):
        flow = counted(flow, value, time * MINUTE, entries=True, tell=lambda *_: None)
    flow = counted(flow, 0, 5 * MINUTE, entries=False, tell=lambda *_: None)
    flow = counted(flow, 1, 6 * MINUTE, entries=False, tell=lambda *_: None)
    assert flow.since == (3 * MINUTE, 4 * MINUTE)
    assert timed_out(flow, 4 * MINUTE).since == (4 * MINUTE,)


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
