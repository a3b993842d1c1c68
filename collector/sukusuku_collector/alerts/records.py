"""What the engine holds of an alert between two looks, and what a look has found."""

from dataclasses import dataclass, replace

from sukusuku_collector.alerts.context import RuleContext, Subject, site_of
from sukusuku_collector.alerts.escalation import EscalationState, EscalationStep
from sukusuku_collector.alerts.mails.composer import Step
from sukusuku_collector.alerts.rules import Watch
from sukusuku_collector.alerts.state_machine import Event, Observation, Open
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.settings import AlertLevels

Key = tuple[str, str]
"""Rule and subject."""


@dataclass(frozen=True, slots=True)
class RuleBinding:
    """A rule at a subject: how it is watched, and who is told from which stage on.

    `levels` are those in quiet times and in an outbreak.
    """

    subject: Subject
    watch: Watch
    levels: tuple[AlertLevels, AlertLevels]
    chain: tuple[Step, ...]
    mail_from: int
    opening: OpeningHours
    urgent: bool
    timetable: Timetable | None = None

    @property
    def key(self) -> Key:
        """Under which its alert is held."""
        return self.watch.rule.value, self.subject.id


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not resolved, as the database has it. `acknowledged`: as far as this process has noticed."""

    id: int
    open: Open
    began: int
    told: EscalationState
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What waits to be stored about one alert. Without `telling` nobody is told of it now."""

    post: RuleBinding
    scene: RuleContext
    seen: Observation | None
    before: OpenAlert | None
    after: Open | None
    events: tuple[Event, ...]
    telling: EscalationStep | None


def is_lasting(outcome: Outcome) -> bool:
    """Whether the database must know; since when something is getting worse is forgotten at a restart."""
    if outcome.events or outcome.telling is not None or outcome.before is None or outcome.after is None:
        return True
    return outcome.after.clearing != outcome.before.open.clearing


def to_held(alert: Alert) -> OpenAlert:
    """Return an alert of the database, to be held."""
    held = Open(
        firing=alert.state is not AlertState.PENDING,
        since=alert.since,
        raised=alert.raised,
        clearing=alert.clearing,
        value=alert.value,
        stage=alert.stage,
        reason=alert.reason,
    )
    told = EscalationState(alert.told, alert.told_first, alert.told_at)
    acknowledged = alert.state is AlertState.ACKNOWLEDGED
    return OpenAlert(alert.id, held, alert.fired or alert.raised, told, acknowledged)


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
    scene = outcome.scene
    since = scene.now if outcome.after is None else outcome.after.since
    fresh = Alert(
        id=0,
        rule=outcome.post.watch.rule.value,
        site=site_of(outcome.post.subject).id,
        asset=outcome.post.subject.id,
        state=AlertState.PENDING,
        since=since,
        fired=None,
        acknowledged=None,
        acknowledged_by=None,
        resolved=None,
        value=None,
        detail="",
        raised=scene.now,
    )
    return grounded(fresh, outcome)
