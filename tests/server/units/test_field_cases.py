"""What levels do that no simulator of ours had: each case stands for a kind."""

from collections.abc import Iterator, Sequence
from random import Random

import pytest

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.settings.collection import Collection
from sukusuku_server.settings.opening import Calendar, Opening
from sukusuku_server.units.derivation import UnitDerivation
from sukusuku_server.units.evaluation.history import Derived, derive
from tests.server.units.unit_story import START

SETTINGS = Collection(nappies_per_bag=60, nappies_per_cycle=1.7)
HOURS = OpeningHours(Calendar(), (Opening(),))
MIDNIGHT = START - 9 * HOUR_MS


def paced(steps: Sequence[tuple[float, float]], every: float, until: float) -> list[tuple[int, float]]:
    """Levels every so many minutes: (hour, percent from then on), as a sensor repeats them."""
    found = []
    for at in range(0, round(until * 60), round(every)):
        percent = next((percent for hour, percent in reversed(steps) if hour * 60 <= at), steps[0][1])
        found.append((MIDNIGHT + at * MINUTE_MS, percent))
    return found


def nappies(found: Derived) -> float:
    """Nappies that the forecasts have learnt of."""
    assert found.state is not None
    return found.state.foresight.rates.total


def top(found: Derived) -> float:
    """The highest fill level that was told."""
    return max(percent for _, percent in found.estimates())


def days(lump: float, count: int = 10) -> Iterator[tuple[float, float]]:
    """Two lumps a day, and a new bag each morning but the first."""
    for day in range(count):
        yield day * 24 + 9.0, 0.0
        yield day * 24 + 11.0, lump
        yield day * 24 + 15.0, 2 * lump


@pytest.mark.parametrize("lump", [12, 14, 16, 20, 40])
def test_lumps_that_are_believed_have_come_in(lump: float) -> None:
    found = derive("unit", paced([(0, 0), *days(lump)], 10, 240), SETTINGS, HOURS)
    assert len(found.emptyings) == 9
    assert nappies(found) == pytest.approx(20 * lump * 0.6, rel=0.05)


@pytest.mark.parametrize("lump", [14, 20])
def test_lumps_are_inflow_where_a_counter_counts_a_cycle_each(lump: float) -> None:
    unit = UnitDerivation("unit", SETTINGS, HOURS)
    steps, cycles, readings, before = [(0.0, 0.0), *days(lump)], 1000, list[Reading](), 0.0
    for at, percent in paced(steps, 10, 240):
        cycles += percent > before
        before = percent
        readings += [Reading("unit", "Cycles/Total", at, cycles), Reading("unit", "Fill/Percent", at, percent)]
    advanced = unit.advance(unit.start(MIDNIGHT - 1), readings, (), readings[-1].time)
    assert len(advanced.emptyings) == 9
    assert advanced.state.foresight.rates.total == pytest.approx(20 * lump * 0.6, rel=0.1)


@pytest.mark.parametrize(("low", "hours"), [(12, 9), (20, 6), (5, 14)])
def test_a_sensor_at_its_stop_is_no_full_bag(low: float, hours: float) -> None:
    steps = [(0.0, low)]
    for day in range(3):
        steps += [(day * 24 + 10.0, 100.0), (day * 24 + 10.0 + hours, low)]
    found = derive("unit", paced(steps, 30, 96), SETTINGS, HOURS)
    assert found.emptyings == []
    assert top(found) < 50
    assert nappies(found) == pytest.approx(0, abs=2)


@pytest.mark.parametrize("every", [10, 30])
@pytest.mark.parametrize(("before", "after"), [(90, 30), (60, 25), (90, 14), (90, 12), (75, 20)])
def test_what_is_left_in_a_bag_does_not_hide_its_emptying(before: float, after: float, every: float) -> None:
    steps = [(9.0 + n, before * (n + 1) / 8) for n in range(8)]
    found = derive("unit", paced([(0, 0), *steps, (18, after)], every, 48), SETTINGS, HOURS)
    [emptying] = found.emptyings
    assert emptying.percent == pytest.approx(before, abs=5)
    assert abs(emptying.time - (MIDNIGHT + 18 * HOUR_MS)) <= every * MINUTE_MS
    assert found.estimates()[-1][1] == pytest.approx(after, abs=4)


