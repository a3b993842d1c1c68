from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest
from bench.collection import emptyings
from bench.collection.world import FIRST_DAY, SimulatedUnit, World, simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.model import UnitState
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.model.collection import EmptyingState, Evidence
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.units.derivation import UnitDerivation, UnitProgress
from tests.server.units.unit_story import START, UNIT, Story, derive, values, word
from tests.support.databases import operations

BEGIN = day_start(FIRST_DAY)
UNTIL = BEGIN + 2 * DAY_MS


@cache
def world() -> World:
    return simulate(seed=5, units=4, weeks=2)


def mixed() -> SimulatedUnit:
    """A unit with every witness but a bag contact."""
    return world().units[1]


def test_a_level_that_stays_low_is_an_emptying() -> None:
    story = Story()
    story.fill(25)
    story.empty()
    when = story.now
    story.rest(90)
    [emptying] = derive(story).emptyings
    assert emptying.time == when
    assert emptying.percent == pytest.approx(75, abs=4)
    assert emptying.nappies == pytest.approx(37.5, abs=2)
    assert emptying.evidence == (Evidence.LEVEL,)
    assert values(derive(story), "Fill/Estimate")[-1] < 3


def test_an_open_lid_makes_it_known_sooner() -> None:
    story = Story()
    story.fill(20)
    story.opened()
    story.empty()
    story.rest(10, every=5)
    [emptying] = derive(story).emptyings
    assert set(emptying.evidence) == {Evidence.LEVEL, Evidence.LID}


def test_cleaning_is_no_emptying() -> None:
    story = Story()
    story.fill(20)
    story.opened("Door/Open", 300)
    story.rest(120)
    assert derive(story).emptyings == ()


def test_the_state_tells_at_once() -> None:
    story = Story()
    story.fill(34)
    story.tell("State", int(UnitState.BAG_FULL))
    story.rest(30)
    story.percent = 0.0
    story.tell("State", int(UnitState.IDLE))
    story.rest(1, every=1)
    [emptying] = derive(story).emptyings
    assert emptying.evidence == (Evidence.LEVEL, Evidence.STATE)


def test_a_bag_that_is_put_back_full_was_not_emptied() -> None:
    story = Story()
    story.fill(20)
    story.tell("Bag/Present", value=True)
    story.opened("Bag/Present", 0)
    story.tell("Bag/Present", value=False)
    story.now += MINUTE_MS
    story.tell("Bag/Present", value=True)
    story.rest(120)
    assert derive(story).emptyings == ()


@pytest.mark.parametrize("seconds", [5, 10])
def test_a_bag_that_is_pressed_down_was_not_changed(seconds: int) -> None:
    story = Story(level=False)
    story.fill(20)
    story.tell("Bag/Present", value=False)
    story.now += seconds * 1000
    story.tell("Bag/Present", value=True)
    story.rest(120)
    assert derive(story).emptyings == ()


def test_without_a_level_the_bag_contact_is_believed() -> None:
    story = Story(level=False)
    story.fill(20)
    story.tell("Bag/Present", value=False)
    story.now += MINUTE_MS
    story.tell("Bag/Present", value=True)
    [emptying] = derive(story).emptyings
    assert emptying.evidence == (Evidence.BAG,)


def test_the_units_own_counter_that_begins_at_zero_is_believed() -> None:
    story = Story(level=False)
    for own in range(1, 21):
        story.tell("Cycles/Raw", own)
        story.hand()
    story.tell("Cycles/Raw", 0)
    story.rest(10)
    [emptying] = derive(story).emptyings
    assert emptying.evidence == (Evidence.COUNTER,)


def test_an_emptying_in_a_silence_is_found_after_it() -> None:
    story = Story()
    story.fill(25)
    story.now += 30 * HOUR_MS
    story.percent = 30.0
    story.cycles += 10
    story.rest(90)
    [emptying] = derive(story).emptyings
    assert emptying.time <= story.now - 80 * MINUTE_MS
    assert values(derive(story), "Fill/Estimate")[-1] == pytest.approx(30, abs=3)


