"""The figures of a room against their definitions, minute by minute, and by hand."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.model.series import Point
from sukusuku_server.rooms import usage
from sukusuku_server.rooms.change_effect import effect, stretch
from sukusuku_server.rooms.expected_use import outlook
from sukusuku_server.rooms.intervals import HOLD_MS, stretches
from sukusuku_server.rooms.usage_sums import UsageSums, total
from sukusuku_server.settings import Calendar, Opening
from tests.server.rooms.example_room import DAY, at


def points(*told: tuple[int, float]) -> list[Point]:
    return [Point(time, value, Quality.GOOD) for time, value in told]


def steady(changes: list[tuple[str, float]], until: str = "18:00") -> list[Point]:
    """A series that is told again every 15 minutes between its changes."""
    found = []
    for n, (clock, value) in enumerate(changes):
        last = changes[n + 1][0] if n + 1 < len(changes) else until
        found += [(time, value) for time in range(at(clock), at(last), 15 * MINUTE_MS)]
    return points(*found)


SPAN = [(at("09:00"), at("18:00"))]


def day_of(changes: list[tuple[str, float]], places: int = 10, until: str = "18:00") -> UsageSums:
    counts = steady(changes, until)
    complete = steady([("08:00", 100.0)])
    return total(hour.tally for hour in usage.hours(stretches(counts, complete, places, SPAN)))


def test_a_day_by_hand() -> None:
    day = day_of(
        [
            ("08:00", 0),
            ("10:00", 4),
            ("12:00", 12),
            ("13:00", 0),
            ("15:00", 6),
            ("15:03", 0),
            ("16:00", 8),
            ("17:00", 0),
        ]
    )
    assert day.average_occupancy == pytest.approx((2 * 4 + 12 + 6 * 0.05 + 8) / 9)
    assert day.average_utilisation == pytest.approx(100 * (2 * 0.4 + 1.2 + 0.6 * 0.05 + 0.8) / 9)
    assert (day.peak_occupancy, day.peak_at, day.peak_utilisation) == (12, at("12:00"), 120)
    assert day.time_used == pytest.approx(100 * 4.05 / 9)
    assert day.average_when_used == pytest.approx((2 * 4 + 12 + 6 * 0.05 + 8) / 4.05)
    assert day.dwell_minutes == pytest.approx(4.05 * 60 / 3), "10-13, 15:00-15:03, 16-17"
    assert day.over_target == pytest.approx(100 / 9)
    assert day.on_target == pytest.approx(100 * 1.05 / 9)
    assert day.under_target == pytest.approx(100 * 6.95 / 9)
    assert (day.hours_open, day.hours_used) == (9, 4), "three minutes do not make an hour used"
    assert day.person_hours == pytest.approx(28.3)
    assert day.visits == 4 + 8 + 8, "those of 15:00 did not come to stay"
    assert day.completeness == 100


def test_who_comes_as_another_leaves_is_an_arrival_and_no_visit() -> None:
    """One leaves at noon and another comes three minutes later; at one o'clock it is ten minutes."""
    changes = [("08:00", 0.0), ("10:00", 4.0), ("12:00", 3.0), ("12:03", 4.0), ("13:00", 3.0), ("13:10", 4.0)]
    day = day_of(changes)
    assert (day.visits, day.arrivals) == (4 + 1, 4 + 1 + 1)


def test_a_typing_error_that_is_corrected_within_five_minutes_is_nobody_who_came() -> None:
    day = day_of([("08:00", 0.0), ("10:00", 4.0), ("11:01", 55.0), ("11:05", 4.0)])
    assert (day.visits, day.arrivals) == (4, 4)
    assert day.person_hours == pytest.approx(8 * 4 + 51 * 4 / 60)


def test_a_gap_is_no_zero() -> None:
    counts = steady([("08:00", 4)], until="12:00") + steady([("13:00", 4)])
    complete = steady([("08:00", 100.0), ("11:30", 50.0), ("12:00", 0.0), ("13:00", 50.0), ("14:00", 100.0)])
    day = total(hour.tally for hour in usage.hours(stretches(counts, complete, 10, SPAN)))
    assert day.average_occupancy == 4
    assert day.known_ms == 8 * HOUR_MS
    assert day.person_hours == 32
    assert day.completeness == pytest.approx(100 * (2.5 + 0.25 + 0 + 0.5 + 4) / 9)
    assert (day.visits, day.uses) == (4, 2)


