"""What every store must do: the same as a dictionary in plain Python."""

from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.time import DAY_MS, HOUR_MS, day_number, midnight
from sukusuku_server.model.series import Bucket, Latest, Point, Quarantined, RoomHour, Row, Tally, Unassigned
from sukusuku_server.timeseries import thinned_key
from sukusuku_server.timeseries.protocols import Store
from tests.server.timeseries.conftest import Open
from tests.support.stores import commit

START = 1_800_000_000_000 // HOUR_MS * HOUR_MS
SERIES = (
    ("unit-1", "Fill/Percent", DataType.DOUBLE),
    ("unit-1", "Cycles/Total", DataType.INT64),
    ("unit-1", "Lid/Open", DataType.BOOLEAN),
    ("unit-1", "Info/Serial", DataType.STRING),
    ("room", "Occupancy/Count", DataType.INT64),
)


@dataclass
class Model:
    """The store in plain Python."""

    rows: dict[tuple[int, int], tuple[Value | None, int]] = field(default_factory=dict)
    newest: dict[int, tuple[int, Value | None, int, int]] = field(default_factory=dict)

    def add(self, rows: list[Row], received: int) -> int:
        """How many rows were new."""
        stored = 0
        for time, series, value, quality in rows:
            if (series, time) in self.rows:
                continue
            self.rows[series, time] = (value, quality)
            stored += 1
            if series not in self.newest or time > self.newest[series][0]:
                self.newest[series] = (time, value, quality, received)
        return stored

    def raw(self, wanted: int) -> list[Point]:
        return [
            Point(time, value, Quality(quality))
            for (series, time), (value, quality) in sorted(self.rows.items(), key=lambda item: item[0])
            if series == wanted
        ]

    def latest(self, wanted: int) -> Latest | None:
        if wanted not in self.newest:
            return None
        time, value, quality, received = self.newest[wanted]
        good = max((point.time for point in self.raw(wanted) if point.quality is Quality.GOOD), default=None)
        numeric = SERIES[wanted - 1][2] is not DataType.STRING
        return Latest(
            time,
            value,
            Quality(quality),
            received,
            good_before=good if numeric and quality != Quality.GOOD else None,
        )

    def hourly(self, wanted: int) -> list[Bucket]:
        hours: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for point in self.raw(wanted):
            if point.quality is Quality.GOOD and isinstance(point.value, int | float):
                hours[point.time // HOUR_MS].append((point.time, float(point.value)))
        return [
            Bucket(
                hour * HOUR_MS,
                len(found),
                sum(value for _, value in found) / len(found),
                min(value for _, value in found),
                max(value for _, value in found),
                found[-1][1],
            )
            for hour, found in sorted(hours.items())
        ]


_VALUES: dict[DataType, st.SearchStrategy[Value]] = {
    DataType.DOUBLE: st.floats(-1e9, 1e9),
    DataType.INT64: st.one_of(st.integers(0, 3), st.integers(-(2**63), 2**63 - 1)),
    DataType.BOOLEAN: st.booleans(),
    DataType.STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
}


@st.composite
def _row(draw: st.DrawFn) -> tuple[int, int, Value | None, int]:
    index = draw(st.integers(0, len(SERIES) - 1))
    value = draw(st.one_of(_VALUES[SERIES[index][2]], st.none()))
    quality = draw(st.sampled_from([192, 192, 192, 0, 500])) if value is not None else draw(st.sampled_from([0, 500]))
    time = START + draw(st.integers(0, 2)) * HOUR_MS + draw(st.integers(0, 40)) * 60_000
    return time, index, value, quality


EXAMPLES = {"sqlite": 80, "influx": 10, "postgres": 8, "packed": 40, "packed postgres": 6}
"""Each example has a store of its own; with the others that takes a tenth or half a second."""


def test_any_batches_give_what_plain_python_gives(open_store: Open, request: pytest.FixtureRequest) -> None:
    """Duplicates inside a batch and between batches, late data, all types."""

    @given(batches=st.lists(st.lists(_row(), max_size=200), min_size=1, max_size=5))
    @settings(max_examples=EXAMPLES[request.node.callspec.params["open_store"]])
    def check(batches: list[list[Row]]) -> None:
        _check_batches(open_store(), batches)

    check()


def _check_batches(store: Store, batches: list[list[Row]]) -> None:
    model = Model()
    series = [store.series(*item) for item in SERIES]
    for received, batch in enumerate(batches):
        rows = [(time, series[index], value, quality) for time, index, value, quality in batch]
        committed = store.commit_rows(rows, [], received)
        stored = model.add(rows, received)
        assert (committed.stored, committed.duplicates) == (stored, len(rows) - stored)
        latest = store.latest()  # each time, so that it is kept up to date rather than read anew
    for (asset, metric, _), number in zip(SERIES, series, strict=True):
        points, expected = store.raw(asset, metric, 0, 2**62, 10_000), model.raw(number)
        assert points == expected
        assert [type(point.value) for point in points] == [type(point.value) for point in expected]
        newest = model.latest(number)
        found = latest.get(asset, {}).get(metric)
        assert found == newest
        assert type(found and found.value) is type(newest and newest.value)
        for bucket, wanted in zip(store.hourly(asset, metric, 0, 2**62), model.hourly(number), strict=True):
            assert (bucket.time, bucket.count) == (wanted.time, wanted.count)
            for name in ("mean", "low", "high", "last"):
                assert getattr(bucket, name) == pytest.approx(getattr(wanted, name), rel=1e-9, abs=4096)


def test_readings_are_stored_like_rows(open_store: Open) -> None:
    store = open_store()
    readings = [
        Reading("unit-1", "Lid/Open", START, value=True),
        Reading("unit-1", "Fill/Percent", START, 41.5),
        Reading("unit-1", "Fill/Percent", START + 1, None, Quality.BAD),
    ]
    assert commit(store, readings, START).stored == 3
    assert store.raw("unit-1", "Lid/Open", START, START + 1, 10) == [Point(START, value=True, quality=Quality.GOOD)]
    assert store.latest()["unit-1"]["Fill/Percent"].quality is Quality.BAD
    assert [bucket.mean for bucket in store.hourly("unit-1", "Fill/Percent", START, START + HOUR_MS)] == [41.5]


def test_a_series_may_begin_with_a_null_whatever_its_type(open_store: Open) -> None:
    store = open_store()
    commit(store, [Reading("unit", "Lid/Open", 1, None, Quality.STALE), Reading("unit", "Lid/Open", 2, value=False)], 0)
    assert store.raw("unit", "Lid/Open", 2, 3, 1)[0].value is False
    commit(store, [Reading("unit", "Info/Serial", 1, None, Quality.STALE)], 0)

    commit(store, [Reading("unit", "Info/Serial", 2, "一号")], 0)

    assert [point.value for point in store.raw("unit", "Info/Serial", 0, 9, 9)] == [None, "一号"]
    assert store.hourly("unit", "Info/Serial", 0, 9) == []


def test_ranges_take_the_start_and_leave_the_end(open_store: Open) -> None:
    store = open_store()
    commit(store, [Reading("unit-1", "Fill/Percent", START + n * HOUR_MS, float(n)) for n in range(4)], START)
    raw = store.raw("unit-1", "Fill/Percent", START + HOUR_MS, START + 3 * HOUR_MS, 10)
    hours = store.hourly("unit-1", "Fill/Percent", START + 1, START + 3 * HOUR_MS)
    assert [point.value for point in raw] == [1.0, 2.0]
    assert [bucket.mean for bucket in hours] == [1.0, 2.0]
    assert [point.value for point in store.raw("unit-1", "Fill/Percent", 0, 2**62, 3)] == [0.0, 1.0, 2.0]
    assert store.raw("nobody", "Fill/Percent", 0, 2**62, 3) == []


def test_five_minutes_and_days_are_summed_up_of_what_is_good(open_store: Open) -> None:
    store = open_store()
    day = midnight(day_number(START) + 1)
    times = [day - HOUR_MS, day - 60_000, day, day + 60_000, day + 300_000, day + 5 * HOUR_MS]
    commit(store, [Reading("unit-1", "Fill/Percent", time, float(n)) for n, time in enumerate(times)], START)
    commit(store, [Reading("unit-1", "Fill/Percent", day + 1, None, Quality.BAD)], START)
    assert store.daily("unit-1", "Fill/Percent", day - DAY_MS, day + DAY_MS) == [
        Bucket(day - DAY_MS, 2, 0.5, 0.0, 1.0, 1.0),
        Bucket(day, 4, 3.5, 2.0, 5.0, 5.0),
    ]
    assert store.daily("unit-1", "Fill/Percent", day - DAY_MS + 1, day + 1) == [Bucket(day, 4, 3.5, 2.0, 5.0, 5.0)]
    assert store.five_minutes("unit-1", "Fill/Percent", day, day + HOUR_MS) == [
        Bucket(day, 2, 2.5, 2.0, 3.0, 3.0),
        Bucket(day + 300_000, 1, 4.0, 4.0, 4.0, 4.0),
    ]


def test_the_quarantine_shows_the_newest_first(open_store: Open) -> None:
    store = open_store()
    items = [Quarantined(n, "topic", "reason", f"detail {n}", bytes([n])) for n in range(5)]
    assert commit(store, [], START, items).quarantined == 5
    assert store.quarantine(3) == [items[4], items[3], items[2]]
    assert store.tallies() == [Tally("reason", 5, 0, 4)]
    assert store.tallies(3) == [Tally("reason", 2, 3, 4)]
    assert store.tallies(5) == []


def test_notes_are_kept(open_store: Open) -> None:
    store = open_store()
    assert store.noted("state") is None
    store.note("state", 5)
    store.note("state", 7)
    assert store.noted("state") == 7


def test_latest_that_was_handed_out_does_not_change(open_store: Open) -> None:
    store = open_store()
    commit(store, [Reading("unit-1", "Fill/Percent", START, 1.0)], START)
    before = store.latest()["unit-1"]
    commit(store, [Reading("unit-1", "Fill/Percent", START + 1, 2.0)], START)
    assert before["Fill/Percent"].value == 1.0
    assert store.latest()["unit-1"]["Fill/Percent"].value == 2.0


def test_the_latest_values_of_the_dead_are_stale_until_they_are_born_again(open_store: Open) -> None:
    store = open_store()
    commit(store, [Reading("unit-1", "State", START, 1), Reading("unit-2", "State", START, 1)], START)
    store.mark_offline({"unit-1": START + 5, "tobu-pi": START + 5})
    assert store.latest()["unit-1"]["State"] == Latest(START, 1, Quality.GOOD, START, START + 5)
    assert store.latest()["unit-2"]["State"].stale_since is None
    commit(store, [Reading("unit-1", "Lid/Open", START, value=True), Reading("tobu-pi", "State", START, 1)], START)
    assert {item.stale_since for item in store.latest()["unit-1"].values()} == {START + 5}
    assert store.latest()["tobu-pi"]["State"].stale_since == START + 5
    store.mark_offline({"unit-1": None})
    assert {item.stale_since for item in store.latest()["unit-1"].values()} == {None}
    assert [point.quality for point in store.raw("unit-1", "State", 0, 1 << 62, 10)] == [Quality.GOOD]


def test_a_scan_has_the_readings_of_several_assets_in_order_of_time(open_store: Open) -> None:
    store = open_store()
    readings = [
        Reading("unit-1", "Fill/Percent", START + 2, 20.5),
        Reading("unit-2", "Lid/Open", START + 1, value=True),
        Reading("room", "Occupancy/Count", START + 3, 4),
        Reading("unit-1", "Info/Serial", START + 4, "一号"),
        Reading("unit-1", "Fill/Percent", START + 5, None, Quality.BAD),
    ]
    assert store.first() is None
    commit(store, readings, START)
    found = store.scan({"unit-1", "unit-2"}, START, START + 5)
    assert found == [readings[1], readings[0], readings[3]]
    assert found[0].value is True
    assert store.scan({"unit-1"}, START + 5, START + 6) == [readings[4]]
    assert store.scan(set(), 0, 2**62) == []
    assert store.first() == START + 1


def test_a_stretch_of_derived_points_is_replaced(open_store: Open) -> None:
    store = open_store()
    grid = [START + n * 300_000 for n in range(6)]

    def points(times: list[int], value: float, metric: str = "Fill/Estimate") -> list[Reading]:
        return [Reading("unit-1", metric, time, value) for time in times]

    store.put_derived("unit-1", START - 1, grid[5], points(grid, 1.0) + points(grid, 7.0, "Bag/Age"))
    store.put_derived("unit-2", START - 1, grid[5], [Reading("unit-2", "Fill/Estimate", grid[2], 9.0)])
    assert [it.value for it in store.derived("unit-1", "Fill/Estimate", START, grid[5])] == [1.0] * 5

    store.put_derived("unit-1", grid[1], grid[4], points(grid[2:4], 2.0))

    found = store.derived("unit-1", "Fill/Estimate", START, grid[5] + 1)
    assert [(it.time, it.value) for it in found] == [
        (grid[0], 1),
        (grid[1], 1),
        (grid[2], 2),
        (grid[3], 2),
        (grid[5], 1),
    ]
    assert [it.time for it in store.derived("unit-1", "Bag/Age", 0, 2**62)] == [grid[0], grid[1], grid[5]]
    assert [it.value for it in store.derived("unit-2", "Fill/Estimate", 0, 2**62)] == [9.0]


@pytest.mark.parametrize("name", ["site/tobu", "round/main", "host/sukusuku"])
def test_derived_points_need_not_be_of_an_asset(open_store: Open, name: str) -> None:
    store = open_store()
    metrics = ("Emptied/Bags", "Emptyings/unit-1/Level")
    points = [Reading(name, metric, START + n * 60_000, float(n)) for metric in metrics for n in range(3)]
    commit(store, [Reading("unit-1", "Fill/Percent", START, 5.0)], START)
    store.put_derived("unit-1", START - 1, START, [Reading("unit-1", "Fill/Estimate", START, 5.0)])
    store.put_derived(name, START - 1, START + 120_000, points)
    store.put_derived(name, START, START + 60_000, [Reading(name, "Emptied/Bags", START + 60_000, 9.0)])
    assert [it.value for it in store.derived(name, "Emptied/Bags", START, START + 120_001)] == [0.0, 9.0, 2.0]
    assert [it.value for it in store.derived(name, "Emptyings/unit-1/Level", 0, 2**62)] == [0.0, 2.0]
    assert store.derived_latest()[name]["Emptied/Bags"].value == 2.0
    assert [it.value for it in store.derived("unit-1", "Fill/Estimate", 0, 2**62)] == [5.0]
    assert set(store.latest()) == {"unit-1"}
    assert not store.late()


def test_what_comes_late_is_told_until_it_is_settled(open_store: Open) -> None:
    store = open_store()
    commit(store, [Reading("unit-1", "Fill/Percent", START, 1.0)], START + HOUR_MS)
    [late] = store.late()
    assert (late.asset, late.since) == ("unit-1", START)
    commit(store, [Reading("unit-1", "Fill/Percent", START - 1, 1.0)], START + HOUR_MS)
    store.settle([late])
    [again] = store.late()
    assert again.since == START - 1
    store.settle([again])
    assert store.late() == []


def test_messages_wait_until_they_are_assigned(open_store: Open) -> None:
    store = open_store()
    items = [Unassigned(n, f"topic/{n % 2}", "unknown", "half\0a text", bytes([n])) for n in range(4)]
    items.append(Unassigned(9, "topic/0", "unknown", "", b"x", clock_set=False))
    store.commit_rows([], [], START, unassigned=items)
    assert {(it.topic, it.count, it.first, it.last) for it in store.unassigned()} == {
        ("topic/0", 3, 0, 9),
        ("topic/1", 2, 1, 3),
    }
    waiting = store.waiting("topic/0", 0, 10)
    assert [(it.received, it.payload, bool(it.clock_set)) for _, it in waiting] == [
        (0, b"\0", True), (2, b"\2", True), (9, b"x", False),
    ]  # fmt: skip
    assert [it.received for it in store.newest_unassigned("topic/0", 2)] == [9, 2]
    store.assigned([number for number, _ in waiting[:2]])
    assert [it.received for _, it in store.waiting("topic/0", 0, 10)] == [9]


def test_numbers_are_noted_together_and_found_by_how_their_names_begin(open_store: Open) -> None:
    store = open_store()
    store.note_all({"a/1": 1, "a/2": 2, "b": 3})
    store.note_all({"a/2": 1 << 60})
    assert store.noted_under("a/") == {"a/1": 1, "a/2": 1 << 60}


def test_the_past_of_a_room_is_thinned_out(open_store: Open) -> None:
    store = open_store()
    times = [START + n * 300_000 for n in range(24)]
    store.put_derived("room", START - 1, times[-1], [Reading("room", "People", time, 1.0) for time in times])
    hours = [RoomHour("people", START + n * HOUR_MS, b"\0sums") for n in range(2)]
    store.thin("room", START, START + 2 * HOUR_MS, [Reading("room", "People", START, 2.0)], hours)
    store.thin("room", START, START + 2 * HOUR_MS, [Reading("room", "People", START, 3.0)], hours)
    assert [point.value for point in store.derived("room", "People", 0, 2**60)] == [3.0]
    assert store.room_hours("room", START, START + HOUR_MS) == hours[:1]
    assert store.noted(thinned_key("room")) == START + 2 * HOUR_MS
    assert store.first_derived("People") == {"room": START}
    assert store.derived_metrics("room") == ["People"]
