"""Old raw readings are deleted; everything else stays."""

import pytest

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Quality
from sukusuku_core.settings import parse
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Committed, Moved
from sukusuku_server.settings import Facility, check
from sukusuku_server.timeseries import THINNED_READINGS
from sukusuku_server.timeseries.sql_store import SqlStore
from tests.collector.small_facility import FACILITY

START = 490_000 * HOUR_MS
GOOD = int(Quality.GOOD)


def times(store: SqlStore) -> list[int]:
    return [point.time - START for point in store.raw("unit-1", "Fill/Percent", 0, 2**62, 1000)]


def test_raw_readings_go_in_small_steps_and_hours_stay(store: SqlStore) -> None:
    series = store.series("unit-1", "Fill/Percent", DataType.DOUBLE)
    store.commit_rows([(START + n, series, float(n), GOOD) for n in range(10)], [], START)
    hours = store.hourly("unit-1", "Fill/Percent", 0, 2**60)
    assert store.prune(START + 8, 3) == 3
    assert times(store) == [3, 4, 5, 6, 7, 8, 9]
    assert [store.prune(START + 8, 3) for _ in range(3)] == [3, 2, 0]
    assert times(store) == [8, 9]
    assert store.prune(START + 100, 10) == 2
    assert store.hourly("unit-1", "Fill/Percent", 0, 2**60) == hours
    assert store.latest()["unit-1"]["Fill/Percent"].value == 9.0


def test_fault_codes_stay_and_deriving_begins_after_what_is_pruned(store: SqlStore) -> None:
    level, fault = (store.series("unit-1", name, DataType.DOUBLE) for name in ("Fill/Percent", "Fault/Code"))
    store.commit_rows([(START + n, series, 1.0, GOOD) for n in range(4) for series in (level, fault)], [], START)
    assert store.prune(START + 3, 100) == 3
    assert times(store) == [3]
    assert [point.time - START for point in store.raw("unit-1", "Fault/Code", 0, 2**62, 10)] == [0, 1, 2, 3]
    assert store.first() == START + 3


def test_all_readings_of_one_millisecond_go_together(store: SqlStore) -> None:
    series = [store.series("unit-1", name, DataType.DOUBLE) for name in ("Fill/Percent", "Temperature")]
    store.commit_rows([(START, one, 1.0, GOOD) for one in series], [], START)
    assert store.prune(START + 1, 1) == 2


def test_what_comes_after_its_time_was_pruned_is_recognised_when_it_comes_twice(store: SqlStore) -> None:
    series = store.series("unit-1", "Fill/Percent", DataType.DOUBLE)
    assert store.prune(START + 100, 10) == 0
    late = [(START + 5, series, 1.0, GOOD)]
    assert store.commit_rows(late, [], START) == Committed(1, 0, 0)
    assert store.prune(START + 200, 10) == 0
    assert store.commit_rows(late, [], START) == Committed(0, 1, 0)


def test_a_moved_reading_is_forgotten_with_its_place(store: SqlStore) -> None:
    series = store.series("unit-1", "Fill/Percent", DataType.DOUBLE)
    store.commit_rows([], [], START, [Moved((START, series, 1.0, GOOD), START + 50)])
    assert store.prune(START + 1, 10) == 1
    assert store.commit_rows([(START + 50, series, 1.0, GOOD)], [], START) == Committed(1, 0, 0)


def test_too_short_a_time_is_refused() -> None:
    text = FACILITY.format(port=1883) + "\n[store]\nkeep_raw_days = "
    for days in (0, 31, 730):
        check(parse(f"{text}{days}", Facility, "facility.toml"), "facility.toml")
    with pytest.raises(ConfigError, match="keep_raw_days: found 7, allowed: 31 or more, or 0"):
        check(parse(f"{text}7", Facility, "facility.toml"), "facility.toml")
    with pytest.raises(ConfigError, match="keep_occupancy_days: found 30"):
        check(parse(f"{text}0\nkeep_occupancy_days = 30", Facility, "facility.toml"), "facility.toml")


def test_the_readings_of_some_assets_are_dropped_and_their_hours_stay(store: SqlStore) -> None:
    room, unit = (store.series(asset, "Occupancy/Count", DataType.INT64) for asset in ("room", "unit-1"))
    store.commit_rows([(START + n, series, n, GOOD) for n in range(3) for series in (room, unit)], [], START)
    assert store.drop_readings({"room"}, START, START + 2)
    assert [point.value for point in store.raw("room", "Occupancy/Count", 0, 2**62, 10)] == [2]
    assert [point.value for point in store.raw("unit-1", "Occupancy/Count", 0, 2**62, 10)] == [0, 1, 2]
    assert store.hourly("room", "Occupancy/Count", 0, 2**60)[0].count == 3
    assert store.noted(THINNED_READINGS) == START + 2