def test_a_series_that_is_no_longer_told_is_a_gap() -> None:
    day = total(
        hour.tally for hour in usage.hours(stretches(points((at("09:00"), 3.0)), steady([("08:00", 100.0)]), 10, SPAN))
    )
    assert day.known_ms == HOLD_MS


def test_nothing_known_gives_no_figures() -> None:
    day = total(hour.tally for hour in usage.hours(stretches([], [], 10, SPAN)))
    assert day.open_ms == 9 * HOUR_MS
    assert (day.average_occupancy, day.time_used, day.peak_occupancy, day.average_utilisation) == (None,) * 4
    assert (day.completeness, day.person_hours, day.visits) == (0, 0, 0)


@dataclass
class Minute:
    time: int
    people: float | None
    places: float
    complete: float


def minutes(
    counts: list[Point], complete: list[Point], places: list[Point], spans: list[tuple[int, int]]
) -> list[Minute]:
    """The same rules asked of each minute by itself."""

    def value(series: list[Point], time: int) -> float | None:
        held = [point for point in series if point.time <= time]
        if not held or held[-1].time + HOLD_MS <= time or held[-1].value is None:
            return None
        return float(held[-1].value)

    found = []
    for start, end in spans:
        for time in range(start, end, MINUTE_MS):
            share = value(complete, time) or 0.0
            people = value(counts, time) if share else None
            found.append(Minute(time, people, value(places, time) or 0.0, share if people is not None else 0.0))
    return found


SERIES = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 6)), max_size=30, unique_by=lambda item: item[0])


