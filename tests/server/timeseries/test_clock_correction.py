"""What a wrong clock stored, put right."""

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.model.series import Latest, Moved, Point
from sukusuku_server.timeseries.sql_store import SqlStore
from tests.support.stores import commit

NOW = 1_800_000_000_000 // HOUR_MS * HOUR_MS
WRONG = NOW - HOUR_MS
"""When the collector believed a clock that was behind."""
GOOD, BAD = 192, 0


def fill(store: SqlStore) -> int:
    return store.series("unit-1", "Fill/Percent", DataType.DOUBLE)


def points(store: SqlStore) -> list[Point]:
    return store.raw("unit-1", "Fill/Percent", 0, 2**62, 100)


def moved_by_a_wrong_clock(store: SqlStore) -> None:
    """Three readings of the present, which a clock an hour behind took for ones of the future."""
    moved = [Moved((WRONG + n, fill(store), 40.0 + n, BAD), NOW + n, quality=GOOD) for n in range(3)]
    store.commit_rows([], [], WRONG, moved)


def test_moved_readings_return_to_their_own_time_and_quality(store: SqlStore) -> None:
    moved_by_a_wrong_clock(store)
    assert store.correct_clock(WRONG - 1, WRONG + MINUTE_MS, NOW + 10) == 3
    assert points(store) == [Point(NOW + n, 40.0 + n, Quality.GOOD) for n in range(3)]
    (hour,) = store.hourly("unit-1", "Fill/Percent", 0, 2**62)
    assert (hour.time, hour.count, hour.low, hour.high, hour.last) == (NOW, 3, 40.0, 42.0, 42.0)
    assert store.latest()["unit-1"]["Fill/Percent"] == Latest(NOW + 2, 42.0, Quality.GOOD, NOW + 10)
    assert store.correct_clock(WRONG - 1, WRONG + MINUTE_MS, NOW + 10) == 0


def test_they_are_recognised_when_they_come_again(store: SqlStore) -> None:
    moved_by_a_wrong_clock(store)
    store.correct_clock(WRONG - 1, WRONG + MINUTE_MS, NOW + 10)
    again = commit(store, [Reading("unit-1", "Fill/Percent", NOW + n, 40.0 + n) for n in range(3)], NOW + 20)
    assert (again.stored, again.duplicates) == (0, 3)


def test_a_reading_that_was_moved_before_stays(store: SqlStore) -> None:
    """An edge node's own clock was wrong: that has not changed."""
    early = Moved((WRONG - DAY_MS, fill(store), 1.0, BAD), NOW - 5, quality=GOOD)
    future = Moved((WRONG, fill(store), 2.0, BAD), NOW + 40 * DAY_MS, quality=GOOD)
    by_age = Moved((WRONG + 1, fill(store), 3.0, GOOD), NOW - 10_000)
    store.commit_rows([], [], WRONG, [early, future, by_age])
    before = points(store)
    assert store.correct_clock(WRONG - 1, WRONG + MINUTE_MS, NOW) == 0
    assert points(store) == before


def test_what_stands_at_the_own_time_already_is_kept(store: SqlStore) -> None:
    moved_by_a_wrong_clock(store)
    with store._database.transaction() as run:  # as if an older version had stored it
        run.insert([(NOW, fill(store), 7.0, GOOD)])
    assert store.correct_clock(WRONG - 1, WRONG + MINUTE_MS, NOW + 10) == 2
    assert points(store)[0] == Point(NOW, 7.0, Quality.GOOD)


def test_the_latest_value_is_one_that_is_still_there(store: SqlStore) -> None:
    """A clock ahead: the moved reading was the newest; the one after it came later."""
    commit(store, [Reading("unit-1", "Fill/Percent", NOW - 5, 10.0)], NOW)
    store.commit_rows([], [], NOW + DAY_MS, [Moved((NOW + DAY_MS, fill(store), 11.0, BAD), NOW - 1, quality=GOOD)])
    assert store.latest()["unit-1"]["Fill/Percent"].time == NOW + DAY_MS
    store.correct_clock(NOW + DAY_MS - 1, NOW + DAY_MS + 1, NOW)
    assert store.latest()["unit-1"]["Fill/Percent"] == Latest(NOW - 1, 11.0, Quality.GOOD, NOW)
    commit(store, [Reading("unit-1", "Fill/Percent", NOW + 1, 12.0)], NOW + 1)
    assert store.latest()["unit-1"]["Fill/Percent"].value == 12.0


def test_what_was_derived_of_the_future_is_deleted(store: SqlStore) -> None:
    moved_by_a_wrong_clock(store)
    past, future = (
        Reading("unit-1", "Fill/Estimate", NOW - 1, 1.0),
        Reading("unit-1", "Fill/Estimate", NOW + DAY_MS, 2.0),
    )
    store.put_derived("unit-1", NOW - 10, NOW + 2 * DAY_MS, [past, future])
    store.put_derived("site/tobu", NOW, NOW + DAY_MS, [Reading("site/tobu", "Visits", NOW + DAY_MS, 1.0)])
    store.correct_clock(NOW, NOW, NOW)
    assert [point.time for point in store.derived("unit-1", "Fill/Estimate", 0, 2**62)] == [NOW - 1]
    assert store.derived("site/tobu", "Visits", 0, 2**62) == []
    assert store.derived_latest()["unit-1"]["Fill/Estimate"].time == NOW - 1
    assert store.late() == []


def test_what_was_derived_in_a_wrong_time_is_derived_anew(store: SqlStore) -> None:
    moved_by_a_wrong_clock(store)
    store.correct_clock(WRONG - 1, WRONG + MINUTE_MS, NOW + HOUR_MS)
    assert [(late.asset, late.since) for late in store.late()] == [("unit-1", WRONG - 1)]
