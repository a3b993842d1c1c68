from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import DAY_MS, day_start, local_day
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.fixed_rounds import (
    WEEKS,
    FixedRounds,
    Terms,
    Travel,
    UnitFlow,
    compare,
    outcome,
    tour_km,
)
from sukusuku_server.kpi.inflow import Flow, flow, of_their_bags, replay

HOUR = 3_600_000
START = day_start(date(2026, 11, 2))  # a Monday
END = START + 14 * DAY_MS
OPEN = [(START + day * DAY_MS + 9 * HOUR, START + day * DAY_MS + 18 * HOUR) for day in range(14) if day % 7 < 6]
PLACES = {"depot": 0.0, "a": 3.0, "b": 5.0, "c": -2.0}


def line(one: str, other: str) -> float:
    """Everything stands on one road; km."""
    return abs(PLACES[one] - PLACES[other])


TERMS = Terms(30.0, Travel("depot", line, 40.0, 0.25), all_fees())


contents = st.lists(
    st.tuples(st.integers(START, END - 1), st.floats(0, 90)), max_size=40, unique_by=lambda point: point[0]
).map(sorted)
moments = st.lists(st.integers(START, END - 1), unique=True, max_size=12).map(sorted)


def unit(given: Flow, asset: str = "u1", site: str = "a", per_bag: float = 60.0) -> UnitFlow:
    return UnitFlow(asset, site, given, per_bag, lambda _: 0.15, OPEN)


def test_what_came_in_is_how_far_the_content_rose() -> None:
    points = [(START, 5.0), (START + HOUR, 9.0), (START + 2 * HOUR, 8.0), (START + 3 * HOUR, 10.0)]
    found = flow([*points, (START + 5 * HOUR, 2.0), (START + 6 * HOUR, 4.0)], [START + 4 * HOUR], START, END)
    assert (found.first, found.nappies) == (5.0, 14.0)
    assert found.came == (
        (START + HOUR, 4.0),
        (START + 3 * HOUR, 1.0),
        (START + 5 * HOUR, 2.0),
        (START + 6 * HOUR, 2.0),
    )
    assert flow([], [], START, END) == Flow(START, END, 0.0, ())


def test_what_still_shows_the_old_bag_does_not_come_in_again() -> None:
    """The emptying at four o'clock was recognised an hour later."""
    hours = [(0, 10.0), (3, 40.0), (4.5, 41.0), (4.9, 41.0), (5, 2.0), (6, 4.0), (7, 5.0)]
    points = [(START + int(hour * HOUR), content) for hour, content in hours]
    emptied = [START + 4 * HOUR]
    kept = of_their_bags(points, emptied)
    assert [content for _, content in kept] == [10.0, 40.0, 2.0, 4.0, 5.0]
    assert flow(kept, emptied, START, END).nappies == 45.0


def test_a_point_at_the_moment_of_an_emptying_shows_the_bag_that_its_value_tells() -> None:
    """A device that reads level and state in one poll gives both one time."""
    hours = [(0, 10.0), (3, 40.0), (4, 1.0), (5, 2.0), (6, 22.0), (7, 25.0)]
    points = [(START + int(hour * HOUR), content) for hour, content in hours]
    emptied = [START + 4 * HOUR]
    kept = of_their_bags(points, emptied)
    assert kept == points, "nothing of the new bag is dropped"
    given = flow(kept, emptied, START, END)
    assert given.nappies == 65.0
    assert replay(given, emptied, 60.0, OPEN).taken == (40.0,)
    old = [(START, 10.0), (START + 4 * HOUR, 41.0), (START + 5 * HOUR, 2.0)]
    assert of_their_bags(old, emptied) == old
    assert replay(flow(old, emptied, START, END), emptied, 60.0, OPEN).taken == (41.0,)


def test_a_bag_that_fills_at_once_is_believed_after_some_hours() -> None:
    points = [(START + hour * HOUR, 40.0) for hour in range(12)]
    kept = of_their_bags(points, [START + HOUR])
    assert [time for time, _ in kept] == [START, START + HOUR, *(START + hour * HOUR for hour in range(7, 12))]
    assert of_their_bags(points, [START - HOUR]) == points
    assert of_their_bags([], [START]) == []


def test_over_full_counts_open_hours_only() -> None:
    given = Flow(START, END, 0.0, ((START + 17 * HOUR, 60.0),))
    done = replay(given, [START + DAY_MS + 10 * HOUR], 60.0, OPEN)
    assert (done.overflow_hours, done.taken, done.left) == (2.0, (60.0,), 0.0)  # 17-18 o'clock, 9-10 the next day
    assert replay(given, [], 60.0, [(START, START + 16 * HOUR)]).overflow_hours == 0


@given(points=contents, emptied=moments, visited=moments)
def test_no_nappy_is_lost_whenever_visits_come(
    points: list[tuple[int, float]], emptied: list[int], visited: list[int]
) -> None:
    given = flow(points, emptied, START, END)
    done = replay(given, visited, 60.0, OPEN)
    assert sum(done.taken) + done.left == pytest.approx(given.nappies)
    assert len(done.taken) == len(visited)
    assert 0 <= done.overflow_hours <= 12 * 9