def test_a_half_full_bag_that_is_emptied_counts() -> None:
    story = Story()
    story.fill(7)
    story.empty()
    story.rest(90)
    [emptying] = derive(story).emptyings
    assert emptying.percent == pytest.approx(21, abs=3)


def test_nonsense_in_front_of_the_sensor_does_not_hide_an_emptying() -> None:
    story = Story()
    story.fill(25)
    for nonsense in (98.0, -15.0, 40.0):
        story.now += 20_000
        story.tell("Fill/Percent", nonsense)
    story.empty()
    when = story.now
    story.hand()
    story.now += MINUTE_MS
    story.tell("Fill/Percent", -18.0)
    for _ in range(6):
        story.hand(minutes=12)
    [emptying] = derive(story).emptyings
    assert abs(emptying.time - when) <= 20 * MINUTE_MS


def test_a_bag_that_slips_was_not_emptied() -> None:
    story = Story()
    story.fill(25)
    story.percent -= 13
    story.rest(300)
    advanced = derive(story)
    assert advanced.emptyings == ()
    assert values(advanced, "Fill/Estimate")[-1] == pytest.approx(62, abs=3)
    assert "bag_slipped" in {finding.name for finding in advanced.findings}


def test_what_a_person_rejected_is_not_found_again() -> None:
    story = Story()
    story.fill(25)
    story.empty()
    when = story.now
    story.rest(90)
    assert derive(story, [word(when, EmptyingState.REJECTED)]).emptyings == ()


def test_who_says_that_the_bag_was_not_changed_is_asked_no_more() -> None:
    story = Story()
    story.fill(12)
    story.empty(percent=20)
    story.rest(140, every=70)
    denied = word(story.now, EmptyingState.REJECTED)
    story.rest(10)

    def asks(advanced: Advanced[UnitProgress]) -> bool:
        return any(it.name == "emptying_unsure" and it.until is None for it in advanced.findings)

    assert (asks(derive(story)), asks(derive(story, [denied]))) == (True, False)
    assert derive(story, [denied]).emptyings == ()


def test_what_a_person_entered_is_true_from_then_on() -> None:
    story = Story(level=False)
    story.fill(20)
    story.rest(60)
    entered = word(story.now - 20 * MINUTE_MS, EmptyingState.ENTERED)
    advanced = derive(story, [entered])
    assert advanced.emptyings == (entered,)
    assert values(advanced, "Fill/Estimate")[-1] == 0.0


def test_what_a_person_confirmed_keeps_the_better_figures() -> None:
    story = Story()
    story.fill(20)
    story.empty()
    when = story.now
    story.rest(90)
    [emptying] = derive(story, [word(when, EmptyingState.CONFIRMED, percent=1.0)]).emptyings
    assert (emptying.id, emptying.state, emptying.by) == (7, EmptyingState.CONFIRMED, "Sato")
    assert emptying.percent == pytest.approx(60, abs=3)


def test_confirming_one_of_two_makes_no_third(tmp_path: Path) -> None:
    story, book = Story(), Emptyings(operations(tmp_path))
    story.fill(20)
    story.empty()
    for _ in range(14):
        story.hand(minutes=3)
    story.empty()
    story.rest(90)
    first, second = book.replace_detected("unit", START - 1, story.now, derive(story).emptyings)
    book.confirm(first.id, "Sato", story.now)
    again = derive(story, book.said("unit", START - 1, story.now)).emptyings
    assert book.replace_detected("unit", START - 1, story.now, again) == ()
    found = [(it.id, it.time, it.state) for it in book.of("unit", START, story.now)]
    assert found == [
        (first.id, first.time, EmptyingState.CONFIRMED),
        (second.id, second.time, EmptyingState.DETECTED),
    ]


def test_a_replaced_unit_keeps_the_history_of_its_place() -> None:
    story = Story()
    story.tell("Info/Serial", "A1")
    story.fill(20)
    story.tell("Info/Serial", "B7")
    story.cycles, story.percent = 0, 0.0
    story.rest(60)
    advanced = derive(story)
    assert [finding.detail for finding in advanced.findings if finding.name == "unit_replaced"] == ["B7"]
    assert len(advanced.emptyings) == 1
    assert advanced.state.fill.learnt.cycles > 0


