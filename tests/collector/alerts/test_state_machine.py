from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.alerts.context import RuleContext
from sukusuku_collector.alerts.rules import ROOM_CLEAR_MS, START_GRACE_MS, WATCHES
from sukusuku_collector.alerts.state_machine import MAX_AGE_MS, Event, Observation, Open, Sign, Waits, step
from sukusuku_core.model import Quality, Value
from sukusuku_server.model.rules import Rule
from sukusuku_server.model.series import Latest
from tests.collector.alerts.alert_cases import HOUR, MINUTE, SECOND, T0, UNIT, facility, gone, values

ASSETS = {asset.id: asset for asset in facility().assets()}
OBSERVE = {watch.rule: watch.observe for watch in WATCHES}
WAITS = Waits(fire=60 * SECOND)


def look(
    rule: Rule, latest: dict[str, Latest], now: int = T0, *, known: int = T0, hearing: int | None = 0
) -> Observation | None:
    asset = ASSETS[UNIT]
    return OBSERVE[rule](RuleContext(asset, facility().levels(asset.settings), latest, known, hearing, now))


def sign(
    rule: Rule, latest: dict[str, Latest], now: int = T0, *, known: int = T0, hearing: int | None = 0
) -> Sign | None:
    seen = look(rule, latest, now, known=known, hearing=hearing)
    return None if seen is None else seen.sign


# ---------------------------------------------------------------- what is seen


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (80.0, Sign.PRESENT),
        (79.9, Sign.BETWEEN),
        (60.1, Sign.BETWEEN),
        (60.0, Sign.GONE),
        (-3.0, Sign.GONE),
        (None, None),
    ],
)
def test_fill_rises_and_clears_at_its_levels(level: float | None, expected: Sign | None) -> None:
    assert sign(Rule.COLLECTION, values(T0, {"Fill/Percent": level})) == expected


@pytest.mark.parametrize("quality", [Quality.BAD, Quality.STALE])
@pytest.mark.parametrize(
    ("rule", "metric"),
    [
        (Rule.COLLECTION, "Fill/Percent"),
        (Rule.UNIT_FAULT, "Fault/Code"),
    ],
)
def test_what_is_not_good_is_no_observation(rule: Rule, metric: str, quality: Quality) -> None:
    assert sign(rule, values(T0, {metric: 99}, quality)) is None
    assert sign(rule, {}) is None


def test_a_level_under_an_open_lid_does_not_count() -> None:
    level = values(T0, {"Fill/Percent": 99.0})

    assert sign(Rule.COLLECTION, level | values(T0, {"Lid/Open": True})) is None
    assert sign(Rule.COLLECTION, level | values(T0, {"Lid/Open": False})) is Sign.PRESENT
    assert sign(Rule.COLLECTION, level | values(T0, {"Lid/Open": True}, Quality.STALE)) is Sign.PRESENT


@pytest.mark.parametrize(
    ("code", "expected", "detail"),
    [
        (0, Sign.GONE, "fault code 0 (NONE)"),
        (1, Sign.PRESENT, "fault code 1 (JAM)"),
        (77, Sign.PRESENT, "fault code 77 (not in the table)"),
    ],
)
def test_any_fault_code_but_zero(code: int, expected: Sign, detail: str) -> None:
    seen = look(Rule.UNIT_FAULT, values(T0, {"Fault/Code": code}))

    assert seen is not None
    assert (seen.sign, seen.detail) == (expected, detail)


def test_silence_counts_from_the_last_good_reading() -> None:
    heard = values(T0, {"State": 0}) | values(T0 + MINUTE, {"Fill/Percent": None}, Quality.BAD)

    assert sign(Rule.ASSET_SILENT, heard, T0 + 30 * MINUTE) is Sign.GONE
    seen = look(Rule.ASSET_SILENT, heard, T0 + 30 * MINUTE + 1)
    assert seen is not None
    assert (seen.sign, seen.since) == (Sign.PRESENT, T0)


