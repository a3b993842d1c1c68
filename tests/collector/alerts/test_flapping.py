"""What comes and goes is one incident: told once, ended by rest, at any pace."""

import pytest
from bench.life.flapping import Heard, played, told_once
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_collector.alerts.rules import WATCHES
from sukusuku_collector.alerts.state_machine import Event, Observation, Open, Sign, Waits, step
from sukusuku_server.model.rules import Rule
from sukusuku_server.settings.alerts import AlertLevels
from tests.collector.alerts.alert_cases import HOUR, MINUTE, SECOND, T0

WAITS = {watch.rule: watch.waits(AlertLevels()) for watch in WATCHES}
FAULT = WAITS[Rule.UNIT_FAULT]
LOOK = 5 * SECOND


def live(on: int, off: int, day: int, rest: int, waits: Waits = FAULT, look: int = LOOK) -> Heard:
    return played(on, off, day, rest, waits, look)


@pytest.mark.parametrize(
    ("on", "off"), [(60, 60), (30, 30), (70, 95), (120, 120), (300, 300), (900, 900), (5, 5), (45, 400), (600, 1700)]
)
def test_a_fault_that_comes_and_goes_is_told_once_and_ended_by_rest(on: int, off: int) -> None:
    told = live(on * SECOND, off * SECOND, 3 * HOUR, 2 * HOUR)

    assert told_once(told, 15 * MINUTE), told
    assert told.over[0] >= 3 * HOUR - (on + off) * SECOND + 30 * MINUTE


@given(on=st.integers(4, 480), off=st.integers(1, 115))
@settings(max_examples=30)
def test_at_any_pace_it_is_one_incident(on: int, off: int) -> None:
    pace = 15 * SECOND
    within = max(
        15 * MINUTE, (on + off) * pace + 2 * MINUTE
    )  # what is seen for less than a minute is told the second time
    assert told_once(live(on * pace, off * pace, 6 * HOUR, 4 * HOUR, look=pace), within)


@given(period=st.integers(10, 420), share=st.floats(0.1, 0.9))
@settings(max_examples=20)
def test_a_fault_that_never_stands_long_is_told_as_well(period: int, share: float) -> None:
    on = max(5, round(period * share / 5) * 5) * SECOND
    off = max(5, round(period * (1 - share) / 5) * 5) * SECOND
    assert told_once(live(on, off, HOUR, 40 * MINUTE), 15 * MINUTE)


@given(on=st.integers(2, 60), off=st.integers(7, 120))
@settings(max_examples=30)
def test_at_a_slow_pace_it_is_a_few_words_and_never_one_each_time(on: int, off: int) -> None:
    pace = 5 * MINUTE
    told = live(on * pace, off * pace, 5 * 24 * HOUR, 30 * HOUR, look=pace)

    assert len(told.fired) == len(told.over) <= 3


def test_a_unit_that_is_heard_every_35_minutes_is_silent_once() -> None:
    silent = WAITS[Rule.ASSET_SILENT]
    told = live(5 * MINUTE, 30 * MINUTE, 24 * HOUR, 4 * HOUR, Waits(0, 0, 60 * MINUTE, silent.longest), MINUTE)

    assert told_once(told, 15 * MINUTE)


def test_mains_that_are_off_every_night_are_few_incidents() -> None:
    told = live(14 * HOUR, 10 * HOUR, 14 * 24 * HOUR, 48 * HOUR, WAITS[Rule.ASSET_SILENT], 5 * MINUTE)

    assert len(told.fired) == len(told.over) <= 2


def test_two_blips_are_noise_and_three_are_a_fault() -> None:
    assert live(20 * SECOND, 5 * MINUTE, 10 * MINUTE, HOUR).fired == []
    assert len(live(20 * SECOND, 5 * MINUTE, 16 * MINUTE, HOUR).fired) == 1


def test_what_cannot_come_back_ends_at_once() -> None:
    firing = Open(firing=True, since=T0, raised=T0, clearing=T0)
    gone = Observation(Sign.GONE, T0 + HOUR, T0 + HOUR, 0.0, None, "the bag was changed", over=True)

    assert step(firing, gone, WAITS[Rule.COLLECTION], T0 + HOUR) == (None, (Event.RESOLVED,))