def test_bags_that_always_begin_high_are_found_again_and_again() -> None:
    steps = [(0.0, 14.0)]
    for day in range(8):
        steps += [(day * 24 + 9.0 + n, 14 + 9.5 * (n + 1)) for n in range(8)]
        steps += [(day * 24 + 18.0, 14.0)]
    found = derive("unit", paced(steps, 30, 8 * 24), SETTINGS, HOURS)
    assert len(found.emptyings) == 8


def test_one_reading_a_day_is_enough_to_see_that_a_bag_went() -> None:
    levels = [(MIDNIGHT + day * DAY_MS + 12 * HOUR_MS, (5.0, 40.0, 80.0)[day % 3]) for day in range(30)]
    found = derive("unit", levels, SETTINGS, HOURS)
    assert len(found.emptyings) == 9
    assert {emptying.time for emptying in found.emptyings} == {time for time, percent in levels[3:] if percent == 5}
    assert found.estimates()[-1][1] == pytest.approx(80, abs=6)
    last = [percent for time, percent in found.estimates() if levels[27][0] < time < levels[28][0]]
    assert last[-1] == pytest.approx(5, abs=4)


@pytest.mark.parametrize("every", [120, 180])
def test_readings_hours_apart_miss_no_emptying(every: float) -> None:
    steps = [(0.0, 0.0)]
    for day in range(10):
        steps += [(day * 24 + 8.5, 2.0), *((day * 24 + 9.0 + n, 9.0 * (n + 1)) for n in range(9))]
    found = derive("unit", paced(steps, every, 240), SETTINGS, HOURS)
    assert len(found.emptyings) == 9


@pytest.mark.parametrize("every", [10, 30])
@pytest.mark.parametrize("seed", range(3))
def test_noise_alone_empties_no_bag(every: float, seed: int) -> None:
    rng = Random(seed)
    levels = [(time, 20 + rng.gauss(0, 10)) for time, _ in paced([(0, 20)], every, 168)]
    found = derive("unit", levels, SETTINGS, HOURS)
    assert found.emptyings == []
    assert found.estimates()[-1][1] == pytest.approx(20, abs=8)


def lid_case(hours: float, *, lid: bool) -> list[Reading]:
    """A unit whose lid is watched, falls from 99.9 to 0 while the lid stays shut."""
    readings: list[Reading] = []
    for at, percent in paced([(0, 0), *((9.0 + n, 12.5 * n) for n in range(8)), (17, 99.9), (18, 0)], 5, 18 + hours):
        if lid and at < MIDNIGHT + 17 * HOUR_MS and at % HOUR_MS == 30 * MINUTE_MS:
            readings += [Reading("unit", "Lid/Open", at + 1000, value=True)]
            readings += [Reading("unit", "Lid/Open", at + 61_000, value=False)]
        elif lid:
            readings += [Reading("unit", "Lid/Open", at, value=False)]
        readings.append(Reading("unit", "Fill/Percent", at + 2000, percent))
    return sorted(readings, key=lambda reading: reading.time)


@pytest.mark.parametrize("lid", [True, False])
def test_a_shut_lid_does_not_hide_an_emptied_bag(*, lid: bool) -> None:
    unit = UnitDerivation("unit", SETTINGS, HOURS)
    readings = lid_case(4, lid=lid)
    advanced = unit.advance(unit.start(MIDNIGHT - 1), readings, (), readings[-1].time)
    [emptying] = advanced.emptyings
    assert emptying.percent == pytest.approx(99.9, abs=3)
    shown = [point for point in advanced.points if point.metric == "Fill/Estimate"]
    late = [float(point.value or 0) for point in shown if point.time > MIDNIGHT + 18 * HOUR_MS + 11 * MINUTE_MS]
    assert late
    assert max(late) < 10  # two polls after the fall every screen shows it