@cache
def whole() -> tuple[object, ...]:
    unit = UnitDerivation(mixed().id, mixed().collection, world())
    readings = [reading for reading in mixed().readings if reading.time <= UNTIL]
    advanced = unit.advance(unit.start(BEGIN - 1), readings, (), UNTIL)
    return advanced.state, advanced.points, advanced.emptyings, advanced.forecasts, advanced.outcomes


@settings(max_examples=8)
@given(st.lists(st.integers(BEGIN, UNTIL), max_size=3))
def test_any_split_and_any_checkpoint_give_the_same(cuts: list[int]) -> None:
    unit = UnitDerivation(mixed().id, mixed().collection, world())
    state, begin = unit.start(BEGIN - 1), BEGIN - 1
    parts: list[tuple[object, ...]] = [(), (), (), ()]
    for until in (*sorted(cuts), UNTIL):
        readings = [reading for reading in mixed().readings if begin < reading.time <= until]
        advanced = unit.advance(state, readings, (), until)
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(advanced.state), type=UnitProgress)
        assert state == advanced.state
        found = (advanced.points, advanced.emptyings, advanced.forecasts, advanced.outcomes)
        parts = [(*old, *new) for old, new in zip(parts, found, strict=True)]
        begin = until
    assert (state, *parts) == whole()


def test_a_person_and_a_split_do_not_disturb_each_other() -> None:
    story = Story()
    story.fill(20)
    story.rest(60)
    entered = word(START + 100 * MINUTE_MS, EmptyingState.ENTERED)
    whole = derive(story, [entered])
    middle = entered.time
    first = UNIT.advance(
        UNIT.start(START - 1), [reading for reading in story.readings if reading.time <= middle], [entered], middle
    )
    rest = [reading for reading in story.readings if reading.time > middle]
    second = UNIT.advance(first.state, rest, [], story.now)
    assert first.emptyings == whole.emptyings
    assert second.state == replace_time(whole.state, story.now)


def replace_time(state: UnitProgress, time: int) -> UnitProgress:
    return msgspec.structs.replace(state, time=time)


def test_the_simulated_fortnight_is_found() -> None:
    for unit in world().units:
        tally = emptyings.judge(unit, emptyings.derive(unit, world())[0])
        assert tally.found >= tally.true - 1
        assert tally.false <= 1


def test_the_estimate_is_better_than_either_witness() -> None:
    found, levels = emptyings.derive(mixed(), world())
    off = emptyings.errors(mixed(), found, levels)
    means = {name: sum(values) / len(values) for name, values in off.items()}
    assert means["fused"] < min(means["level"], means["counter"])


def test_two_true_emptyings_need_two_reports() -> None:
    first, second = mixed().truth.emptyings[:2]
    report = replace(word(first.time, EmptyingState.DETECTED), asset=mixed().id)
    tally = emptyings.judge(mixed(), [report, replace(report, time=second.time + 3 * HOUR_MS)])
    assert (tally.found, tally.false) == (1, 1)


def test_a_sign_that_the_level_has_answered_means_nothing_days_later() -> None:
    story = Story()
    story.fill(20)
    story.tell("Bag/Present", value=False)
    story.now += MINUTE_MS
    story.tell("Bag/Present", value=True)
    story.rest(16 * 60)
    story.fill(5)
    for _ in range(5):
        story.hand(0.0, minutes=10)  # the level has stopped
    assert derive(story).state.fill.level.stuck  # type: ignore[union-attr]
    assert derive(story).emptyings == ()
    assert values(derive(story), "Fill/Estimate")[-1] > 80


def test_nothing_is_told_of_a_unit_that_is_silent_for_longer_than_forecasts_reach() -> None:
    story = Story()
    story.fill(10)
    last = story.now
    silent = derive(story, until=last + 30 * 24 * HOUR_MS)
    assert max(point.time for point in silent.points) == pytest.approx(last + 14 * 24 * HOUR_MS, abs=HOUR_MS)
    story.now += 30 * 24 * HOUR_MS
    story.rest(10)
    assert derive(story).points[-1].time > last + 30 * 24 * HOUR_MS
