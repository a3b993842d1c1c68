"""Events that repeat are as many bookings as they stand for."""

import pytest

from sukusuku_core.time import DAY_MS
from sukusuku_server.bookings import file
from sukusuku_server.bookings.table import MOST_ROWS
from sukusuku_server.model.bookings import Bookings
from tests.server.bookings.test_files import DAY, calendar, facility, told

MORNING = "DTSTART;TZID=Asia/Tokyo:20261201T090000\r\nDTEND;TZID=Asia/Tokyo:20261201T120000"
"""A Tuesday."""


def booked(found: Bookings) -> dict[int, int]:
    """The children of each day of December 2026 that has some."""
    return {1 + (it.start - DAY) // DAY_MS: it.children for it in found.spans}


def read(*events: str) -> dict[int, int]:
    return booked(file.read(calendar(*events), facility(), DAY))


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("RRULE:FREQ=WEEKLY;COUNT=3", [1, 8, 15]),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261210T000000Z", [1, 3, 8, 10]),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261209T235959Z", [1, 3, 8]),
        ("RRULE:FREQ=DAILY;UNTIL=20261203", [1, 2, 3]),
        ("RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID=Asia/Tokyo:20261208T090000,20261215T090000", [1, 22]),
        ("RRULE:FREQ=WEEKLY;COUNT=2\r\nEXDATE:20261208T000000Z", [1]),
        ("RDATE;TZID=Asia/Tokyo:20261204T090000", [1, 4]),
        ("RRULE:FREQ=WEEKLY;COUNT=2\r\nRDATE;TZID=Asia/Tokyo:20261208T090000,20261209T090000", [1, 8, 9]),
    ],
)
def test_an_event_that_repeats_is_booked_on_each_of_its_days(rule: str, days: list[int]) -> None:
    assert list(read(f"{MORNING}\r\n{rule}")) == days


def test_times_without_a_zone_are_those_of_japan_and_days_are_days() -> None:
    times = "DTSTART:20261201T090000\r\nDTEND:20261201T120000\r\nRRULE:FREQ=WEEKLY;COUNT=2"
    found = file.read(calendar(times), facility(), DAY)
    assert [(it.start - DAY) / DAY_MS for it in found.spans] == [9 / 24, 7 + 9 / 24]
    assert found.rows == 2
    whole = "DTSTART;VALUE=DATE:20261201\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;VALUE=DATE:20261208\r\nX-CHILDREN:2"
    assert read(whole) == {1: 2, 15: 2}


def test_one_of_a_series_that_was_moved_or_cancelled_counts_where_it_is_now() -> None:
    series = "BEGIN:VEVENT\r\nUID:a\r\n{}\r\nEND:VEVENT\r\n"
    moved = (
        "RECURRENCE-ID;TZID=Asia/Tokyo:20261208T090000\r\n"
        "DTSTART;TZID=Asia/Tokyo:20261209T090000\r\nDTEND;TZID=Asia/Tokyo:20261209T120000\r\nX-CHILDREN:3"
    )
    gone = f"RECURRENCE-ID:20261215T000000Z\r\n{MORNING.replace('1201', '1215')}\r\nSTATUS:CANCELLED"
    events = "".join(series.format(it) for it in (moved, f"{MORNING}\r\nRRULE:FREQ=WEEKLY;COUNT=4", gone))
    content = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//JA\r\n{events}END:VCALENDAR\r\n"
    found = file.read(content.encode(), facility(), DAY)
    assert booked(found) == {1: 1, 9: 3, 22: 1}
    assert (found.rows, found.skipped) == (4, 1)


def test_a_series_without_an_end_is_booked_as_far_as_bookings_may_be() -> None:
    old = MORNING.replace("20261201", "20200107")
    found = file.read(calendar(f"{old}\r\nRRULE:FREQ=WEEKLY"), facility(), DAY)
    assert (found.spans[0].start - DAY) / DAY_MS == pytest.approx(-399 + 9 / 24, abs=7)
    assert (found.spans[-1].start - DAY) / DAY_MS == pytest.approx(400, abs=7)
    assert len(found.spans) == pytest.approx(800 / 7, abs=2)


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=HOURLY",
        "RRULE:FREQ=DAILY;BYHOUR=9,10,11",
        "RRULE:FREQ=NEVER",
        "RRULE:COUNT=3",
        "RDATE;VALUE=PERIOD:20261204T000000Z/PT2H",
        "RRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;VALUE=DATE:20261208",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T000000Z",
    ],
)
def test_a_rule_that_cannot_be_read_is_told_and_nothing_is_guessed(rule: str) -> None:
    assert told(calendar(f"{MORNING}\r\n{rule}")) == [
        "event 1: how the event repeats cannot be read; export single events"
    ]


def test_a_series_that_begins_too_far_ahead_is_a_slip_of_the_pen() -> None:
    assert "too far from today" in told(calendar(f"{MORNING.replace('2026', '2062')}\r\nRRULE:FREQ=WEEKLY"))[0]


def test_a_series_of_the_past_says_nothing() -> None:
    ended = f"{MORNING.replace('2026', '2020')}\r\nRRULE:FREQ=WEEKLY;COUNT=5"
    assert told(calendar(ended)) == ["The calendar has no events"]


def test_what_would_take_for_ever_ends() -> None:
    ancient = f"{MORNING.replace('2026', '0200')}\r\nRRULE:FREQ=DAILY"
    assert told(calendar(ancient))[0].startswith(f"event 1: more than {MOST_ROWS} rows")