def test_a_full_bag_that_is_gone_is_shown_at_the_second_poll() -> None:
    readings = [reading for reading in lid_case(0, lid=True) if reading.time < MIDNIGHT + 18 * HOUR_MS]
    begin = readings[-1].time
    readings += [Reading("unit", "Fill/Percent", begin + poll * 5000, 0.0) for poll in (1, 2)]
    unit = UnitDerivation("unit", SETTINGS, HOURS)
    advanced = unit.advance(unit.start(MIDNIGHT - 1), readings, (), begin + 10_000)
    [*_, last] = [point for point in advanced.points if point.metric == "Fill/Estimate"]
    assert last.time == begin + 10_000
    assert float(last.value or 0) < 5


def test_a_lid_switch_that_sticks_open_hides_no_full_bag() -> None:
    unit = UnitDerivation("unit", SETTINGS, HOURS)
    levels = paced([(0, 0), *((9.0 + n, 12.5 * n) for n in range(9))], 5, 18)
    readings = [Reading("unit", "Lid/Open", MIDNIGHT + 10 * HOUR_MS, value=True)]
    readings += [Reading("unit", "Fill/Percent", at + 2000, percent) for at, percent in levels]
    readings.sort(key=lambda reading: reading.time)
    advanced = unit.advance(unit.start(MIDNIGHT - 1), readings, (), readings[-1].time)
    shown = [float(point.value or 0) for point in advanced.points if point.metric == "Fill/Estimate"]
    assert advanced.emptyings == ()
    assert shown[-1] == pytest.approx(100, abs=5)


HANDS = [(9 * 60 + 4.0 * n, 4.0 * (n + 1)) for n in range(20)]
"""Minutes of the day and the level from then on: a hand every four minutes, to 80 %."""


def with_hands(levels: list[tuple[float, float]], anew: float) -> list[tuple[int, float]]:
    """A level every ten minutes and after each hand, of which every second one is read itself first."""
    told = {
        float(at): next((level for since, level in reversed(levels) if since <= at), 0.0) for at in range(0, 960, 10)
    }
    for number, (at, level) in enumerate(levels):
        told[at + 0.5] = level
        if number % 2 and at != anew:
            told[at + 0.1] = (7 * number) % 50 - 20.0
    return [(MIDNIGHT + round(at * MINUTE_MS), level) for at, level in sorted(told.items())]


@pytest.mark.parametrize("anew", [11 * 60.0, 14 * 60.0])
@pytest.mark.parametrize("every", [2.0, 3.0])
def test_a_bag_that_fills_while_it_is_doubted_was_emptied(anew: float, every: float) -> None:
    levels = [*HANDS, (anew, 0.0), *((anew + 1 + every * n, 2.5 * (n + 1)) for n in range(14))]
    found = derive("unit", with_hands(levels, anew), SETTINGS, HOURS)
    [emptying] = found.emptyings
    assert abs(emptying.time - (MIDNIGHT + anew * MINUTE_MS)) <= 10 * MINUTE_MS
    assert emptying.percent == pytest.approx(80, abs=5)


@pytest.mark.parametrize("half", [10.0, 15.0, 18.8])
def test_a_fall_that_was_seen_half_way_is_weighed_by_where_it_ends(half: float) -> None:
    steps = [(0.0, 0.0), *((9.0 + n, 6.0 * (n + 1)) for n in range(8)), (18.0, half), (18 + 1 / 6, 1.0)]
    found = derive("unit", paced(steps, 10, 19.5), SETTINGS, HOURS)
    [emptying] = found.emptyings
    assert emptying.time == MIDNIGHT + 18 * HOUR_MS
    assert emptying.percent == pytest.approx(48, abs=3)


