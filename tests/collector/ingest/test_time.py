"""Clocks that are wrong, or not set; and what edge nodes say of readings they had to drop."""

import logging
from collections.abc import Sequence

import pytest

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality, Value
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message
from sukusuku_server.model.series import Committed
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.ingest.scripted_edge import NOW, Edge, Time, acknowledges, ddata, reasons, values

HOUR = 3_600_000


class WrongClock:
    """An edge node whose clock is off by `error` ms, message by message."""

    def __init__(self, ingest: Ingest, time: Time, error: int) -> None:
        self.ingest, self.time, self.error = ingest, time, error
        self.seq = 0

    @property
    def now(self) -> int:
        return self.time.now + self.error

    def say(self, kind: str, metrics: Sequence[Metric], asset: str = "") -> Message:
        tail = f"/{asset}" if asset else ""
        body = sparkplug.encode(Payload(self.now, tuple(metrics), self.seq))
        self.seq += 1
        return Message(f"spBv1.0/toshima/{kind}/tobu-pi{tail}", body)

    def birth(self, *, synced: bool, fill: float | None = None, fill_time: int | None = None) -> list[Message]:
        self.seq = 0
        control: list[tuple[str, Value, DataType]] = [
            (sparkplug.BDSEQ, 0, DataType.INT64),
            (sparkplug.ACK_BIRTH, 0, DataType.INT64),
            (sparkplug.ACK_COUNT, 0, DataType.INT64),
            ("Clock/Synced", synced, DataType.BOOLEAN),
        ]
        return [
            self.say("NBIRTH", [Metric(name, value, self.now, datatype) for name, value, datatype in control]),
            self.say("DBIRTH", [Metric("Fill/Percent", fill, fill_time or self.now, DataType.DOUBLE)], "unit-1"),
        ]

    def fill(self, *readings: tuple[int, float], historical: bool = False) -> Message:
        metrics = [Metric("Fill/Percent", value, time, None, historical) for time, value in readings]
        return self.say("DDATA", metrics, "unit-1")


# ---------------------------------------------------------------- times outside the window


def test_a_reading_from_a_wrong_clock_is_kept_at_its_receipt_as_bad(
    store: SqliteStore, ingest: Ingest, edge: Edge
) -> None:
    times = [0, 1000, 4_102_444_800_000, 2**64 - 1]
    outcome = ingest.process([ddata(3, *(Metric("Fill/Percent", float(n), time) for n, time in enumerate(times)))])
    assert outcome.committed == Committed(4, 0, 1)
    assert acknowledges(outcome)
    assert values(store, "Fill/Percent") == [(NOW + n, float(n), Quality.BAD) for n in range(4)]
    assert store.hourly("unit-1", "Fill/Percent", 0, 2**62) == []
    assert reasons(store) == ["timestamp"]
    assert "stored at" in store.quarantine(1)[0].detail
    assert ingest.counts["timestamp"] == 4


def test_it_is_stored_once_when_it_comes_again_later(
    store: SqliteStore, ingest: Ingest, edge: Edge, time: Time
) -> None:
    ingest.process([ddata(3, Metric("Fill/Percent", 1.0, 77))])
    time.now += 60_000
    again = ddata(4, Metric("Fill/Percent", 1.0, 77, None, historical=True), Metric("Fill/Percent", 2.0, 78))
    assert ingest.process([again]).committed == Committed(1, 1, 1)
    assert values(store, "Fill/Percent") == [(NOW, 1.0, Quality.BAD), (NOW + 60_000, 2.0, Quality.BAD)]


def test_it_is_stored_once_when_its_own_time_is_believed_by_then(
    store: SqliteStore, ingest: Ingest, time: Time
) -> None:
    """A clock six minutes ahead; the acknowledgement is lost; two minutes later its time is within bounds."""
    node = WrongClock(ingest, time, 360_000)
    measured = node.now
    ingest.process([*node.birth(synced=True), node.fill((measured, 50.0))])
    time.now += 120_000
    outcome = ingest.process([*node.birth(synced=True), node.fill((measured, 50.0), historical=True)])
    assert acknowledges(outcome)
    assert values(store, "Fill/Percent") == [(NOW, 50.0, Quality.BAD)]
    assert store.hourly("unit-1", "Fill/Percent", 0, 2**62) == []


def test_a_message_without_any_time_is_refused(store: SqliteStore, ingest: Ingest, edge: Edge) -> None:
    body = sparkplug.encode(Payload(None, (Metric("Fill/Percent", 1.0),), 3))
    assert acknowledges(ingest.process([Message("spBv1.0/toshima/DDATA/tobu-pi/unit-1", body)]))
    assert reasons(store) == ["timestamp"]
    assert store.latest() == {}


# ---------------------------------------------------------------- a clock that is not set


