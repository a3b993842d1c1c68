"""Which readings are taken, marked bad or refused."""

import re

import pytest

from sukusuku_collector.ingest import validation
from sukusuku_collector.ingest.validation import Subject
from sukusuku_core import catalogue
from sukusuku_core.catalogue import Metric
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import AssetKind, Quality, Value
from sukusuku_core.time import EARLIEST_READING
from tests.collector.small_facility import facility

NOW = 1_800_000_000_000
UNIT = Subject("unit-1", AssetKind.UNIT, "tobu-pi")
ROOM = Subject("room", AssetKind.ROOM, "tobu-pi", frozenset({"eating"}))
PLAIN_ROOM = Subject("plain-room", AssetKind.ROOM, "tobu-pi")


def row(kind: AssetKind, name: str) -> Metric:
    found = catalogue.find(kind, name)
    assert found is not None
    return found


def test_subjects_are_the_assets_and_their_edge_nodes() -> None:
    found = {subject.id: subject for subject in validation.subjects(facility())}
    assert set(found) == {"unit-1", "unit-2", "room", "plain-room", "tobu-pi", "seibu-pi"}
    assert found["unit-1"] == UNIT
    assert found["room"] == ROOM
    assert found["tobu-pi"].kind is AssetKind.EDGE_NODE


@pytest.mark.parametrize(
    ("subject", "name"),
    [(UNIT, "Fill/Percent"), (ROOM, "Zones/eating/Count"), (PLAIN_ROOM, "Zones/anything/Count")],
)
def test_known_metrics_are_found(subject: Subject, name: str) -> None:
    assert validation.metric(subject, name) == row(subject.kind, name)


@pytest.mark.parametrize(
    ("subject", "name", "reason"),
    [
        (UNIT, "Fill/percent", "unknown-metric"),
        (UNIT, "Occupancy/Count", "unknown-metric"),
        (ROOM, "Zones/*/Count", "unknown-metric"),
        (PLAIN_ROOM, "Zones/*/Count", "unknown-metric"),
        (ROOM, "Zones//Count", "unknown-metric"),
        (ROOM, "Zones/kitchen/Count", "unknown-zone"),
    ],
)
def test_other_metrics_are_refused(subject: Subject, name: str, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        validation.metric(subject, name)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("name", "value", "quality", "expected"),
    [
        ("Fill/Percent", 42.5, Quality.GOOD, (42.5, Quality.GOOD)),
        ("Fill/Percent", 42, Quality.GOOD, (42.0, Quality.GOOD)),
        ("Fill/Percent", -20.0, Quality.GOOD, (-20.0, Quality.GOOD)),
        ("Fill/Percent", 150.1, Quality.GOOD, (150.1, Quality.BAD)),
        ("Fill/Percent", 150.1, Quality.STALE, (150.1, Quality.BAD)),
        ("Fill/Percent", 42.5, Quality.STALE, (42.5, Quality.STALE)),
        ("Fill/Percent", None, Quality.GOOD, (None, Quality.BAD)),
        ("Fill/Percent", None, Quality.STALE, (None, Quality.STALE)),
        ("State", 8, Quality.GOOD, (8, Quality.BAD)),
        ("State", -1, Quality.GOOD, (-1, Quality.BAD)),
        ("Lid/Open", True, Quality.GOOD, (True, Quality.GOOD)),
        ("Info/Serial", "A1", Quality.GOOD, ("A1", Quality.GOOD)),
        ("State", 3.0, Quality.GOOD, (3, Quality.GOOD)),
        ("State", 9.0, Quality.GOOD, (9, Quality.BAD)),
        ("Lid/Open", 1, Quality.GOOD, (True, Quality.GOOD)),
        ("Fill/Percent", "41.5", Quality.GOOD, (41.5, Quality.GOOD)),
        ("Info/Serial", 20_230_017, Quality.GOOD, ("20230017", Quality.GOOD)),
    ],
)
def test_quality_follows_from_the_plausible_values(
    name: str, value: Value | None, quality: Quality, expected: tuple[Value | None, Quality]
) -> None:
    found = validation.judge(row(AssetKind.UNIT, name), value, quality)
    assert found == expected
    assert type(found[0]) is type(expected[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [("State", 1.5), ("State", True), ("Lid/Open", 2), ("Info/Serial", 1.5), ("Fill/Percent", "full")],
)
def test_what_does_not_fit_is_refused(name: str, value: Value) -> None:
    with pytest.raises(DecodeError, match="datatype"):
        validation.judge(row(AssetKind.UNIT, name), value, Quality.GOOD)


def test_the_longest_age_of_a_buffer_still_sums_up_exactly() -> None:
    low, high = validation.bounds(row(AssetKind.EDGE_NODE, "Buffer/OldestAge"))
    assert (low, high) == (0, validation.UNBOUNDED)
    assert high + 0.25 != high


IN_WINDOW = [EARLIEST_READING, NOW - 10_000_000, NOW, NOW + 300_000]


@pytest.mark.parametrize("time", IN_WINDOW)
@pytest.mark.parametrize("sent", [None, NOW, NOW - 86_400_000])
def test_times_in_the_window_are_taken_from_a_clock_that_is_set(time: int, sent: int | None) -> None:
    assert validation.place(time, sent, NOW, synced=True) == (time, True)


@pytest.mark.parametrize(
    "time",
    [0, 1, EARLIEST_READING - 1, NOW // 1000, NOW * 1000, NOW + 300_001, 4_102_444_800_000, 2**63, 2**64 - 1],
    ids=["1970", "1 ms", "2019", "seconds", "microseconds", "5 min ahead", "2100", "2^63", "2^64-1"],
)
def test_outside_the_window_the_receipt_stands_in_and_is_not_believed(time: int) -> None:
    assert validation.place(time, NOW, NOW, synced=True) == (NOW, False)
    assert validation.place(time, None, NOW, synced=True) == (NOW, False)


@pytest.mark.parametrize("sent", [5_000_000, NOW - 3_600_000, NOW + 3_600_000, NOW + 10**15])
@pytest.mark.parametrize("age", [0, 1, 7_200_000])
def test_a_clock_that_is_not_set_still_tells_ages(sent: int, age: int) -> None:
    assert validation.place(sent - age, sent, NOW, synced=False) == (NOW - age, True)


@pytest.mark.parametrize("time", IN_WINDOW)
def test_a_clock_that_is_right_needs_no_proof(time: int) -> None:
    assert validation.place(time, NOW - 5_000, NOW, synced=False) == (time, True)


@pytest.mark.parametrize("time", [6_000_000, 4_102_444_800_000, 2**64 - 1])
def test_an_age_that_cannot_be_is_not_believed(time: int) -> None:
    assert validation.place(time, 5_000_000, NOW, synced=False) == (NOW, False)
    assert validation.place(time, None, NOW, synced=False) == (NOW, False)


@pytest.mark.parametrize(
    ("time", "cure"),
    [
        (NOW // 1000, "it is in s, and Sparkplug tells times in ms"), (NOW * 1000, "it is in us,"),
        (NOW * 1_000_000, "it is in ns,"), (NOW + 9 * 3_600_000, r"time zone: it is \+9.0 h off"),
        (946_684_800_000, "check the sender's clock and time zone: it is -"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_tells_what_to_look_at(time: int, cure: str) -> None:
    assert re.search(cure, validation.cure_of_time(time, NOW))