def test_an_asset_never_heard_is_silent_from_when_it_became_known() -> None:
    assert sign(Rule.ASSET_SILENT, {}, T0 + 30 * MINUTE) is None
    seen = look(Rule.ASSET_SILENT, {}, T0 + 30 * MINUTE + 1)

    assert seen is not None
    assert (seen.sign, seen.since, seen.detail) == (Sign.PRESENT, T0, "never heard, for 1800 s")


def test_loaded_history_is_no_silence() -> None:
    """An asset that became known just now and gets its past first has not been silent."""
    past = values(T0 - 1000 * HOUR, {"State": 0})

    assert sign(Rule.ASSET_SILENT, past, T0 + MINUTE) is None
    assert sign(Rule.ASSET_SILENT, past, T0 + 31 * MINUTE) is Sign.PRESENT


def test_after_its_own_start_the_collector_waits_before_it_calls_anything_silent() -> None:
    long_ago = values(T0, {"State": 0})
    started = T0 + 10 * HOUR

    assert sign(Rule.ASSET_SILENT, long_ago, started + START_GRACE_MS - 1, hearing=started) is None
    assert sign(Rule.ASSET_SILENT, long_ago, started + START_GRACE_MS, hearing=started) is Sign.PRESENT
    assert sign(Rule.ASSET_SILENT, long_ago, started + HOUR, hearing=None) is None


def test_stale_values_are_silence_only_after_a_while_since_they_were_good() -> None:
    for quality in (Quality.STALE, Quality.BAD):
        lost = gone(T0 + 20 * MINUTE, "State", "Fill/Percent", good=T0, quality=quality)  # said again and again

        assert sign(Rule.ASSET_SILENT, lost, T0 + 30 * MINUTE, known=0) is Sign.GONE
        seen = look(Rule.ASSET_SILENT, lost, T0 + 30 * MINUTE + 1, known=0)
        assert seen is not None
        assert (seen.sign, seen.since, seen.reason) == (Sign.PRESENT, T0, "")


def test_what_was_told_dead_is_silent_only_after_a_while_and_says_nothing_else() -> None:
    said = values(T0, {"Fill/Percent": 99.0, "Fault/Code": 1, "State": 5})
    dead = {name: replace(item, stale_since=T0 + 1) for name, item in said.items()}

    assert sign(Rule.ASSET_SILENT, dead, T0 + 30 * MINUTE, known=0) is Sign.GONE
    assert sign(Rule.ASSET_SILENT, dead, T0 + 31 * MINUTE, known=0) is Sign.PRESENT
    for rule in (Rule.COLLECTION, Rule.UNIT_FAULT):
        assert sign(rule, said) is Sign.PRESENT
        assert sign(rule, dead) is None


def test_a_dead_level_sensor_beside_a_living_counter_is_silence() -> None:
    now = T0 + 31 * MINUTE
    counter = values(now, {"Cycles/Total": 7})
    for level in (values(T0, {"Fill/Percent": 40.0}), gone(now, "Fill/Percent", good=T0)):
        assert sign(Rule.ASSET_SILENT, counter | level, T0 + 30 * MINUTE) is Sign.GONE
        seen = look(Rule.ASSET_SILENT, counter | level, now)
        assert seen is not None
        assert (seen.sign, seen.since, seen.reason) == (Sign.PRESENT, T0, "Fill/Percent")


def test_a_level_that_never_was_is_not_missed() -> None:
    now = T0 + 31 * MINUTE
    never = gone(now, "Fill/Percent", good=None, quality=Quality.BAD)

    assert sign(Rule.ASSET_SILENT, values(now, {"Cycles/Total": 7}) | never, now) is Sign.GONE


