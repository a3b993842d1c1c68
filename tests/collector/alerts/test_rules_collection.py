"""The alert of a bag: why it must be collected, how it gets worse, when it is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.alerts.context import RuleContext, SharedContext
from sukusuku_collector.alerts.rules_collection import collection
from sukusuku_collector.alerts.state_machine import Event, Observation, Open, Sign, Waits, step
from sukusuku_core.model import Quality
from sukusuku_core.time import local_day
from sukusuku_server.db.modes import Mode, ModeKind
from sukusuku_server.model.rules import Cause, Stage
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.settings.alerts import tightened
from tests.collector.alerts.alert_cases import HOUR, MINUTE, SITE, T0, UNIT, facility, values

NOW = T0
"""9:41; midnight is 14 h 19 min away."""
ASSET = next(asset for asset in facility().assets() if asset.id == UNIT)
OUTBREAK = Mode(1, ModeKind.OUTBREAK, SITE, NOW - HOUR, None, "佐藤", "")


def derived(
    percent: float,
    *,
    at: int = NOW,
    age: float = 30.0,
    left: float | None = 40.0,
    early: float | None = 100.0,
    median: float | None = 120.0,
    forecast_at: int | None = None,
) -> dict[str, Point]:
    """What is derived of the unit; `age` and the times to come in hours."""
    found = {
        "Fill/Estimate": percent,
        "Fill/Nappies": percent * 0.6,
        "Fill/Confidence": 90.0,
        "Bag/Age": age,
        "Bag/HoursLeft": left,
        "Forecast/Hours10": early,
        "Forecast/Hours50": median,
    }
    hourly = at if forecast_at is None else forecast_at
    return {
        name: Point(at if name.startswith(("Fill", "Bag/Age")) else hourly, value, Quality.GOOD)
        for name, value in found.items()
        if value is not None
    }


def departing(departs: int) -> NextVisit:
    """A round of four hours."""
    return NextVisit("north", local_day(departs), departs, departs + 4 * HOUR, planned=True)


def look(
    points: dict[str, Point],
    latest: dict[str, Latest] | None = None,
    *,
    round_in: float | None = None,
    outbreak: bool = False,
    alert: Open | None = None,
    now: int = NOW,
) -> Observation | None:
    levels = facility().levels(ASSET.settings)
    around = SharedContext(
        modes=(OUTBREAK,) if outbreak else (),
        next_round={} if round_in is None else {UNIT: departing(now + round(round_in * HOUR))},
    )
    levels = tightened(levels) if outbreak else levels
    return collection(RuleContext(ASSET, levels, latest or {}, 0, 0, now, points, around, alert))


def due(seen: Observation | None) -> tuple[int, str] | None:
    return (seen.stage, seen.reason) if seen is not None and seen.sign is Sign.PRESENT else None


@pytest.mark.parametrize(
    ("points", "round_in", "expected"),
    [
        (derived(40), None, None),
        (derived(40), 24.0, None),
        (derived(80), None, (Stage.PLAN, Cause.LEVEL)),
        (derived(80), 24.0, (Stage.PLAN, Cause.LEVEL)),
        (derived(60, early=20.0, median=30.0), None, None),
        (derived(60, early=20.0, median=30.0), 19.0, None),
        (derived(60, early=20.0, median=30.0), 24.0, (Stage.PLAN, Cause.OVERFLOW_RISK)),
        (derived(60, early=20.0, median=23.0), 24.0, (Stage.PLAN, Cause.BEFORE_NEXT)),
        (derived(30, left=23.0), 24.0, (Stage.PLAN, Cause.BEFORE_NEXT)),
        (derived(60, early=3.0, median=14.0), None, (Stage.TODAY, Cause.FULL_TODAY)),
        (derived(60, early=3.0, median=14.5), None, None),
        (derived(49, early=3.0, median=14.0), None, None),
        (derived(85, early=3.0, median=14.0), 2.0, (Stage.PLAN, Cause.LEVEL)),
        (derived(60, early=3.0, median=5.0), 6.0, (Stage.TODAY, Cause.FULL_TODAY)),
        (derived(30, left=14.0), None, (Stage.TODAY, Cause.AGE_TODAY)),
        (derived(30, left=0.0), None, (Stage.NOW, Cause.OVER_AGE)),
        (derived(60, early=2.0, median=2.5), -1.0, (Stage.TODAY, Cause.FULL_TODAY)),  # it is back in three hours
        (derived(60, early=3.5, median=4.0), -1.0, None),
        (derived(30, left=-5.0), 2.0, (Stage.NOW, Cause.OVER_AGE)),
        (derived(1, left=-5.0), None, None),
        (derived(100, left=-5.0), None, (Stage.NOW, Cause.FULL)),
        (derived(50, early=None, median=None, left=None), 24.0, None),
    ],
)
def test_why_a_bag_is_due(
    points: dict[str, Point], round_in: float | None, expected: tuple[Stage, Cause] | None
) -> None:
    assert due(look(points, round_in=round_in)) == expected


def test_the_estimate_is_believed_while_it_is_fresh_and_the_sensor_otherwise() -> None:
    nonsense = values(NOW, {"Fill/Percent": 99.0})

    assert due(look(derived(40), nonsense)) is None
    assert due(look(derived(40, at=NOW - 2 * HOUR), nonsense)) == (Stage.PLAN, Cause.LEVEL)
    assert due(look({}, nonsense)) == (Stage.PLAN, Cause.LEVEL)
    assert due(look({}, values(NOW, {"Fill/Percent": 100.0}))) == (Stage.NOW, Cause.FULL)


@pytest.mark.parametrize(
    ("estimate", "level", "minutes", "expected"),
    [
        (76, 81, 0, (Stage.PLAN, Cause.LEVEL)),  # it went on from there
        (76, 86.5, 0, None),  # it jumped
        (40, 81, 0, None),
        (76, 81, -6, None),  # the estimate has seen that one
        (76, 79, 0, None),
    ],
)
def test_a_level_that_goes_on_from_the_estimate_is_believed_before_the_next_one(
    estimate: float, level: float, minutes: int, expected: tuple[Stage, Cause] | None
) -> None:
    sensed = values(NOW + minutes * MINUTE, {"Fill/Percent": level})

    assert due(look(derived(estimate, at=NOW - 4 * MINUTE), sensed)) == expected


def test_the_unit_itself_is_believed_about_the_bag_that_is_in_it() -> None:
    says = values(NOW, {"State": 5})

    assert due(look(derived(70), says)) == (Stage.NOW, Cause.BAG_FULL)
    assert due(look(derived(2, age=1.0), values(NOW - 2 * HOUR, {"State": 5}))) is None


def test_nothing_new_is_raised_while_the_witnesses_of_a_unit_that_is_heard_contradict_each_other() -> None:
    doubted = derived(96) | {"Fill/Confidence": Point(NOW, 35.0, Quality.GOOD)}
    heard = values(NOW - MINUTE, {"Fill/Percent": 8.0})
    silent = values(NOW - 24 * HOUR, {"Fill/Percent": 8.0})

    assert due(look(doubted, heard)) is None
    assert due(look(doubted, silent)) is not None
    raised = Open(firing=True, since=NOW - HOUR, raised=NOW - HOUR, stage=1)
    assert due(look(doubted, heard, alert=raised)) is not None


def test_a_forecast_for_the_bag_before_does_not_count() -> None:
    assert due(look(derived(90, median=1.0, forecast_at=NOW - 30 * MINUTE))) == (Stage.TODAY, Cause.FULL_TODAY)
    assert due(look(derived(2, age=0.2, median=1.0, left=-1.0, forecast_at=NOW - 30 * MINUTE))) is None


def test_an_outbreak_tightens_the_limits() -> None:
    assert due(look(derived(60, left=60.0))) is None
    assert due(look(derived(60, left=60.0), outbreak=True)) == (Stage.PLAN, Cause.LEVEL)
    assert due(look(derived(30, left=36.0))) is None
    assert due(look(derived(30, left=36.0), outbreak=True)) == (Stage.NOW, Cause.OVER_AGE)


def alert(since: int, value: float | None = 85.0) -> Open:
    return Open(firing=True, since=since, raised=since, value=value)


@pytest.mark.parametrize(
    ("points", "open_alert", "expected"),
    [
        # the bag was changed after the alert began: over, whatever the new one is like
        (derived(3, age=1.0), alert(NOW - 2 * HOUR), Sign.GONE),
        (derived(95, age=1.0), alert(NOW - 2 * HOUR), Sign.GONE),
        # the same bag: a level that wanders down a little is no end, one that is gone is
        (derived(70), alert(NOW - HOUR), Sign.BETWEEN),
        (derived(60), alert(NOW - HOUR), Sign.GONE),
        # a bag that was due at 40 % has not been changed because it is below 60 %
        (derived(40), alert(NOW - HOUR, 40.0), Sign.BETWEEN),
        (derived(21), alert(NOW - HOUR, 40.0), Sign.BETWEEN),
        (derived(20), alert(NOW - HOUR, 40.0), Sign.GONE),
    ],
)
def test_the_alert_is_over_when_the_bag_is_gone(points: dict[str, Point], open_alert: Open, expected: Sign) -> None:
    seen = look(points, alert=open_alert)

    assert seen is not None
    assert seen.sign is expected


def test_loaded_history_raises_nothing() -> None:
    past = NOW - 40 * 24 * HOUR
    seen = look(derived(99, at=past), values(past, {"Fill/Percent": 99.0}))

    assert step(None, seen, Waits(0), NOW) == (None, ())


STAGES = st.lists(st.tuples(st.integers(1, 90), st.integers(0, 3)), max_size=60)


@given(STAGES)
def test_one_alert_per_bag_that_only_gets_worse(course: list[tuple[int, int]]) -> None:
    """Whatever the forecast says in between: fired once, worse at most twice, each time after its wait."""
    waits, now, held = Waits(fire=60_000), NOW, None
    told: list[tuple[Event, int]] = []
    stood = 0
    last = None
    for seconds, stage in course:
        now += seconds * 1000
        sign = Sign.PRESENT if stage else Sign.BETWEEN
        held, events = step(held, Observation(sign, now, now, 70.0, 80.0, "", stage=stage), waits, now)
        stood = stood + seconds if stage == last else 0
        last = stage
        told += [(event, stage) for event in events if event in {Event.FIRED, Event.WORSENED}]

    assert [event for event, _ in told].count(Event.FIRED) <= 1
    stages = [stage for _, stage in told]
    assert stages == sorted(set(stages))
