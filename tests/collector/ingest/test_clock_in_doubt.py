"""What is stored while the collector's own clock is in doubt: what the edge nodes say, at the time that they say."""

import pytest

from sukusuku_collector.clock.judge import Instant
from sukusuku_collector.clock.trusted import TrustedClock
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.scripted_edge import NOW, Time, acknowledges, reasons, values
from tests.collector.ingest.test_time import WrongClock
from tests.collector.small_facility import facility


class Computer:
    """The computer of the collector, whose clock is off by what the test sets."""

    def __init__(self, time: Time, offset: int) -> None:
        self.time, self.offset = time, offset

    def __call__(self) -> Instant:
        return Instant(self.time.now + self.offset, self.time.now - NOW + HOUR_MS, 1)

    def ntp(self) -> bool:
        return False


@pytest.mark.parametrize("offset", [-14 * DAY_MS, -10 * MINUTE_MS, 2 * HOUR_MS, 3 * 365 * DAY_MS])
def test_readings_keep_their_time_and_quality(store: SqliteStore, offset: int) -> None:
    time = Time()
    clock = TrustedClock(Computer(time, offset), store, ["tobu-pi"])
    ingest = Ingest(facility(), store, clock, clock)
    edge = WrongClock(ingest, time, 0)
    assert acknowledges(ingest.process(edge.birth(synced=True, fill=40.0)))
    time.now += 10_000
    assert acknowledges(ingest.process([edge.fill((time.now - 1_000, 41.0), (time.now, 42.0))]))
    assert not clock.sure()
    expected = [(NOW, 40.0), (NOW + 9_000, 41.0), (NOW + 10_000, 42.0)]
    assert values(store, "Fill/Percent") == [(at, value, Quality.GOOD) for at, value in expected]
    assert reasons(store) == []
    assert store.latest()["unit-1"]["Fill/Percent"].received == NOW + 10_000


def test_a_clock_that_is_not_set_is_judged_by_the_others(store: SqliteStore) -> None:
    time = Time()
    clock = TrustedClock(Computer(time, -DAY_MS), store, ["tobu-pi", "seibu-pi"])
    ingest = Ingest(facility(), store, clock, clock)
    clock.heard("seibu-pi", NOW)
    edge = WrongClock(ingest, time, -5 * HOUR_MS)
    ingest.process(edge.birth(synced=False))
    time.now += 10_000
    ingest.process([edge.fill((edge.now - 2_000, 11.0))])
    assert values(store, "Fill/Percent") == [(NOW + 8_000, 11.0, Quality.GOOD)]


def test_an_impossible_time_is_no_more_believed_than_before(store: SqliteStore) -> None:
    time = Time()
    clock = TrustedClock(Computer(time, -DAY_MS), store, ["tobu-pi"])
    ingest = Ingest(facility(), store, clock, clock)
    edge = WrongClock(ingest, time, 0)
    ingest.process(edge.birth(synced=True))
    ingest.process([edge.fill((77, 1.0), (NOW + HOUR_MS, 2.0))])
    assert values(store, "Fill/Percent") == [(NOW, 1.0, Quality.BAD), (NOW + 1, 2.0, Quality.BAD)]