@given(points=contents, emptied=moments)
def test_the_real_days_give_what_really_happened(points: list[tuple[int, float]], emptied: list[int]) -> None:
    """Replayed with its own emptyings, each bag holds the highest content that was seen in it."""
    given = flow(points, emptied, START, END)
    done = replay(given, emptied, 60.0, OPEN)
    bags = [0.0] * (len(emptied) + 1)
    before = None
    for time, content in points:
        bag = sum(moment < time for moment in emptied)
        bag += time in emptied and before is not None and content < before / 2
        bags[bag], before = max(bags[bag], content), content
    assert [*done.taken, done.left] == pytest.approx(bags)


@given(points=contents, emptied=moments, shift=st.integers(0, 3_000))
def test_a_shift_of_all_readings_drops_none_of_them(
    points: list[tuple[int, float]], emptied: list[int], shift: int
) -> None:
    """What is read in one poll and what is read a moment apart tell the same."""
    moments_of_points = {time for time, _ in points}
    apart = [moment for moment in emptied if not moments_of_points & set(range(moment - 3_000, moment + 1))]
    shifted = [(time + shift, content) for time, content in points]
    before = len(of_their_bags(points, apart))
    assert len(of_their_bags(shifted, [moment + shift for moment in apart])) == before


@given(points=contents, visited=moments, more=moments)
def test_more_visits_never_mean_more_over_full_hours(
    points: list[tuple[int, float]], visited: list[int], more: list[int]
) -> None:
    given = flow(points, [], START, END)
    few = replay(given, visited, 60.0, OPEN)
    many = replay(given, sorted({*visited, *more}), 60.0, OPEN)
    assert many.overflow_hours <= few.overflow_hours + 1e-9


@given(points=contents, emptied=moments, at=st.integers(0, 1439))
def test_fixed_days_that_are_the_real_ones_reproduce_reality(
    points: list[tuple[int, float]], emptied: list[int], at: int
) -> None:
    units = [unit(flow(points, emptied, START, END))]
    for per_week in WEEKS:
        rounds = FixedRounds(per_week, at)
        found = compare(units, {"u1": rounds.visits(START, END, OPEN)}, rounds, TERMS, START, END)
        assert found.actual == found.fixed


def test_fixed_rounds_go_on_their_weekdays_and_not_to_closed_centres() -> None:
    monday_closed = [span for span in OPEN if local_day(span[0]) != date(2026, 11, 9)]
    found = FixedRounds(3, 13 * 60).visits(START, END, monday_closed)
    assert [local_day(time).isoformat() for time in found] == [
        "2026-11-02",
        "2026-11-04",
        "2026-11-06",
        "2026-11-11",
        "2026-11-13",
    ]
    assert all((time - day_start(local_day(time))) == 13 * HOUR for time in found)


def test_both_sides_beside_each_other() -> None:
    """Ten nappies a day at noon in two centres; really emptied every sixth day, by the plan three times a week."""
    came = tuple((START + day * DAY_MS + 12 * HOUR, 10.0) for day in range(14))
    units = [unit(Flow(START, END, 0.0, came), "u1", "a"), unit(Flow(START, END, 0.0, came), "u2", "c")]
    sixth = [START + 5 * DAY_MS + 15 * HOUR, START + 11 * DAY_MS + 15 * HOUR]
    found = compare(units, {"u1": sixth, "u2": sixth}, FixedRounds(3, 13 * 60), TERMS, START, END)

    assert found.last_day == local_day(END - DAY_MS), "the fees of the next day are not its own"
    assert (found.actual.visits, found.actual.trips, found.actual.km) == (4, 2, 20.0)
    assert (found.fixed.visits, found.fixed.trips, found.fixed.km) == (12, 6, 60.0)
    assert found.actual.level is not None
    assert found.actual.level.mean == 100.0
    assert found.actual.overflow_hours == 4 * 3.0, "from noon to 15 o'clock on each sixth day"
    assert found.fixed.overflow_hours == 0
    assert found.fixed.needless == 2, "ten nappies on the first day"
    assert found.actual.kg == pytest.approx(2 * 120 * 0.15)
    assert found.actual.fee_yen == pytest.approx(36 * 46)
    assert found.fixed.ticket_yen - found.actual.ticket_yen == 8 * 391
    assert found.actual.yen == pytest.approx(20 * 40 + 36 * 46)
    assert found.actual.kg_co2 == pytest.approx(5.0)


def test_nothing_known_is_nothing_divided() -> None:
    found = outcome([], {}, TERMS)
    assert (found.visits, found.level, found.km, found.yen, found.overflow_hours) == (0, None, 0.0, 0.0, 0.0)
    empty = unit(flow([], [], START, END))
    assert compare([empty], {}, FixedRounds(1, 0), TERMS, START, END).actual.visits == 0


@given(places=st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.floats(-9, 9), st.floats(-9, 9))))
def test_a_tour_is_never_longer_than_going_out_for_each(places: dict[str, tuple[float, float]]) -> None:
    known = {"depot": (0.0, 0.0), **places}

    def km(one: str, other: str) -> float:
        (a, b), (c, d) = known[one], known[other]
        return float(((a - c) ** 2 + (b - d) ** 2) ** 0.5)

    way = tour_km("depot", places, km)
    assert way <= sum(2 * km("depot", place) for place in places) + 1e-6
    assert way >= max((2 * km("depot", place) for place in places), default=0.0) - 1e-6