@settings(max_examples=60)
@given(SERIES, SERIES, SERIES)
def test_every_figure_is_its_definition(
    counts: list[tuple[int, int]], complete: list[tuple[int, int]], places: list[tuple[int, int]]
) -> None:
    spans = [(at("09:00"), at("12:00")), (at("12:45"), at("17:10"))]
    told_counts, told_shares, told_places = (
        points(*((at("08:00") + minute * MINUTE_MS, float(value * scale)) for minute, value in sorted(told)))
        for told, scale in ((counts, 1), (complete, 20), (places, 1))
    )
    series = (told_counts, told_shares, told_places)
    found = usage.hours(stretches(*series, spans))
    day, every = total(hour.tally for hour in found), minutes(*series, spans)
    known = [minute for minute in every if minute.people is not None]
    rated = [minute for minute in known if minute.places]
    ratios = [(minute.people or 0) / minute.places for minute in rated]
    assert day.open_ms == len(every) * MINUTE_MS
    assert day.known_ms == len(known) * MINUTE_MS
    assert day.completeness == pytest.approx(sum(minute.complete for minute in every) / len(every))
    if known:
        people = [minute.people or 0.0 for minute in known]
        assert day.average_occupancy == pytest.approx(sum(people) / len(people))
        assert day.peak_occupancy == max(people)
        assert day.time_used == pytest.approx(100 * sum(count > 0 for count in people) / len(people))
        assert day.person_hours == pytest.approx(sum(people) / 60)
    if ratios:
        assert day.average_utilisation == pytest.approx(100 * sum(ratios) / len(ratios))
        assert day.peak_utilisation == pytest.approx(100 * max(ratios))
        assert day.under_target == pytest.approx(100 * sum(ratio < 0.6 for ratio in ratios) / len(ratios))
        assert day.over_target == pytest.approx(100 * sum(ratio > 1 for ratio in ratios) / len(ratios))
    starts = sum(
        1
        for n, minute in enumerate(every)
        if minute.people and not (n and every[n - 1].time + MINUTE_MS == minute.time and every[n - 1].people)
    )
    assert day.uses == starts
    by_hour: dict[int, int] = {}
    for minute in every:
        by_hour[minute.time // HOUR_MS] = by_hour.get(minute.time // HOUR_MS, 0) + bool(minute.people)
    assert day.hours_open == len(by_hour)
    assert day.hours_used == sum(active >= 10 for active in by_hour.values())
    assert total(usage.joined(found, usage.by_day).values()) == day
    assert total(usage.heat_map(found).values()).person_ms == day.person_ms


def year(rng: Random, level: float = 4.0, days: int = 90, start: date = date(2026, 1, 5)) -> list[usage.Hour]:
    """Hours of a room that is busier on Tuesdays and at ten."""
    opening = OpeningHours(Calendar(), (Opening(),))
    found = []
    for begins, ends in opening.spans(day_start(start), day_start(start) + days * DAY_MS):
        for hour in range(begins, ends, HOUR_MS):
            place = usage.Hour(hour, UsageSums())
            mean = level * (1.5 if place.weekday == 1 else 1.0) * (1.5 if place.hour == 10 else 1.0)
            people = max(round(rng.gauss(mean, mean**0.5)), 0)
            ms = HOUR_MS
            tally = UsageSums(ms, ms, ms, ms * people, ms * (people > 0), hours_open=1, hours_known=1, hours_used=1)
            found.append(usage.Hour(hour, tally))
    return found


def test_months() -> None:
    found = year(Random(1), days=100)
    assert set(usage.joined(found, usage.by_month)) == {(2026, 1), (2026, 2), (2026, 3), (2026, 4)}


def test_the_busiest_and_the_quietest_hours() -> None:
    cells = usage.heat_map(year(Random(2)))
    assert usage.ranked(cells, 1) == [(1, 10)]
    assert usage.ranked(cells, -3)[0] not in usage.ranked(cells, 30)
    assert usage.ranked({(0, 9): UsageSums(hours_known=1, known_ms=1)}, 5) == []


def test_zones_share_the_person_hours() -> None:
    assert usage.zone_share({"eat": UsageSums(person_ms=1.0), "run": UsageSums(person_ms=3.0)}) == {
        "eat": 25.0,
        "run": 75.0,
    }
    assert usage.zone_share({"eat": UsageSums()}) == {"eat": None}


def test_the_effect_of_a_date_is_found_and_nothing_is_found_where_nothing_was() -> None:
    change = date(2026, 3, 2)
    more = year(Random(3), days=56) + year(Random(4), level=5.0, days=56, start=change)
    found = effect(more, change)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < 1.2 < found.high, "a fifth of five, and busier hours"
    inside = 0
    for seed in range(30):
        nothing = effect(year(Random(seed), days=112), change)
        inside += nothing.low is not None and nothing.high is not None and nothing.low <= 0 <= nothing.high
    assert inside >= 26, "95 % of 30, with some luck"
    assert effect(more[:9], change).change is None


def test_an_effect_is_told_by_eight_weeks_of_each_side_and_no_further_than_another_change() -> None:
    change = date(2026, 6, 1)
    middle = day_start(change)
    assert stretch(change, [change]) == (middle - 56 * DAY_MS, middle + 56 * DAY_MS)
    others = [date(2026, 1, 1), date(2026, 5, 11), change, date(2026, 6, 20), date(2026, 12, 1)]
    assert stretch(change, others) == (day_start(date(2026, 5, 11)), day_start(date(2026, 6, 20)))


def test_visits_against_the_plan() -> None:
    against = usage.Against(visits=590, demand=670, supply=1000)
    assert against.of_supply == 59
    assert against.of_demand == pytest.approx(88.06, abs=0.01)
    assert usage.Against(5, None, 0).of_supply is None


def test_the_outlook_covers_the_coming_week_within_its_band() -> None:
    opening = OpeningHours(Calendar(), (Opening(),))
    hits = asked = 0
    for seed in range(12):
        found = year(Random(seed), days=90)
        now = found[-1].start + HOUR_MS - 7 * DAY_MS
        past, coming = (
            [h for h in found if h.start < now],
            {h.start: h.tally.average_occupancy for h in found if h.start >= now},
        )
        expected = outlook(past, opening, now)
        assert [item.start for item in expected] == sorted(coming)
        for item in expected:
            actual = coming[item.start]
            assert item.low is not None
            assert item.high is not None
            assert actual is not None
            hits += item.low - 0.5 <= actual <= item.high + 0.5
            asked += 1
    assert 0.75 <= hits / asked <= 0.92
    busy = {
        usage.Hour(i.start, UsageSums()).hour: i.mean or 0
        for i in expected
        if usage.Hour(i.start, UsageSums()).weekday == 1
    }
    assert max(busy, key=lambda hour: busy[hour]) == 10


def test_the_outlook_of_a_new_room_says_nothing() -> None:
    opening = OpeningHours(Calendar(), (Opening(),))
    expected = outlook([], opening, day_start(DAY))
    assert len(expected) == 9 * (7 - 2), "without the Sunday and a holiday"
    assert {(item.mean, item.low, item.high, item.hours) for item in expected} == {(None, None, None, 0)}
    assert all((item.start - day_start(DAY)) % HOUR_MS == 0 for item in expected)
    assert expected[-1].start < day_start(DAY + timedelta(days=7))