@pytest.mark.parametrize(
    ("found", "expected", "value"),
    [
        ({"State": 6}, Sign.PRESENT, 1.0),
        ({"State": 6, "Fault/Code": 0}, Sign.PRESENT, 1.0),
        ({"State": 7, "Fault/Code": 0}, Sign.PRESENT, 2.0),
        ({"State": 6, "Fault/Code": 3}, Sign.PRESENT, 3.0),
        ({"State": 0, "Fault/Code": 3}, Sign.PRESENT, 3.0),
        ({"State": 0}, Sign.GONE, 0.0),
        ({"State": 5, "Fault/Code": 0}, Sign.GONE, 0.0),
    ],
)
def test_a_state_may_be_a_fault(found: dict[str, Value | None], expected: Sign, value: float) -> None:
    seen = look(Rule.UNIT_FAULT, values(T0, found))

    assert seen is not None
    assert (seen.sign, seen.value) == (expected, value)


@pytest.mark.parametrize(
    ("found", "expected", "value"),
    [
        ({"State": 5, "Fill/Percent": 20.0}, Sign.PRESENT, None),
        ({"State": 5, "Fill/Percent": 90.0}, Sign.PRESENT, 90.0),
        ({"State": 5}, Sign.PRESENT, None),
        ({"State": 0}, Sign.GONE, None),
        ({"State": 0, "Fill/Percent": 20.0}, Sign.GONE, 20.0),
        ({"State": 0, "Fill/Percent": 70.0}, Sign.BETWEEN, 70.0),
        ({"State": 6, "Fill/Percent": 90.0}, Sign.PRESENT, 90.0),
    ],
)
def test_a_full_bag_counts_as_a_full_unit(found: dict[str, Value | None], expected: Sign, value: float | None) -> None:
    seen = look(Rule.COLLECTION, values(T0, found))

    assert seen is not None
    assert (seen.sign, seen.value) == (expected, value)


def test_a_full_bag_counts_while_the_level_is_lost_but_nothing_else_does() -> None:
    lost = gone(T0, "Fill/Percent", good=T0 - MINUTE)

    assert sign(Rule.COLLECTION, values(T0, {"State": 5}) | lost) is Sign.PRESENT
    assert sign(Rule.COLLECTION, values(T0, {"State": 0}) | lost) is None


@pytest.mark.parametrize(
    "found", [{"State": 1}, {"State": 1, "Fill/Percent": 20.0}, {"State": 1, "Fill/Percent": 99.0}]
)
def test_the_state_tells_of_an_open_lid_too(found: dict[str, Value | None]) -> None:
    assert sign(Rule.COLLECTION, values(T0, found)) is None


@pytest.mark.parametrize(("rule", "metric"), [(Rule.COLLECTION, "Fill/Percent"), (Rule.UNIT_FAULT, "Fault/Code")])
def test_no_all_clear_while_the_state_is_lost_unless_it_is_lost_for_good(rule: Rule, metric: str) -> None:
    good, lost = values(T0, {metric: 0}), gone(T0, "State", good=T0 - MINUTE)

    assert sign(rule, good | lost) is None
    assert sign(rule, good | lost, T0 + 30 * MINUTE) is Sign.GONE


# ---------------------------------------------------------------- how an alert lives


def seen(sign: Sign, time: int, value: Value = 0) -> Observation:
    return Observation(sign, time, time, float(value), 80.0, "")


def test_pending_fires_after_its_wait_and_is_dropped_before() -> None:
    pending, events = step(None, seen(Sign.PRESENT, T0), WAITS, T0 + 5)

    assert pending == Open(firing=False, since=T0, raised=T0 + 5, value=0.0)
    assert events == (Event.RAISED,)
    assert step(pending, seen(Sign.PRESENT, T0), WAITS, T0 + 4 + MINUTE) == (pending, ())
    assert step(pending, seen(Sign.PRESENT, T0), WAITS, T0 + 5 + MINUTE) == (
        Open(firing=True, since=T0, raised=T0 + 5, value=0.0),
        (Event.FIRED,),
    )
    for sign in (Sign.BETWEEN, Sign.GONE):
        assert step(pending, seen(sign, T0 + 9), WAITS, T0 + 9) == (None, (Event.DROPPED,))


def test_without_a_wait_it_fires_at_once() -> None:
    assert step(None, seen(Sign.PRESENT, T0), Waits(0), T0) == (
        Open(firing=True, since=T0, raised=T0, value=0.0),
        (Event.RAISED, Event.FIRED),
    )