@pytest.mark.parametrize("lasts", [1, 3, 5])
def test_a_level_far_below_empty_is_no_empty_bag(lasts: int) -> None:
    steps = [(0.0, 0.0), *((9.0 + n, 6.0 * (n + 1)) for n in range(8)), (18.0, -15.0), (18 + lasts / 6, 48.0)]
    found = derive("unit", paced(steps, 10, 24), SETTINGS, HOURS)
    assert found.emptyings == []
    assert found.estimates()[-1][1] == pytest.approx(48, abs=2)


def test_a_sensor_that_was_moved_is_believed_in_the_end() -> None:
    steps = [(0.0, 0.0), *((9.0 + n, 6.0 * (n + 1)) for n in range(8)), (18.0, -15.0)]
    found = derive("unit", paced(steps, 10, 30), SETTINGS, HOURS)
    assert found.estimates()[-1][1] == pytest.approx(0, abs=2)


@pytest.mark.parametrize("stuck", [True, False])
def test_a_lid_that_no_hand_opens_contradicts_no_emptying(*, stuck: bool) -> None:
    readings: list[Reading] = []
    steps = [(0.0, 0.0), *((9.0 + n, 6.0 * n) for n in range(8)), (33.0, 46.0), (41.0, 16.0)]
    for at, percent in paced(steps, 10, 44):
        hand = at % HOUR_MS == 30 * MINUTE_MS and not (stuck and at > MIDNIGHT + 18 * HOUR_MS)
        if hand:
            lasts = 61_000 if at == MIDNIGHT + 9 * HOUR_MS + 30 * MINUTE_MS else 15_000
            readings += [Reading("unit", "Lid/Open", at + 1000, value=True)]
            readings += [Reading("unit", "Lid/Open", at + 1000 + lasts, value=False)]
        else:
            readings.append(Reading("unit", "Lid/Open", at, value=False))
        readings.append(Reading("unit", "Fill/Percent", at + 120_000, percent))
    readings.sort(key=lambda reading: reading.time)
    unit = UnitDerivation("unit", SETTINGS, HOURS)
    advanced = unit.advance(unit.start(MIDNIGHT - 1), readings, (), readings[-1].time)
    assert len(advanced.emptyings) == stuck


@pytest.mark.parametrize("lasts", [2.0, 5.0])
def test_a_sensor_that_scatters_and_then_reads_0_is_at_its_lower_stop(lasts: float) -> None:
    rng, days = Random(1), 30
    usual = [
        (24.0 * day + at, level) for day in range(days) for at, level in ((9.0, 20), (11.0, 40), (15.0, 60), (18, 0))
    ]
    begins = (days - 1) * 24 + 12.0
    readings = [
        (time, 0.0 if begins <= (time - MIDNIGHT) / HOUR_MS < begins + lasts else level + 5 + rng.gauss(0, 1.5))
        for time, level in paced([(0.0, 0.0), *usual], 10, days * 24.0)
    ]
    found = derive("unit", readings, SETTINGS, HOURS)
    assert len(found.emptyings) == days


def test_a_bag_that_is_as_full_again_at_the_second_reading_was_emptied_at_its_usual_time() -> None:
    steps = [(0.0, 0.0)]
    for day in range(21):
        again = 28.0 if day == 20 else 10.0
        begins = day * 24
        steps += [(begins + 9.5, 15.0), (begins + 10.5, 30.0), (begins + 11.0, 0.0), (begins + 11.5, again)]
        steps += [(begins + 14.0, again + 20), (begins + 17.5, 0.0)]
    found = derive("unit", paced(steps, 30, 21 * 24), SETTINGS, HOURS)
    assert [emptying.time for emptying in found.emptyings][-2:] == [
        MIDNIGHT + 20 * DAY_MS + 11 * HOUR_MS,
        MIDNIGHT + 20 * DAY_MS + 17 * HOUR_MS + 30 * MINUTE_MS,
    ]
