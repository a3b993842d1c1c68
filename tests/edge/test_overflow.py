"""A full outbox: what goes, what stays, and that the loss is told exactly."""

import asyncio
import json
from collections import Counter as Tally
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.drop_record import DROPPED, DROPPED_RANGE
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.overflow import KEEP_EVERY, Bounds

R = TypeVar("R")
T = 1_760_000_400_000
MINUTE = 60_000


def fills(count: int, start: int = 0, asset: str = "unit-1", step: int = MINUTE) -> list[Reading]:
    return [Reading(asset, "Fill/Percent", T + n * step, float(n)) for n in range(start, start + count)]


def with_outbox(path: Path, work: Callable[[Outbox], Awaitable[R]], rows: int = 1000, size: int = 2**40) -> R:
    async def run() -> R:
        async with Outbox(path, rows, max_bytes=size, node="pi") as outbox:
            return await work(outbox)

    return asyncio.run(run())


async def waiting(outbox: Outbox) -> list[Reading]:
    return [reading for _, reading in await outbox.peek(0, 10**6)]


def records(found: list[Reading]) -> tuple[list[Value | None], list[dict[str, object]]]:
    totals = [item.value for item in found if item.metric == DROPPED]
    return totals, [json.loads(str(item.value)) for item in found if item.metric == DROPPED_RANGE]


def test_the_oldest_measured_values_are_thinned_to_one_in_ten_minutes_and_events_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events = [
        Reading("unit-1", "State", T, 1),
        Reading("unit-1", "Cycles/Total", T, 5),
        Reading("unit-1", "Fill/Percent", T - 1, None, Quality.STALE),
    ]

    async def work(outbox: Outbox) -> list[Reading]:
        await outbox.add([*events, *fills(997)], {})
        await outbox.add(fills(1, start=997), {})
        found = await waiting(outbox)
        assert (await outbox.stats()).rows == len(found)
        return found

    found = with_outbox(tmp_path / "o.db", work)

    assert found[:3] == events
    minutes = [(item.time - T) // MINUTE for item in found if item.metric == "Fill/Percent" and item.value is not None]
    assert minutes == [0, 10, *range(12, 998)]  # 1..9 and 11: ten readings, a hundredth of 1000
    totals, ranges = records(found)
    assert totals == [10]
    assert ranges == [{"from": T + MINUTE, "to": T + 11 * MINUTE, "assets": ["unit-1"]}]
    assert "the outbox is full: 10 of the oldest readings were thinned out, 10 in all" in caplog.text


def test_thinning_goes_on_where_it_ended_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    with_outbox(path, lambda outbox: outbox.add(fills(1000), {}))
    for n in range(60):
        more = fills(5, start=1000 + 5 * n)
        with_outbox(path, partial(Outbox.add, readings=more, counters={}))

    found = with_outbox(path, waiting)

    kept = [item.time for item in found if item.metric == "Fill/Percent"]
    totals, _ = records(found)
    assert len(kept) + int(str(totals[-1])) == 1300
    old = Tally(time // KEEP_EVERY for time in kept if time < T + 250 * MINUTE)
    assert set(old.values()) == {1}
    assert kept == sorted(kept)


def test_the_record_is_returned_like_any_row_and_its_times_rise(tmp_path: Path) -> None:
    async def work(outbox: Outbox) -> None:
        await outbox.add(fills(1000), {})
        first = await outbox.add(fills(1, start=2000), {})
        second = await outbox.add([*fills(20, start=1500)], {})
        for rows in (first, second):
            assert [reading.metric for _, reading in rows[-2:]] == [DROPPED, DROPPED_RANGE]
            assert [reading.asset for _, reading in rows[-2:]] == ["pi", "pi"]
            assert rows[-2:] == [row for row in await outbox.peek(0, 10**6) if row in rows[-2:]]
        assert second[-1][1].time == first[-1][1].time + 1  # though its readings are older

    with_outbox(tmp_path / "o.db", work)


def test_when_nothing_can_be_thinned_the_oldest_values_go_then_the_oldest_events_never_the_record(
    tmp_path: Path,
) -> None:
    async def work(outbox: Outbox) -> list[Reading]:
        sparse = fills(400, step=KEEP_EVERY)
        states = [Reading("unit-1", "State", T + n, n % 8) for n in range(600)]
        await outbox.add([*sparse, *states], {})
        for n in range(700):
            await outbox.add([Reading("unit-1", "State", T + 600 + n, n % 8)], {})
        return await waiting(outbox)

    found = with_outbox(tmp_path / "o.db", work)

    totals, ranges = records(found)
    states = [item.time - T for item in found if item.metric == "State"]
    assert not [item for item in found if item.metric == "Fill/Percent"]
    assert states == list(range(states[0], 1300))
    assert totals[-1] == 400 + states[0]
    assert len(totals) == len(ranges) > 1
    assert len(found) <= 1002


def test_the_file_stays_below_its_bound_in_bytes(tmp_path: Path) -> None:
    async def work(outbox: Outbox) -> list[Reading]:
        for n in range(0, 20_000, 500):
            await outbox.add(fills(500, start=n, step=1000), {})
        return await waiting(outbox)

    found = with_outbox(tmp_path / "o.db", work, rows=10**6, size=400_000)

    totals, _ = records(found)
    left = sum(item.metric == "Fill/Percent" for item in found)
    assert left + int(str(totals[-1])) == 20_000
    assert left > 2000
    assert (tmp_path / "o.db").stat().st_size < 600_000


@given(
    st.lists(
        st.tuples(st.sampled_from(["Fill/Percent", "State"]), st.sampled_from(["a", "b"]), st.integers(1, 40)),
        max_size=40,
    ),
    st.integers(10, 60),
)
@settings(max_examples=40)
def test_accepted_less_waiting_is_what_the_record_says(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]], rows: int
) -> None:
    time = T

    async def work(outbox: Outbox) -> None:
        nonlocal time
        accepted: set[Reading] = set()
        for metric, asset, count in steps:
            group = [Reading(asset, metric, time + n * MINUTE, n % 8) for n in range(count)]
            time += count * MINUTE
            accepted.update(reading for _, reading in await outbox.add(group, {}))
            found = await waiting(outbox)
            left = {item for item in found if item.asset != "pi"}
            lost = {item for item in accepted if item.asset != "pi"} - left
            totals, ranges = records(found)
            assert (await outbox.stats()).rows == len(found)
            assert len(left) <= rows
            assert (int(str(totals[-1])) if totals else 0) == len(lost)
            for item in lost:
                assert any(
                    int(str(told["from"])) <= item.time <= int(str(told["to"])) and item.asset in str(told["assets"])
                    for told in ranges
                )

    with_outbox(tmp_path_factory.mktemp("o") / "o.db", work, rows=rows)


@given(st.integers(0, 10**6), st.integers(1, 10**9))
def test_there_is_no_excess_within_the_bounds(rows: int, in_use: int) -> None:
    bounds = Bounds(max(rows, 1), in_use)

    assert bounds.excess(rows, in_use) == 0
    assert Bounds(max(rows, 1), 1).excess(rows + 1, 2) >= 1
