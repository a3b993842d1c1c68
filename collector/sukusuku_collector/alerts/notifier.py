"""Puts the messages about an alert into the outbox, in the transaction of its change."""

from dataclasses import replace

from sukusuku_collector.alerts.context import RuleContext, site_of
from sukusuku_collector.alerts.escalation import EscalationStep, mails_from
from sukusuku_collector.alerts.mails.composer import Composer, Step, Way
from sukusuku_collector.alerts.mails.phrases import Incident
from sukusuku_collector.alerts.records import Outcome, RuleBinding
from sukusuku_collector.alerts.rules_collection import hygiene_by
from sukusuku_collector.alerts.state_machine import Rule
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.modes import ModeKind
from sukusuku_server.live.freshness import last_time
from sukusuku_server.live.outlook import Outlook, outlook
from sukusuku_server.live.views import SIMULATED
from sukusuku_server.rooms.current import limit_now
from sukusuku_server.settings import Asset, Facility, Unit


class Mailing:
    """Who is told of the alerts of one facility, when and what. Raises ConfigError as `Composer` does."""

    def __init__(self, facility: Facility) -> None:
        self._composer = Composer(facility)
        self._before_opening = round(facility.alerts.before_opening * 1000)

    def chain(self, site: str, rule: Rule) -> tuple[Step, ...]:
        """Who wants to know of this rule at this site, in the order in which they are told."""
        return self._composer.chain(site, rule)

    def opens(self, post: RuleBinding, scene: RuleContext) -> int:
        """Return the first moment (UTC ms) from now on at which mails about this may go."""
        subjects = (post.subject.id, site_of(post.subject).id)
        silence = scene.around.mode(ModeKind.SILENCE, subjects, scene.now)
        silenced = 0 if silence is None or silence.until is None else silence.until
        return mails_from(post.opening, self._before_opening, urgent=post.urgent, silenced=silenced, now=scene.now)

    def tell(self, change: Change, alert_id: int, telling: EscalationStep, outcome: Outcome) -> int:
        """Tell those whose turn it is, unless somebody has acknowledged the alert meanwhile. Answers how many."""
        alert, chain, now = change.read(alert_id), outcome.post.chain, outcome.scene.now
        if alert.state is not AlertState.FIRING:
            return 0
        before = change.recipients(alert_id)
        kind = "worse" if before and not alert.told else "firing"
        incident = replace(_incident(alert, outcome), open_still=alert.told > 0)
        messages = [(way, kind) for step in chain[alert.told : telling.steps] for way in step.ways]
        if telling.again:
            messages += [(way, "again") for step in chain[: alert.told] for way in step.ways]
        wanted = {way.address: (way, name) for way, name in messages if alert.stage >= way.contact.from_stage}
        for way, name in wanted.values():
            change.put_mail(alert_id, self._composer.message(incident, way, name, before), now)
        change.told(alert_id, telling.steps, now if alert.told_first is None else alert.told_first, now)
        return len(wanted)

    def tell_end(self, change: Change, alert: Alert, outcome: Outcome) -> int:
        """Tell everybody who was told of the alert that it is over, when mails may go. Return how many messages."""
        before, moment = change.recipients(alert.id), self.opens(outcome.post, outcome.scene)
        incident = _incident(alert, outcome)
        told: dict[str, Way] = {}
        for way in (way for step in outcome.post.chain for way in step.ways):
            if way.address in before:
                told.setdefault(way.address, way)
        for way in told.values():
            message = self._composer.message(incident, way, "resolved", before)
            change.put_mail(alert.id, message, outcome.scene.now, moment)
        return len(told)


def _incident(alert: Alert, outcome: Outcome) -> Incident:
    scene, subject = outcome.scene, outcome.post.subject
    source = scene.latest.get("Info/Source")
    lost = scene.latest.get(alert.reason)
    return Incident(
        alert=alert,
        subject=subject,
        value=alert.value if outcome.seen is None else outcome.seen.value,
        fill_clear=scene.levels.fill_clear,
        last_time=last_time(scene.latest) if lost is None else lost.last_good,
        simulated=source is not None and source.value == SIMULATED,
        now=scene.now,
        ahead=_ahead(scene),
        next_round=scene.around.next_round.get(subject.id),
        supplies=scene.around.supplies.get(subject.id, ()),
        limit=None if scene.timetable is None else limit_now(scene.timetable, scene.latest, scene.now),
    )


def _ahead(scene: RuleContext) -> Outlook | None:
    """Return what is ahead of a unit, with the hygiene deadline that holds now."""
    unit = scene.subject.settings if isinstance(scene.subject, Asset) else None
    ahead = outlook(unit, scene.derived, scene.levels.silent_after, scene.now) if isinstance(unit, Unit) else None
    if ahead is None or not isinstance(unit, Unit):
        return None
    return replace(ahead, hygiene_by=hygiene_by(scene, unit, ahead))
