"""Between the moments that are named at a look at a unit, time alone changes nothing: so nobody needs to look."""

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_collector.alerts.context import RuleContext, SharedContext
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.alerts.rules import WATCHES, turning_points
from sukusuku_collector.alerts.state_machine import Sign
from sukusuku_core.model import Quality, Value
from sukusuku_core.time import DAY_MS, day_start, local_day
from sukusuku_server.db.modes import Mode, ModeKind
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.settings import Unit
from sukusuku_server.settings.alerts import tightened
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, SITE, T0, UNIT, facility, values
from tests.support.databases import operations

ASSET = next(asset for asset in facility().assets() if asset.id == UNIT)
LEVELS = facility().levels(ASSET.settings)
OUTBREAK = Mode(1, ModeKind.OUTBREAK, SITE, T0 - DAY_MS, None, "佐藤", "")
QUALITIES = st.sampled_from((Quality.GOOD, Quality.GOOD, Quality.GOOD, Quality.STALE))
AGES = st.integers(0, 3 * MINUTE) | st.integers(0, 45 * MINUTE)
NOWS = st.just(T0) | st.integers(1, 20 * MINUTE).map(lambda before: day_start(local_day(T0)) + DAY_MS - before)
"""Some just before midnight."""
VALUES: Mapping[str, st.SearchStrategy[Value]] = {
    "Fill/Percent": st.sampled_from((10.0, 79.0, 81.0, 100.0)),
    "State": st.sampled_from((0, 1, 5, 6)),
    "Fault/Code": st.sampled_from((0, 1)),
    "Lid/Open": st.booleans(),
    "Film/Remaining": st.sampled_from((3.0, 50.0)),
}
DERIVED = {
    "Fill/Estimate": st.sampled_from((3.0, 45.0, 60.0, 79.0, 85.0, 101.0)),
    "Fill/Nappies": st.just(20.0),
    "Fill/Confidence": st.sampled_from((20.0, 90.0)),
    "Bag/Age": st.floats(0.0, 80.0),
    "Bag/HoursLeft": st.floats(0.0, 0.5) | st.floats(-2.0, 30.0),
    "Forecast/Hours10": st.floats(0.0, 30.0),
    "Forecast/Hours50": st.floats(0.0, 40.0),
    "Film/CyclesLeft": st.sampled_from((5.0, 500.0)),
}


@st.composite
def latest(draw: st.DrawFn, now: int) -> dict[str, Latest]:
    found: dict[str, Latest] = {}
    for metric, choices in VALUES.items() if draw(st.integers(0, 3)) else ():
        if draw(st.booleans()):
            time, quality = now - draw(AGES), draw(QUALITIES)
            good = None if quality is Quality.GOOD else draw(st.none() | AGES.map(lambda age: now - age))
            value = draw(choices) if quality is Quality.GOOD else None
            found[metric] = Latest(time, value, quality, time, good_before=good)
    return found


@st.composite
def derived(draw: st.DrawFn, now: int) -> dict[str, Point]:
    if not draw(st.booleans()):
        return {}
    at = {metric: now - draw(st.integers(0, 5 * MINUTE) | st.integers(0, 2 * HOUR)) for metric in DERIVED}
    return {metric: Point(at[metric], draw(values), Quality.GOOD) for metric, values in DERIVED.items()}


@st.composite
def scenes(draw: st.DrawFn) -> RuleContext:
    now = draw(NOWS)
    departs = now + draw(st.integers(-2 * HOUR, 30 * HOUR))
    visit = NextVisit("north", local_day(departs), departs, departs + 4 * HOUR, planned=True)
    rounds = {UNIT: visit} if draw(st.booleans()) else {}
    outbreak = draw(st.booleans())
    return RuleContext(
        subject=ASSET,
        levels=tightened(LEVELS) if outbreak else LEVELS,
        latest=draw(latest(now)),
        known=now - draw(AGES | st.just(DAY_MS)),
        hearing=draw(st.none() | AGES.map(lambda age: now - age)),
        now=now,
        derived=(points := draw(derived(now))),
        around=SharedContext({UNIT: points}, (OUTBREAK,) if outbreak else (), rounds),
        opened=draw(st.none() | st.integers(50 * MINUTE, 70 * MINUTE).map(lambda age: now - age)),
    )


