"""True times on a computer without a clock of its own."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_edge.timeline import Held, Moment, Phase, Timeline, place, settle

T = 1_760_000_000_000
S, MINUTE, HOUR = 1000, 60_000, 3_600_000
HOLD = 10 * MINUTE


@dataclass
class Pi:
    """A computer and what it wrote down; `true` is the time that nobody on it knows."""

    true: int = T
    boot: int = 0
    booted: int = 0
    last: dict[int, int] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    sent: dict[int, int] = field(default_factory=dict)
    truth: dict[int, int] = field(default_factory=dict)
    hold: int = HOLD

    def run(
        self, *, wall_error: int, sync_after: int | None, runs_for: int, every: int, again: bool = False
    ) -> Timeline:
        """One run of the agent; `again` in the boot of the run before."""
        self.boot += not again
        self.booted = self.booted if again else self.true
        start = self.true
        synced_at = None if sync_after is None else start + sync_after

        def moment() -> Moment:
            synced = synced_at is not None and self.true >= synced_at
            return Moment(self.true - self.booted, self.true if synced else self.true + wall_error, synced)

        floor = self.last[max(self.last)] if self.last else None
        oldest = min((item.uptime for item in self.held if item.boot == self.boot), default=None)
        line = Timeline.begin(moment(), floor, oldest, self.hold)
        while True:
            if line.observe(moment()):
                final = settle(self.held, self.last, self.boot, line.true_offset, line.now(moment()))
                self.sent |= final
                self.held.clear()
                if self.boot in self.last:
                    self.last[self.boot] = line.now(moment())
            if self.true >= start + runs_for:
                return line
            now, row = line.now(moment()), len(self.truth)
            self.truth[row] = self.true
            self.last[self.boot] = now
            if line.phase is Phase.HELD:
                self.held.append(Held(row, self.boot, now - line.offset, now))
            else:
                self.sent[row] = now
            self.true += every


def test_a_clock_that_is_set_from_the_start_is_simply_read() -> None:
    pi = Pi()

    line = pi.run(wall_error=0, sync_after=0, runs_for=MINUTE, every=S)

    assert pi.sent == pi.truth
    assert (line.phase, line.correction) == (Phase.SYNCED, 0)


def test_a_boot_in_1970_that_is_told_the_time_after_two_hours_has_true_times_when_it_may_wait() -> None:
    pi = Pi(hold=3 * HOUR)

    line = pi.run(wall_error=-T, sync_after=2 * HOUR, runs_for=3 * HOUR, every=10 * S)

    assert pi.sent == pi.truth
    assert line.correction == T


def test_after_ten_minutes_readings_go_with_estimated_times_and_are_not_moved_later() -> None:
    pi = Pi()
    pi.run(wall_error=0, sync_after=0, runs_for=HOUR, every=10 * S)
    off = pi.true
    pi.true += 5 * HOUR

    line = pi.run(wall_error=-T, sync_after=2 * HOUR, runs_for=3 * HOUR, every=10 * S)

    estimated = [time for row, time in pi.sent.items() if pi.truth[row] != time]
    assert len(estimated) == 720
    assert min(estimated) > off - 10 * S  # after the last reading that was known
    assert line.phase is Phase.SYNCED
    later = [row for row in pi.truth if pi.truth[row] >= off + 7 * HOUR]
    assert all(pi.sent[row] == pi.truth[row] for row in later)


def test_a_clock_that_is_an_hour_ahead_is_corrected_back() -> None:
    pi = Pi()

    line = pi.run(wall_error=HOUR, sync_after=5 * MINUTE, runs_for=HOUR, every=10 * S)

    assert pi.sent == pi.truth
    assert line.correction == -HOUR


def test_a_restart_of_the_agent_in_the_same_boot_corrects_what_the_run_before_has_left() -> None:
    pi = Pi()
    pi.run(wall_error=-T, sync_after=None, runs_for=2 * MINUTE, every=S)

    pi.run(wall_error=-T, sync_after=MINUTE, runs_for=2 * MINUTE, every=S, again=True)

    assert pi.sent == pi.truth


def test_restarts_do_not_hold_readings_back_for_ever() -> None:
    pi = Pi()
    for again in (False, True, True):
        pi.run(wall_error=-T, sync_after=None, runs_for=4 * MINUTE, every=10 * S, again=again)

    assert pi.sent
    assert not pi.held


def test_a_boot_that_never_was_told_lies_between_its_neighbours() -> None:
    pi = Pi()
    pi.run(wall_error=0, sync_after=0, runs_for=HOUR, every=10 * S)
    first = set(pi.truth)
    pi.true += HOUR
    pi.run(wall_error=10 * HOUR, sync_after=None, runs_for=5 * MINUTE, every=S)
    second = set(pi.truth) - first
    pi.true += HOUR
    pi.run(wall_error=-HOUR, sync_after=MINUTE, runs_for=HOUR, every=10 * S)
    third = set(pi.truth) - first - second

    times = [[pi.sent[row] for row in sorted(rows)] for rows in (first, second, third)]
    assert max(times[0]) < min(times[1])
    assert max(times[1]) < min(times[2])
    assert {b - a for a, b in pairwise(times[1])} == {S}
    assert all(pi.sent[row] == pi.truth[row] for row in first | third)


BOOTS = st.lists(
    st.tuples(
        st.sampled_from([-T, -HOUR, 0, HOUR, 100 * HOUR]),
        st.none() | st.integers(0, 30 * MINUTE),
        st.integers(0, 60 * MINUTE),
        st.integers(S, 5 * HOUR),
    ),
    max_size=6,
)


@given(BOOTS, st.sampled_from([10 * S, MINUTE]))
def test_over_any_boots_times_are_true_or_in_order_and_never_twice(
    boots: list[tuple[int, int | None, int, int]], every: int
) -> None:
    pi = Pi(hold=100 * HOUR)
    known: dict[int, bool] = {}
    for wall_error, sync_after, runs_for, off in boots:
        first = len(pi.truth)
        pi.run(wall_error=wall_error, sync_after=sync_after, runs_for=runs_for, every=every)
        known |= dict.fromkeys(range(first, len(pi.truth)), sync_after is not None and sync_after <= runs_for)
        pi.true += off
    pi.run(wall_error=0, sync_after=0, runs_for=MINUTE, every=every)
    known |= dict.fromkeys(set(pi.truth) - set(known), True)

    assert set(pi.sent) == set(pi.truth)
    assert all(pi.sent[row] == pi.truth[row] for row in pi.truth if known[row])
    times = [pi.sent[row] for row in sorted(pi.sent)]
    assert all(a < b for a, b in pairwise(times))


@given(BOOTS)
def test_what_was_sent_is_never_moved(boots: list[tuple[int, int | None, int, int]]) -> None:
    pi = Pi()
    for wall_error, sync_after, runs_for, off in boots:
        before = dict(pi.sent)
        pi.run(wall_error=wall_error, sync_after=sync_after, runs_for=runs_for, every=10 * S)
        assert before.items() <= pi.sent.items()
        assert set(pi.sent) | {item.row for item in pi.held} == set(pi.truth)
        pi.true += off


@given(st.lists(st.integers(0, 1000)), st.integers(0, 1000), st.integers(0, 1000))
def test_placing_keeps_order_and_difference_and_stays_inside_where_there_is_room(
    times: list[int], after: int, before: int
) -> None:
    placed = place(times, after, before)

    for (a, b), (c, d) in zip(pairwise(times), pairwise(placed), strict=True):
        assert (a < b, a == b) == (c < d, c == d)
    assert all(time < before for time in placed)
    if before - after - 1 >= len(set(times)):
        assert all(after < time for time in placed)
    if times and after < min(times) and max(times) < before:
        assert placed == times


def test_an_event_that_began_before_a_correction_and_comes_after_it_is_corrected_too() -> None:
    line = Timeline.begin(Moment(0, 5 * S, synced=False), None, None, HOLD)
    assert line.observe(Moment(MINUTE, T, synced=True))
    before = 5 * S + MINUTE

    assert line.restamp(before - 300, T + S) == T - 300
    assert line.restamp(T + 700, T + S) == T + 700
    assert line.restamp(T - HOUR, T + S) == T - HOUR  # a sensor that keeps time by itself
    assert line.restamp(before - 300, T + MINUTE) == before - 300
