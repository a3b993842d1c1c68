"""Any course of events, and several at the same time: lost 0, nothing twice."""

import contextlib
import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.timeseries.influx.shipper import LAG_MS, MARK_MS
from tests.server.timeseries.influx.shipping_rig import ASSETS, FIVE_MINUTES_MS, START, MakeRig, Rig, busy, fills
from tests.support.influx_v2 import Answer


def _live(rig: Rig, number: int) -> None:
    rig.commit(*fills(range(rig.now - 2_000, rig.now - 2_000 + number * 50, 50)))


def _late(rig: Rig, minutes: list[int]) -> None:
    times = [rig.now + minute * MINUTE_MS for minute in minutes]
    rig.commit(*(reading for time in times for reading in fills(range(time, time + 3), "unit-2")))


def _derive(rig: Rig, minutes: int) -> None:
    start = (rig.now + minutes * MINUTE_MS) // FIVE_MINUTES_MS * FIVE_MINUTES_MS
    grid = range(start, rig.now, FIVE_MINUTES_MS * (1 + minutes % 3))
    rig.store.put_derived(
        "unit-1", start - 1, rig.now, [Reading("unit-1", "Fill/Estimate", time, float(rig.now % 97)) for time in grid]
    )


def _pass(rig: Rig, ms: int) -> None:
    rig.now += ms


def _step(rig: Rig, number: int) -> None:
    with contextlib.suppress(TransientError):
        for _ in range(number):
            rig.shipper.step()


def _trouble(rig: Rig, writes: int) -> None:
    rig.server.adapter.trouble = busy(writes, Answer(503))


def _restart(rig: Rig, _: int) -> None:
    rig.restart()


def _wipe(rig: Rig, _: int) -> None:
    rig.server.drop(rig.database)
    rig.server.create(rig.database)


Event = Callable[[Rig, Any], None]
MINUTES = st.integers(-240, 0)
EVENTS: st.SearchStrategy[tuple[Event, Any]] = st.one_of(
    st.tuples(st.just(_live), st.integers(1, 40)),
    st.tuples(st.just(_late), st.lists(MINUTES, min_size=1, max_size=8)),
    st.tuples(st.just(_derive), MINUTES),
    st.tuples(st.just(_pass), st.sampled_from([1_000, 30_000, 400_000, 4_000_000, 50_000_000])),
    st.tuples(st.just(_step), st.integers(1, 4)),
    st.tuples(st.just(_trouble), st.integers(1, 3)),
    st.tuples(st.sampled_from([_restart, _wipe]), st.just(0)),
)


def test_any_course_of_events_loses_nothing(make_rig: MakeRig) -> None:
    @given(st.lists(EVENTS, min_size=3, max_size=20))
    @settings(max_examples=15)
    def check(events: list[tuple[Event, Any]]) -> None:
        rig = make_rig(batch=7)
        for event, how in events:
            event(rig, how)
        rig.server.adapter.trouble = None
        rig.now += MARK_MS
        rig.ship()
        rig.check()
        rig.server.drop(rig.database)

    check()


def test_readings_that_are_committed_while_others_are_shipped_arrive_too(make_rig: MakeRig) -> None:
    rig = make_rig(batch=50)
    chance = random.Random(11)
    ahead = threading.Semaphore(20)  # commits that may come before the next step, so that neither side starves
    shipped = threading.Event()

    def commit() -> None:
        for number in itertools.count():
            ahead.acquire()
            if shipped.is_set():
                break
            times = {rig.now - chance.randrange(2 * LAG_MS) for _ in range(8)}
            asset = ASSETS[number % 2]
            rig.commit(*(Reading(asset, "Fill/Percent", time, chance.random() * 100) for time in times))
            rig.now += chance.randrange(2_000)

    writer = threading.Thread(target=commit)
    writer.start()
    try:
        while rig.shipper.progress().until <= START + 10 * LAG_MS:
            rig.shipper.step()
            ahead.release(3)
    finally:
        shipped.set()
        ahead.release()
        writer.join()
    rig.ship()
    rig.check()
