"""When a bag must be collected. Pure.

One bag is one incident, however many reasons it has: it may be high, then due today, then full and over age. So there
is one alert per bag, with a stage that says what has to be done; it ends when the bag has been changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sukusuku_collector.alerts.context import RuleContext, good
from sukusuku_collector.alerts.state_machine import Observation, Sign
from sukusuku_core.model import UnitState
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, local_day
from sukusuku_server.live.freshness import last_time, was_measured
from sukusuku_server.live.outlook import Outlook, bag_since, outlook, outlook_turns
from sukusuku_server.model.rules import Cause, Stage
from sukusuku_server.model.series import Latest
from sukusuku_server.settings import Asset, Unit
from sukusuku_server.units.emptying_detection import COVERED_MS

FULL = 100.0
_NEAR = 10.0
"""Percent. A level sensor that reads so much more than the estimate a moment ago goes on from it, and does not jump."""
_HALF = 50.0
"""Percent. Of a bag with less in it nobody can say well enough whether it will be full today."""
_EMPTY = 5.0
"""Percent. A bag with less in it may as well be empty, and is not over age."""


_DOUBTED = 40.0
"""Confidence in percent below which nothing new is raised from the estimate of a unit that is heard: its witnesses
contradict each other, and within the hour it will be known which of them is right."""


_Due = tuple[Stage, Cause]


def collection(context: RuleContext) -> Observation | None:
    """From the fused estimate and the forecast while they are fresh, else from what the sensors say."""
    if not isinstance(context.subject, Asset) or not isinstance(context.subject.settings, Unit):
        return None
    unit = context.subject.settings
    ahead = outlook(unit, context.derived, context.levels.silent_after, context.now)
    return _sensed(context) if ahead is None else _derived(context, unit, ahead)


def collection_turns(context: RuleContext) -> Iterator[int]:
    """Yield the moments (UTC ms) at which `collection` may say something else though nothing new is known of a unit.

    Its values become too old as well, at `freshness.turns`.
    """
    if not isinstance(context.subject, Asset) or not isinstance(context.subject.settings, Unit):
        return
    if context.opened is not None:
        yield context.opened + COVERED_MS
    if not context.derived:
        return
    unit, silent_after = context.subject.settings, context.levels.silent_after
    yield day_start(local_day(context.now)) + DAY_MS
    yield from outlook_turns(context.derived, silent_after)
    ahead, visit = outlook(unit, context.derived, silent_after, context.now), context.around.next_round.get(unit.id)
    over_age = None if ahead is None else hygiene_by(context, unit, ahead)
    if over_age is not None:
        yield over_age
    if visit is not None:
        yield visit.departs


def is_open(latest: Mapping[str, Latest]) -> bool:
    """Whether something may stand in front of the level sensor of a unit: its lid or door is open."""
    state = good(latest, "State")
    contacts = (good(latest, name) for name in ("Lid/Open", "Door/Open"))
    says = state is not None and state.value == UnitState.LID_OPEN
    return says or any(contact is not None and contact.value is True for contact in contacts)


def _sensed(context: RuleContext) -> Observation | None:
    """Raise from `fill_rise` up or when the unit says that its bag is full, clears from `fill_clear` down.

    What is read under an open lid or door does not count, for an hour at most, as in the derivation: a switch that
    sticks hides no full bag. Without a level sensor the unit's own word decides.
    """
    state, level = context.number("State"), context.number("Fill/Percent")
    rise = context.levels.fill_rise
    covered = is_open(context.latest) and (context.opened is None or context.now - context.opened < COVERED_MS)
    high = level is not None and level[0] >= rise and not covered
    if state is not None and state[0] == UnitState.BAG_FULL:
        value, time = level if level is not None and high else (None, state[1])
        return _present(context, (Stage.NOW, Cause.BAG_FULL), max(time, state[1]), value)
    if covered:
        return None
    if level is not None and high:
        value, time = level
        return _present(context, (Stage.NOW, Cause.FULL) if value >= FULL else (Stage.PLAN, Cause.LEVEL), time, value)
    if level is not None:
        return None if context.wavers("State") else _absent(context, max(level[1], state[1] if state else 0), level[0])
    if state is None or was_measured(context.latest, "Fill/Percent"):
        return None
    return Observation(Sign.GONE, state[1], state[1], None, rise, "the unit does not say that its bag is full")


def _derived(context: RuleContext, unit: Unit, ahead: Outlook) -> Observation:
    time = context.derived["Fill/Estimate"].time
    bag = bag_since(context.derived)
    if context.open is not None and bag is not None and bag > context.open.since:
        # whatever this bag is like, the one that the alert is about is gone
        rise = context.levels.fill_rise
        return Observation(Sign.GONE, time, time, ahead.percent, rise, "the bag was changed", over=True)
    due = max(_dues(context, unit, ahead), key=lambda found: found[0], default=None)
    if due is not None and due[1] is not Cause.BAG_FULL and context.open is None and _doubted(context, ahead):
        return Observation(Sign.BETWEEN, time, time, ahead.percent, context.levels.fill_rise, "the witnesses disagree")
    if due is not None:
        ends = (ahead.full_at, hygiene_by(context, unit, ahead))
        by = min((end for end in ends if end is not None), default=None)
        return replace(_present(context, due, time, ahead.percent), by=by)
    sensed = _sensed(context)  # the estimate is some minutes old, the sensor is of now
    level = None if sensed is None else sensed.value
    if sensed is not None and level is not None and sensed.sign is Sign.PRESENT:
        if sensed.time > time and level <= ahead.percent + _NEAR:
            return sensed
        return Observation(Sign.BETWEEN, time, time, ahead.percent, context.levels.fill_rise, "the level has jumped")
    return _absent(context, time, ahead.percent)


def _doubted(context: RuleContext, ahead: Outlook) -> bool:
    heard = last_time(context.latest)
    lately = heard is not None and context.now - heard <= context.levels.silent_after * 1000
    return lately and ahead.confidence < _DOUBTED


def hygiene_by(context: RuleContext, unit: Unit, ahead: Outlook) -> int | None:
    """When the bag is over age, in an outbreak sooner; None: not known, or nothing is in it."""
    if ahead.hygiene_by is None or ahead.percent < _EMPTY:
        return None
    if not context.outbreak:
        return ahead.hygiene_by
    return ahead.hygiene_by - round((1 - context.levels.outbreak.bag_hours) * unit.collection.bag_hours * HOUR_MS)


def _dues(context: RuleContext, unit: Unit, ahead: Outlook) -> Iterator[_Due]:
    """Every reason that holds, of equal ones the more telling first."""
    now, visit = context.now, context.around.next_round.get(unit.id)
    comes = None if visit is None else visit.comes(now)
    state = context.number("State")
    over_age = hygiene_by(context, unit, ahead)
    if state is not None and state[0] == UnitState.BAG_FULL and state[1] >= (bag_since(context.derived) or 0):
        yield Stage.NOW, Cause.BAG_FULL
    if ahead.percent >= FULL:
        yield Stage.NOW, Cause.FULL
    if over_age is not None and over_age <= now:
        yield Stage.NOW, Cause.OVER_AGE
    tonight = day_start(local_day(now)) + DAY_MS
    before = tonight if comes is None else min(tonight, comes)
    if ahead.full_at is not None and ahead.full_at < before and ahead.percent >= _HALF:
        yield Stage.TODAY, Cause.FULL_TODAY
    if over_age is not None and over_age < before:
        yield Stage.TODAY, Cause.AGE_TODAY
    if comes is not None:
        if any(time is not None and time < comes for time in (ahead.full_at, over_age)):
            yield Stage.PLAN, Cause.BEFORE_NEXT
        if ahead.full_from is not None and ahead.full_from < comes:
            yield Stage.PLAN, Cause.OVERFLOW_RISK
    if ahead.percent >= context.levels.fill_rise:
        yield Stage.PLAN, Cause.LEVEL


def _present(context: RuleContext, due: _Due, time: int, value: float | None) -> Observation:
    stage, cause = due
    level = "no level" if value is None else f"fill level {value:.0f} %"
    detail = f"{cause.value}: {level}, rises at {context.levels.fill_rise:g} %"
    return Observation(Sign.PRESENT, time, time, value, context.levels.fill_rise, detail, cause.value, int(stage))


def _absent(context: RuleContext, time: int, value: float) -> Observation:
    """Nothing is due. An alert ends when the level has fallen as far as from `fill_rise` to `fill_clear`."""
    rise, clear = context.levels.fill_rise, context.levels.fill_clear
    if context.open is not None and context.open.value is not None:
        clear = min(clear, context.open.value - (rise - clear))
    sign = Sign.GONE if value <= clear else Sign.BETWEEN
    return Observation(sign, time, time, value, rise, f"fill level {value:.0f} %, clears at {clear:g} %")