def raised(context: RuleContext) -> list[tuple[str, int, str]]:
    """What would raise an alert, in which stage and for which reason."""
    seen = [(watch.rule, watch.observe(context)) for watch in WATCHES if Unit in watch.kinds]
    return [(rule, it.stage, it.reason) for rule, it in seen if it is not None and it.sign is Sign.PRESENT]


@settings(max_examples=400)
@given(scenes(), st.floats(0.0, 1.0))
def test_no_rule_of_a_unit_changes_its_mind_before_the_next_moment_that_is_named(
    context: RuleContext, part: float
) -> None:
    following = min(
        (moment for moment in turning_points(context) if moment > context.now), default=context.now + DAY_MS
    )
    before = raised(context)

    for now in (following - 1, context.now + round(part * (following - 1 - context.now))):
        assert raised(replace(context, now=now)) == before


class Course:
    """A unit through a day, as an engine sees it that looks at the times at which it is told to."""

    def __init__(self, folder: Path, *, everything: bool) -> None:
        self.store = operations(folder)
        self.engine = AlertEngine(FacilitySchedules(facility(DUTY)), self.store)
        self._everything = everything

    def look(self, now: int, latest: Mapping[str, Latest], around: SharedContext) -> None:
        if self._everything:
            self.engine._watchlist.forget()
        self.engine.evaluate({UNIT: latest}, now, around=around)

    def told(self) -> list[object]:
        alerts = [
            (it.rule, it.asset, it.state, it.raised, it.fired, it.resolved, it.stage, it.reason, it.returns, it.told_at)
            for it in self.store.alerts(open_only=False)
        ]
        return [*alerts, *((it.mail.kind, it.mail.recipient, it.created) for it in self.store.mails())]


DUTY = FACILITY.replace("[alerts]\n", "[alerts]\nrepeat_after = 7200.0\n").replace(
    'name = "Integrator"\n', 'name = "Integrator"\nafter_minutes = 45\n'
)
SHORT, LONG = (2, 2, 10, 30, 61, 95), (290, 1_000, 1_801, 3_600, 30_000)
"""Seconds from one look to the next: those between which a wait may end."""


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_an_engine_that_passes_over_units_tells_what_one_tells_that_looks_at_all(tmp_path: Path, seed: int) -> None:
    """The unit is jammed, full, emptied or silent for some looks each; forecasts and rounds come and go."""
    chance = random.Random(seed)
    folders = tmp_path / "wheel", tmp_path / "everything"
    for folder in folders:
        folder.mkdir()
    courses = [Course(folder, everything=place == 1) for place, folder in enumerate(folders)]
    now, speaks, shown, points, rounds = T0, True, dict[str, Value | None](), dict[str, Point](), dict[str, NextVisit]()
    found: dict[str, Latest] = {}
    for _ in range(350):
        now += 1000 * chance.choice(SHORT if chance.random() < 0.9 else LONG)
        if chance.random() < 0.1:
            speaks = chance.random() < 0.8
            shown = {
                "Fill/Percent": chance.choice((10.0, 60.0, 79.0, 85.0, 101.0)),
                "Fault/Code": chance.choice((0, 0, 0, 1, 2)),
                "Film/Remaining": chance.choice((3.0, 50.0, 50.0)),
                "Lid/Open": chance.random() < 0.2,
            }
            left = {metric: Point(now, chance.uniform(0, 12), Quality.GOOD) for metric in DERIVED}
            level = {"Fill/Estimate": shown["Fill/Percent"], "Fill/Confidence": 90.0}
            points = left | {metric: Point(now, value, Quality.GOOD) for metric, value in level.items()}
            points = points if chance.random() < 0.5 else {}
            departs = now + chance.randrange(8 * HOUR)
            rounds = {UNIT: NextVisit("north", local_day(departs), departs, departs + HOUR, planned=True)}
        if speaks and chance.random() < 0.3:
            found = values(now, shown)
        around = SharedContext(derived={UNIT: points}, next_round=rounds)
        for course in courses:
            course.look(now, found, around)
    told = [course.told() for course in courses]
    assert told[0] == told[1]
    assert len(told[0]) > 10
