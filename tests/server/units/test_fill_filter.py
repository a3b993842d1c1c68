from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.model import Quality, UnitState
from sukusuku_core.time import HOUR_MS
from sukusuku_server.units.level_sensor import see
from tests.server.units.unit_story import START, Story, derive, values


def test_both_witnesses_agree_and_are_trusted() -> None:
    story = Story()
    story.fill(20)
    advanced = derive(story)
    assert values(advanced, "Fill/Estimate")[-1] == pytest.approx(60, abs=3)
    assert values(advanced, "Fill/Nappies")[-1] == pytest.approx(30, abs=1.5)
    assert values(advanced, "Fill/Confidence")[-1] > 90


def test_a_counter_alone_is_enough_with_less_confidence() -> None:
    story = Story(level=False)
    story.fill(20)
    advanced = derive(story)
    assert values(advanced, "Fill/Estimate")[-1] == pytest.approx(57, abs=1)  # the first total counts nothing
    assert 0 < values(advanced, "Fill/Confidence")[-1] <= 65


def test_a_level_alone_is_enough_with_less_confidence() -> None:
    story = Story(counter=False)
    story.fill(20)
    advanced = derive(story)
    assert values(advanced, "Fill/Estimate")[-1] == pytest.approx(60, abs=4)
    assert 50 < values(advanced, "Fill/Confidence")[-1] <= 80


def test_without_any_reading_nothing_is_said() -> None:
    advanced = derive(Story(), until=START + HOUR_MS)
    assert advanced.points == ()
    assert advanced.emptyings == ()


def test_nappies_per_cycle_are_learnt_from_the_level() -> None:
    story = Story()
    for _ in range(12):
        for _ in range(20):
            story.hand(4.5)
        story.rest(20)
        story.empty()
        story.rest(70)
    learnt = derive(story).state.fill.learnt
    assert learnt.per_cycle == pytest.approx(4.5, rel=0.1)
    assert learnt.bags >= 10


def test_a_stuck_level_is_left_to_the_counter() -> None:
    story = Story()
    story.fill(10)
    for _ in range(15):
        story.hand(0.0)
    advanced = derive(story)
    assert values(advanced, "Fill/Estimate")[-1] == pytest.approx(75, abs=5)
    assert "level_stuck" in {finding.name for finding in advanced.findings}
    assert advanced.emptyings == ()


def test_an_ordinary_level_and_a_stuck_one_ask_no_calendar() -> None:
    """A stuck level is believed no more: the days since it was would be looked through at each of its readings."""
    asked: list[int] = []

    def opened() -> float:
        asked.append(1)
        return 0.0

    story = Story()
    story.fill(10)
    ordinary = derive(story).state.fill
    for _ in range(15):
        story.hand(0.0)
    stuck = derive(story).state.fill
    assert stuck.level is not None
    assert stuck.level.stuck
    for fill in (ordinary, stuck):
        see(fill, story.now + HOUR_MS, story.percent, opened, counted=True)
    assert not asked
    see(ordinary, story.now + HOUR_MS, 0.0, opened, counted=True)
    assert asked


def test_a_level_that_is_bad_is_left_to_the_counter() -> None:
    story = Story()
    story.fill(10)
    story.level = False
    for _ in range(10):
        story.hand()
        story.tell("Fill/Percent", None, Quality.BAD)
    assert values(derive(story), "Fill/Estimate")[-1] == pytest.approx(60, abs=3)


def test_a_lid_that_is_open_hides_the_level() -> None:
    story = Story()
    story.fill(20)
    for _ in range(20):
        story.now += 60_000
        story.tell("Lid/Open", value=True)
        story.tell("Fill/Percent", -15.0)
        story.now += 16_000
        story.tell("Lid/Open", value=False)
    advanced = derive(story)
    assert values(advanced, "Fill/Estimate")[-1] == pytest.approx(60, abs=3)
    assert advanced.emptyings == ()


def test_a_negative_level_is_an_empty_bag_and_teaches_zero() -> None:
    story = Story()
    story.percent = -4.0
    story.rest(24 * 60)
    advanced = derive(story)
    assert values(advanced, "Fill/Estimate")[-1] == 0.0
    assert advanced.state.fill.learnt.zero < -2


def test_a_level_that_jumps_and_returns_changes_little() -> None:
    story = Story()
    story.fill(20)
    for jump in (-55.0, 30.0, -25.0):
        story.percent += jump
        story.rest(25)
        story.percent -= jump
        story.rest(60)
    advanced = derive(story)
    assert advanced.emptyings == ()
    assert all(abs(value - 60) < 4 for value in values(advanced, "Fill/Estimate")[-40:])


def test_a_counter_that_begins_anew_goes_on_counting() -> None:
    story = Story(level=False)
    story.fill(10)
    story.cycles = 0
    story.fill(10)
    assert values(derive(story), "Fill/Estimate")[-1] == pytest.approx(54, abs=4)


def test_a_counter_that_reads_lower_for_a_moment_counts_nothing_twice() -> None:
    story = Story(level=False)
    story.fill(10)
    before = values(derive(story), "Fill/Estimate")[-1]
    for off in (-3, 3, -1, 1):
        story.cycles += off
        story.rest(1, every=1)
    story.rest(10)
    assert values(derive(story), "Fill/Estimate")[-1] == before


def test_silence_takes_the_confidence_away() -> None:
    story = Story()
    story.fill(10)
    advanced = derive(story, until=story.now + 30 * HOUR_MS)
    trust = values(advanced, "Fill/Confidence")
    assert trust[-1] < 5
    assert trust[-360:] == sorted(trust[-360:], reverse=True)
    assert values(advanced, "Fill/Estimate")[-1] == pytest.approx(30, abs=3)


def test_the_unit_itself_says_when_the_bag_is_full() -> None:
    story = Story(level=False)
    story.tell("State", int(UnitState.IDLE))
    story.fill(25)
    story.tell("State", int(UnitState.BAG_FULL))
    story.rest(10)
    assert values(derive(story), "Fill/Estimate")[-1] >= 100


@settings(max_examples=40)
@given(st.lists(st.floats(-3, 3), min_size=20, max_size=120), st.floats(5, 90))
def test_noise_never_gives_an_emptying(noise: Sequence[float], percent: float) -> None:
    story = Story()
    story.percent = percent
    story.rest(30)
    for error in noise:
        story.percent = percent + error
        story.rest(10)
    assert derive(story).emptyings == ()


@settings(max_examples=40)
@given(st.lists(st.floats(-1000, 1000), max_size=60))
def test_no_level_breaks_the_estimate(levels: Sequence[float]) -> None:
    story = Story()
    for level in levels:
        story.percent = level
        story.hand(0.0)
    advanced = derive(story)
    assert all(0 <= value <= 200 for value in values(advanced, "Fill/Estimate"))
    assert all(0 <= value <= 100 for value in values(advanced, "Fill/Confidence"))


def test_the_bag_has_an_age_once_it_is_known_when_it_came() -> None:
    story = Story()
    story.fill(20)
    assert values(derive(story), "Bag/Age") == []
    story.empty()
    changed = story.now
    story.rest(180)
    ages = values(derive(story), "Bag/Age")
    assert ages[-1] == pytest.approx((story.now - changed) / HOUR_MS, abs=0.2)
