"""Hours in little room come back bit for bit, and what comes late adds up with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.series import Bucket
from sukusuku_server.timeseries import packed_hours
from sukusuku_server.timeseries.chunks import DamagedError
from sukusuku_server.timeseries.packed_hours import Hour
from sukusuku_server.timeseries.sql_store import SqlStore
from tests.server.timeseries.packing import pack

START = 768 * 600 * HOUR_MS
GOOD, BAD = int(Quality.GOOD), int(Quality.BAD)
NUMBERS = st.one_of(st.floats(allow_nan=False), st.integers(0, 1000).map(lambda n: n / 10))
HOURS = st.lists(
    st.builds(Hour, st.integers(0, 800), st.integers(1, 99), NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 9)),
    min_size=1,
    unique_by=lambda hour: hour.hour,
).map(lambda hours: sorted(hours, key=lambda hour: hour.hour))
LEVEL = ("unit-1", "Fill/Percent")


@given(HOURS)
def test_hours_come_back_bit_for_bit(hours: list[Hour]) -> None:
    data = packed_hours.encode(hours)
    assert repr(packed_hours.decode(data)) == repr(hours)
    told = [Bucket(it.hour * HOUR_MS, it.count, it.sum / it.count, it.low, it.high, it.last) for it in hours]
    assert repr(packed_hours.buckets(data, 0, 801)) == repr(told)
    assert packed_hours.buckets(data, 100, 300) == [it for it in told if 100 <= it.time // HOUR_MS < 300]


def test_damaged_hours_are_found() -> None:
    data = packed_hours.encode([Hour(1, 1, 1.0, 1.0, 1.0, 1.0, 1)])
    with pytest.raises(DamagedError):
        packed_hours.decode(data[:-3])


def fill(store: SqlStore, hours: range, value: float = 0.0) -> None:
    number = store.series(*LEVEL, DataType.DOUBLE)
    store.commit_rows([(START + hour * HOUR_MS + 5, number, hour + value, GOOD) for hour in hours], (), START)


def test_late_readings_add_up_with_packed_hours(store: SqlStore) -> None:
    fill(store, range(800))
    pack(store)
    number = store.series(*LEVEL, DataType.DOUBLE)
    store.commit_rows([(START + 10 * HOUR_MS + 9, number, 50.0, GOOD)], (), START)
    late = Bucket(START + 10 * HOUR_MS, 2, 30.0, 10.0, 50.0, 50.0)
    assert store.hourly(*LEVEL, 0, 1 << 60)[10] == late
    pack(store)
    assert store.hourly(*LEVEL, START + 10 * HOUR_MS, START + 11 * HOUR_MS) == [late]
    assert [it.time for it in store.hourly(*LEVEL, 0, 1 << 60)] == [START + n * HOUR_MS for n in range(800)]


def test_the_newest_hour_stays_so_that_the_last_good_value_is_known_at_once(store: SqlStore) -> None:
    fill(store, range(5))
    store.commit_rows([(START + DAY_MS, store.series(*LEVEL, DataType.DOUBLE), None, BAD)], (), START)
    pack(store)
    assert store._all("SELECT hour - ? FROM hourly", (START // HOUR_MS,)) == [(4,)]
    assert store.latest()["unit-1"]["Fill/Percent"].good_before == START + 4 * HOUR_MS + 5


def test_a_long_past_is_packed_in_short_transactions(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever commits waits for one of them."""
    monkeypatch.setattr(packed_hours, "HOURS", 1)
    fill(store, range(2000))
    told = store.hourly(*LEVEL, 0, 1 << 60)
    left = [2000]
    while store.compact(START + 3000 * HOUR_MS):
        left += [count for (count,) in store._all("SELECT count(*) FROM hourly") if count != left[-1]]
    assert left == [2000, 2000 - 768, 2000 - 2 * 768, 1]
    assert store.hourly(*LEVEL, 0, 1 << 60) == told


def test_the_hours_of_others_are_packed_beside_damaged_ones_and_it_is_told(store: SqlStore) -> None:
    fill(store, range(3))
    pack(store)
    with store._database.transaction() as run:
        run.execute("UPDATE packed_hour SET data = ?", (b"x",))
    store.commit_rows([(START + HOUR_MS + 9, store.series(*LEVEL, DataType.DOUBLE), 1.0, GOOD)], (), START)
    other = store.series("unit-2", "Fill/Percent", DataType.DOUBLE)
    store.commit_rows([(START + hour * HOUR_MS, other, 1.0, GOOD) for hour in range(3)], (), START)
    for _ in range(2):
        with pytest.raises(DamagedError, match="packed hours are damaged"):
            pack(store)
    assert store._all("SELECT series, count(*) FROM hourly GROUP BY series ORDER BY series") == [(1, 2), (2, 1)]
    assert len(store.hourly("unit-2", "Fill/Percent", 0, 1 << 60)) == 3