def test_no_observation_changes_nothing() -> None:
    for alert in (None, Open(firing=False, since=T0, raised=T0), Open(firing=True, since=T0, raised=T0)):
        assert step(alert, None, WAITS, T0 + HOUR) == (alert, ())


def test_an_old_value_raises_and_fires_nothing() -> None:
    pending = Open(firing=False, since=T0, raised=T0)
    now = T0 + MAX_AGE_MS + 1

    assert step(None, seen(Sign.PRESENT, T0), Waits(0), now) == (None, ())
    assert step(pending, seen(Sign.PRESENT, T0), WAITS, now) == (pending, ())
    assert step(None, seen(Sign.PRESENT, T0), Waits(0), now - 1)[1] == (Event.RAISED, Event.FIRED)


def test_what_was_measured_before_the_alert_does_not_end_it() -> None:
    firing = Open(firing=True, since=T0, raised=T0)

    assert step(firing, seen(Sign.GONE, T0 - 1), WAITS, T0 + MINUTE) == (firing, ())
    assert step(firing, seen(Sign.GONE, T0), WAITS, T0 + MINUTE) == (None, (Event.RESOLVED,))


def test_resolving_waits_and_starts_again_when_the_cause_is_back() -> None:
    waits = Waits(0, ROOM_CLEAR_MS)
    firing = Open(firing=True, since=T0, raised=T0)
    away, events = step(firing, seen(Sign.GONE, T0 + 1), waits, T0 + 1)

    assert away == Open(firing=True, since=T0, raised=T0, clearing=T0 + 1)
    assert events == ()
    assert step(away, seen(Sign.PRESENT, T0 + 2), waits, T0 + 2) == (firing, ())
    assert step(away, seen(Sign.GONE, T0 + 2), waits, T0 + ROOM_CLEAR_MS) == (away, ())
    assert step(away, seen(Sign.GONE, T0 + 2), waits, T0 + 1 + ROOM_CLEAR_MS) == (None, (Event.RESOLVED,))


# ---------------------------------------------------------------- for any course of readings


@dataclass(frozen=True)
class Told:
    at: int
    event: Event


LEVELS = st.one_of(
    st.floats(75, 85).map(lambda level: round(level, 1)),  # noise around the rise level
    st.floats(-20, 150).map(lambda level: round(level, 1)),
    st.none(),  # the lid is open
)
COURSES = st.lists(st.tuples(st.integers(1, 40), LEVELS), max_size=80)


def timeline(course: list[tuple[int, float | None]]) -> list[Told]:
    alert, now, told = None, T0, []
    for pause, level in course:
        now += pause * SECOND
        latest = values(now, {"Fill/Percent": level, "Lid/Open": level is None})
        alert, events = step(alert, look(Rule.COLLECTION, latest, now), WAITS, now)
        told += [Told(now, event) for event in events]
    return told


@given(COURSES)
def test_one_firing_per_crossing_from_rise_to_clear(course: list[tuple[int, float | None]]) -> None:
    told = timeline(course)
    mails = [item.event for item in told if item.event in {Event.FIRED, Event.RESOLVED}]
    crossings, high = 0, False
    for _, level in course:
        if level is not None and level >= 80 and not high:
            crossings, high = crossings + 1, True
        elif level is not None and level <= 60:
            high = False

    assert mails == [Event.FIRED, Event.RESOLVED] * (len(mails) // 2) + [Event.FIRED] * (len(mails) % 2)
    assert mails.count(Event.FIRED) <= crossings


@given(COURSES)
def test_what_fires_has_stood_for_its_wait(course: list[tuple[int, float | None]]) -> None:
    now, levels = T0, []
    for pause, level in course:
        now += pause * SECOND
        levels.append((now, level))
    for item in timeline(course):
        if item.event is Event.FIRED:
            stood = [level for time, level in levels if item.at - 60 * SECOND <= time <= item.at and level is not None]
            assert stood
            assert min(stood) >= 80
