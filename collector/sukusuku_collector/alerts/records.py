"""What the engine holds of an alert between two looks, and what a look has found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sukusuku_collector.alerts.context import RuleContext, Subject, site_of
from sukusuku_collector.alerts.mails.phrases import Incident
from sukusuku_collector.alerts.rules import Watch
from sukusuku_collector.alerts.rules_collection import hygiene_by
from sukusuku_collector.alerts.state_machine import Event, Observation, Open
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.escalation.steps import EscalationState, EscalationStep, is_wide
from sukusuku_server.escalation.timing import Terms, told
from sukusuku_server.live.freshness import last_time
from sukusuku_server.live.outlook import Outlook, outlook
from sukusuku_server.live.views import SIMULATED
from sukusuku_server.model.rules import Rule
from sukusuku_server.rooms.current import limit_now
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.settings import AlertLevels, Asset, Unit

Key = tuple[str, str]
"""Rule and subject."""


@dataclass(frozen=True, slots=True)
class RuleBinding:
    """A rule at a subject: how it is watched, and on which terms people are told.

    Its alert is held under `key`; `levels` are those in quiet times and in an outbreak.
    """

    key: Key
    subject: Subject
    watch: Watch
    levels: tuple[AlertLevels, AlertLevels]
    terms: Terms
    timetable: Timetable | None = None


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not resolved, or rests, as the database has it.

    `acknowledged`: as far as this process has noticed.
    """

    id: int
    open: Open
    began: int
    told: EscalationState
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What waits to be stored about one alert. Without `telling` nobody is told of it now."""

    binding: RuleBinding
    context: RuleContext
    seen: Observation | None
    before: OpenAlert | None
    after: Open | None
    events: tuple[Event, ...]
    telling: EscalationStep | None


def is_lasting(outcome: Outcome) -> bool:
    """Whether the database must know; since when something is getting worse is forgotten at a restart."""
    if outcome.events or outcome.telling is not None or outcome.before is None:
        return True
    return outcome.after is not None and _course(outcome.after) != _course(outcome.before.open)


def _course(alert: Open) -> tuple[object, ...]:
    return alert.raised, alert.clearing, alert.returns, alert.gap


def silence_is_wide(held: Mapping[Key, OpenAlert], assets: int) -> bool:
    """Whether so many of these assets are silent at the same time that no centre can remedy it."""
    return is_wide(
        sum(
            rule == Rule.ASSET_SILENT and kept.open.firing and kept.open.ended is None
            for (rule, _), kept in held.items()
        ),
        assets,
    )


def to_held(alert: Alert) -> OpenAlert:
    """Return an alert of the database, to be held; one that is resolved rests."""
    rests = alert.state is AlertState.RESOLVED
    held = Open(
        firing=alert.state is not AlertState.PENDING,
        since=alert.since,
        raised=alert.raised,
        clearing=None if rests else alert.clearing,
        value=alert.value,
        stage=alert.stage,
        reason=alert.reason,
        returns=alert.returns,
        gap=alert.gap,
        ended=alert.resolved,
    )
    return OpenAlert(alert.id, held, alert.fired or alert.raised, told(alert), alert.acknowledged is not None)


def grounded(alert: Alert, outcome: Outcome) -> Alert:
    """Return the alert with what was seen now."""
    seen = outcome.seen
    if seen is None:
        return alert
    return replace(
        alert, value=seen.value, threshold=seen.threshold, detail=seen.detail, stage=seen.stage, reason=seen.reason
    )


def new_alert(outcome: Outcome) -> Alert:
    """Return the pending alert that an outcome raises."""
    context = outcome.context
    since = context.now if outcome.after is None else outcome.after.since
    fresh = Alert(
        id=0,
        rule=outcome.binding.watch.rule.value,
        site=site_of(outcome.binding.subject).id,
        asset=outcome.binding.subject.id,
        state=AlertState.PENDING,
        since=since,
        fired=None,
        acknowledged=None,
        acknowledged_by=None,
        resolved=None,
        value=None,
        detail="",
        raised=context.now,
    )
    return with_course(grounded(fresh, outcome), outcome)


def with_course(alert: Alert, outcome: Outcome) -> Alert:
    """Return the alert with how its cause comes and goes."""
    after = outcome.after
    if after is None:
        return alert
    return replace(alert, raised=after.raised, clearing=after.clearing, returns=after.returns, gap=after.gap)


def incident(alert: Alert, binding: RuleBinding, context: RuleContext, seen: Observation | None) -> Incident:
    """Return what a mail tells about an alert, as it is now."""
    subject = binding.subject
    source = context.latest.get("Info/Source")
    lost = context.latest.get(alert.reason)
    visit = context.around.next_round.get(subject.id)
    return Incident(
        alert=alert,
        subject=subject,
        value=alert.value if seen is None else seen.value,
        fill_clear=context.levels.fill_clear,
        last_time=last_time(context.latest) if lost is None else lost.last_good,
        simulated=source is not None and source.value == SIMULATED,
        now=context.now,
        ahead=_ahead(context),
        next_round=None if visit is None else visit.departs,
        supplies=context.around.supplies.get(subject.id, ()),
        limit=None if context.timetable is None else limit_now(context.timetable, context.latest, context.now),
    )


def _ahead(context: RuleContext) -> Outlook | None:
    """Return what is ahead of a unit, with the hygiene deadline that holds now."""
    unit = context.subject.settings if isinstance(context.subject, Asset) else None
    ahead = outlook(unit, context.derived, context.levels.silent_after, context.now) if isinstance(unit, Unit) else None
    if ahead is None or not isinstance(unit, Unit):
        return None
    return replace(ahead, hygiene_by=hygiene_by(context, unit, ahead))
