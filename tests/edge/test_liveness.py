"""Deaths, returns and loose contacts."""

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_edge.liveness import Change, Liveness, Rules, State

S = 1000
DIED, RETURNED, UNSTABLE, STABLE = Change.DIED, Change.RETURNED, Change.UNSTABLE, Change.STABLE


def polls(text: str, device: Liveness | None = None, every: int = 10 * S, start: int = 0) -> list[tuple[int, Change]]:
    """What changes when; `+` is a good poll, `-` a bad one."""
    return run(text, device, every, start)[1]


def run(
    text: str, device: Liveness | None = None, every: int = 10 * S, start: int = 0
) -> tuple[Liveness, list[tuple[int, Change]]]:
    device = device or Liveness()
    seen = []
    for n, sign in enumerate(text):
        changes = (device.good if sign == "+" else device.bad)(start + n * every)
        seen += [(n, change) for change in changes]
    return device, seen


def test_the_first_answer_is_believed_at_once() -> None:
    device, seen = run("+")

    assert seen == [(0, RETURNED)]
    assert (device.state, device.announced) == (State.UP, True)


def test_a_death_needs_three_failures_and_thirty_seconds() -> None:
    assert polls("+---") == [(0, RETURNED)]
    assert polls("+----") == [(0, RETURNED), (4, DIED)]
    assert polls("+" + "-" * 40, every=S) == [(0, RETURNED), (31, DIED)]
    assert polls("+--", every=60 * S) == [(0, RETURNED)]
    assert polls("+---", every=60 * S) == [(0, RETURNED), (3, DIED)]


def test_a_success_in_between_begins_the_count_anew() -> None:
    assert polls("+---+---+---+") == [(0, RETURNED)]


def test_a_return_needs_two_good_polls_in_a_row() -> None:
    assert polls("+----+-+-++") == [(0, RETURNED), (4, DIED), (10, RETURNED)]
    assert run("+----+")[0].state is State.RETURNING


def test_a_device_that_never_answered_dies_once_and_is_born_after_two() -> None:
    assert polls("------++") == [(3, DIED), (7, RETURNED)]


def test_more_than_four_changes_in_ten_minutes_are_unstable_and_stay_announced_as_alive() -> None:
    device, seen = run("+" + "----++" * 3)

    assert [change for _, change in seen] == [RETURNED, DIED, RETURNED, DIED, RETURNED, DIED, UNSTABLE, RETURNED]
    assert (device.unstable, device.announced) == (True, True)


def test_an_unstable_device_is_stable_after_ten_minutes_in_one_state() -> None:
    text = "+" + "----++" * 4
    device, _ = run(text)

    alive, seen = run("+" * 62, device, start=250 * S)
    assert [change for _, change in seen] == [STABLE]
    assert (alive.unstable, alive.announced) == (False, True)

    dead, seen = run("-" * 70, run(text)[0], start=250 * S)
    assert [change for _, change in seen] == [DIED, STABLE]
    assert (dead.unstable, dead.announced) == (False, False)


def test_a_clock_that_steps_back_delays_but_does_not_confuse() -> None:
    device, _ = run("+", start=10**9)

    device, seen = run("-----", device)

    assert [change for _, change in seen] == [DIED]


@given(st.text("+-", min_size=1, max_size=400), st.sampled_from([S, 5 * S, 10 * S, 60 * S]))
def test_births_and_deaths_are_few_and_the_truth_wins_in_the_end(text: str, every: int) -> None:
    rules = Rules()
    device, announced, told = Liveness(rules), False, []
    for n, sign in enumerate(text):
        (device.good if sign == "+" else device.bad)(n * every)
        if device.announced != announced:
            announced = device.announced
            told.append(n * every)
    for time in told:
        assert len([at for at in told if time <= at < time + rules.window]) <= rules.changes + 3

    device, _ = run("+" * 700, device, every=S, start=len(text) * every)
    assert (device.announced, device.unstable, device.state) == (True, False, State.UP)
    device, _ = run("-" * 700, device, every=S, start=len(text) * every + 700 * S)
    assert (device.announced, device.unstable, device.state) == (False, False, State.DOWN)
