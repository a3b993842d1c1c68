"""What is sent: changes, and everything again after a while; no time comes twice."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_edge.events import Failure, Holds
from tests.edge import edge_settings
from tests.edge.binders import T, binder, sample, taken


def test_an_unchanged_value_is_sent_again_after_the_refresh_time() -> None:
    one = binder("refresh = 60\n" + edge_settings.WHOLE)

    found = [taken(one, sample(T + n * 20_000, state=1)).get(("unit-1", "State")) for n in range(10)]
    times = [reading.time - T for reading in found if reading]

    assert times == [0, 60_000, 120_000, 180_000]


def test_a_change_below_the_deadband_waits_and_is_measured_from_what_was_sent() -> None:
    one = binder()

    sent = [
        reading.value
        for n, fill in enumerate([50, 50.2, 50.4, 50.6, 50.8, 50.0])
        for reading in one.take([sample(T + n, fill_percent=fill)]).readings
        if reading.metric == "Fill/Percent"
    ]

    assert sent == [50.0, 50.6, 50.0]


def test_a_jump_is_told_again_at_the_next_sample_and_then_no_more() -> None:
    one = binder()

    fills = [90, 90, 2, 2, 2, 2.4, 30, 91, 91, 91]
    sent = [
        (n, reading.value)
        for n, fill in enumerate(fills)
        for reading in one.take([sample(T + n, fill_percent=fill)]).readings
        if reading.metric == "Fill/Percent"
    ]

    assert sent == [(0, 90.0), (2, 2.0), (3, 2.0), (6, 30.0), (7, 91.0), (8, 91.0)]


def test_nothing_measured_is_told_once_and_the_value_after_it_twice() -> None:
    one = binder()

    fills = [90, None, None, None, 2, 2, 2]
    sent = [
        (n, reading.value)
        for n, fill in enumerate(fills)
        for reading in one.take([sample(T + n, fill_percent=fill)]).readings
        if reading.metric == "Fill/Percent"
    ]

    assert sent == [(0, 90.0), (1, None), (4, 2.0), (5, 2.0)]


def test_the_silence_of_a_sensor_that_speaks_of_changes_only_confirms_no_jump() -> None:
    """What holds is said again after the refresh time: until then nobody knows whether the level stays."""
    one = binder("refresh = 60\n" + edge_settings.WHOLE)
    one.take([sample(T, fill_percent=90)])
    one.take([sample(T + 1_000, fill_percent=2)])

    held = [taken(one, Holds("board", T + 1_000 + n * 10_000)).get(("unit-1", "Fill/Percent")) for n in range(1, 13)]

    assert [reading.time - T for reading in held if reading] == [61_000, 121_000]


def test_two_values_in_one_millisecond_get_two_times() -> None:
    one = binder()

    times = [taken(one, sample(T, state=state))["unit-1", "State"].time for state in (1, 2, 3)]

    assert times == [T, T + 1, T + 2]


def test_times_follow_a_clock_that_was_set_back() -> None:
    one = binder()
    hour = 3_600_000
    one.take([sample(T + n * 1000, state=n % 7) for n in range(100)])

    back = [taken(one, sample(T - hour + n * 1000, state=n % 7))["unit-1", "State"].time for n in range(3)]
    again = [taken(one, sample(T + n * 1000, state=(n + 1) % 7))["unit-1", "State"].time for n in range(100)]

    assert back == [T - hour, T - hour + 1000, T - hour + 2000]
    assert again == [T + n * 1000 + 1 for n in range(100)]  # a millisecond beside what was told before


def test_an_unchanged_value_is_told_when_the_clock_was_set_back() -> None:
    one = binder()
    one.take([sample(state=1)])

    assert taken(one, sample(T - 7_200_000, state=1))["unit-1", "State"].time == T - 7_200_000


@given(st.lists(st.integers(-4, 4).map(lambda n: n * 3_600_000) | st.integers(-5000, 5000), max_size=100))
def test_a_time_never_comes_twice(jumps: list[int]) -> None:
    one = binder("refresh = 0.001\n" + edge_settings.WHOLE)
    now, times = T, []
    for n, jump in enumerate(jumps):
        now += jump
        times += [item.time for item in one.take([sample(now, state=n % 8)]).readings if item.metric == "State"]

    assert len(times) == len(set(times))


@given(st.lists(st.tuples(st.integers(-100, 100), st.integers(0, 7) | st.none(), st.booleans())))
def test_times_of_a_series_rise_when_the_clock_trembles(steps: list[tuple[int, int | None, bool]]) -> None:
    one = binder("refresh = 0.05\n" + edge_settings.WHOLE)
    readings = [
        reading
        for jump, state, fails in steps
        for reading in one.take([Failure("board", T + jump, "x") if fails else sample(T + jump, state=state)]).readings
    ]

    by_series: dict[tuple[str, str], list[int]] = {}
    for reading in readings:
        by_series.setdefault((reading.asset, reading.metric), []).append(reading.time)
    assert all(a < b for times in by_series.values() for a, b in pairwise(times))


def test_every_message_of_a_slow_sensor_is_a_sign_of_life() -> None:
    one = binder()

    times = [
        reading.time - T
        for n in range(4)
        for reading in one.take([sample(T + n * 600_000 - n, "eye", region_1_count=0)]).readings
    ]

    assert times == [0, 599_999, 1_199_998, 1_799_997]