@pytest.mark.parametrize("error", [-5 * HOUR, 2 * HOUR, -NOW + 1_000_000_000])
def test_a_clock_that_is_not_set_is_judged_by_the_receipt(
    store: SqliteStore, ingest: Ingest, time: Time, error: int
) -> None:
    edge = WrongClock(ingest, time, error)
    ingest.process(edge.birth(synced=False))
    ingest.process([edge.fill((edge.now, 10.0))])
    time.now += 10_000
    ingest.process([edge.fill((edge.now - 2_000, 11.0), (edge.now, 12.0))])
    expected = [(NOW, 10.0), (NOW + 8_000, 11.0), (NOW + 10_000, 12.0)]
    assert values(store, "Fill/Percent") == [(at, value, Quality.GOOD) for at, value in expected]
    assert store.quarantine(10) == []


def test_what_was_placed_by_receipt_is_not_stored_again(store: SqliteStore, ingest: Ingest, time: Time) -> None:
    edge = WrongClock(ingest, time, -5 * HOUR)
    first = edge.now
    ingest.process(edge.birth(synced=False))
    ingest.process([edge.fill((first, 10.0))])
    time.now += 7_000
    ingest.process([*edge.birth(synced=False, fill=10.0, fill_time=first), edge.fill((first, 10.0), historical=True)])
    edge.error = 0
    time.now += 7_000
    ingest.process([*edge.birth(synced=True, fill=10.0, fill_time=first), edge.fill((first, 10.0), historical=True)])
    assert values(store, "Fill/Percent") == [(NOW, 10.0, Quality.GOOD)]


def test_once_the_clock_is_set_its_times_hold_again(store: SqliteStore, ingest: Ingest, time: Time) -> None:
    edge = WrongClock(ingest, time, -5 * HOUR)
    ingest.process(edge.birth(synced=False))
    edge.error = 0
    ingest.process([edge.say("NDATA", [Metric("Clock/Synced", value=True, timestamp=edge.now)])])
    live, old = edge.fill((NOW - 200_000, 10.0)), edge.fill((NOW - 500_000, 9.0), historical=True)
    ingest.process([live, old])
    assert values(store, "Fill/Percent") == [
        (NOW - 500_000, 9.0, Quality.GOOD),
        (NOW - 200_000, 10.0, Quality.GOOD),
    ]


def test_an_old_word_about_the_clock_changes_nothing(store: SqliteStore, ingest: Ingest, time: Time) -> None:
    edge = WrongClock(ingest, time, 0)
    ingest.process(edge.birth(synced=True))
    ingest.process(
        [edge.say("NDATA", [Metric("Clock/Synced", value=False, timestamp=NOW - HOUR, historical=True)])],
    )
    edge.error = -5 * HOUR  # as a backlog may look
    ingest.process([edge.fill((NOW - HOUR, 10.0))])
    assert values(store, "Fill/Percent") == [(NOW - HOUR, 10.0, Quality.GOOD)]


def test_a_clock_that_is_right_but_cannot_prove_it_is_believed(store: SqliteStore, ingest: Ingest, time: Time) -> None:
    edge = WrongClock(ingest, time, -3_000)
    ingest.process(edge.birth(synced=False))
    ingest.process([edge.fill((NOW - 4 * HOUR, 10.0), historical=True), edge.fill((NOW - 3_000, 11.0))])
    assert values(store, "Fill/Percent") == [(NOW - 4 * HOUR, 10.0, Quality.GOOD), (NOW - 3_000, 11.0, Quality.GOOD)]


# ---------------------------------------------------------------- losses


def test_a_loss_record_is_stored_and_told_once(
    store: SqliteStore, ingest: Ingest, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    edge = WrongClock(ingest, time, 0)
    ingest.process(edge.birth(synced=True))
    text = '{"from":1799999000000,"to":1799999600000,"assets":["unit-1","room"]}'
    record = [Metric("Buffer/Dropped", 40, NOW), Metric("Buffer/DroppedRange", text, NOW)]
    for _ in range(2):
        ingest.process([edge.say("NDATA", record)])
    assert store.latest()["tobu-pi"]["Buffer/Dropped"].value == 40
    assert store.latest()["tobu-pi"]["Buffer/DroppedRange"].value == text
    (told,) = [item.getMessage() for item in caplog.records if item.levelno == logging.ERROR]
    assert told.startswith("edge node tobu-pi had to drop readings because its buffer was full: unit-1, room, measured")


def test_a_loss_record_that_cannot_be_read_is_told_as_it_is(
    store: SqliteStore, ingest: Ingest, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    edge = WrongClock(ingest, time, 0)
    ingest.process(edge.birth(synced=True))
    ingest.process([edge.say("NDATA", [Metric("Buffer/DroppedRange", "much", NOW)])])
    assert "full: much" in caplog.text
