"""Runs the rules over the latest values and stores what changed, together with the mails about it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import msgspec

from sukusuku_collector.alerts.context import NOTHING, RuleContext, SharedContext, Subject, site_of
from sukusuku_collector.alerts.escalation import EscalationState, EscalationStep, due
from sukusuku_collector.alerts.notifier import Mailing
from sukusuku_collector.alerts.records import (
    Key,
    OpenAlert,
    Outcome,
    RuleBinding,
    grounded,
    is_lasting,
    new_alert,
    to_held,
)
from sukusuku_collector.alerts.rules import WATCHES
from sukusuku_collector.alerts.state_machine import Event, Open, step
from sukusuku_core.errors import TransientError
from sukusuku_server.db import Alert, AlertState, Operations
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.modes import ModeKind
from sukusuku_server.model.series import LatestByAsset
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Asset
from sukusuku_server.settings.alerts import tightened


@dataclass(slots=True)
class _Memory:
    """What the database holds, as the rules need it; `known` is since when each asset is watched."""

    held: dict[Key, OpenAlert]
    known: dict[str, int]


class AlertEngine:
    """Raises, fires and resolves the alerts of one facility. For one thread.

    Each evaluation writes either nothing or one transaction with the alerts, their events and their mails.
    `mail_written` is called after a transaction that put mails into the outbox.
    Raises ConfigError when a name in the facility cannot stand in a mail.
    """

    def __init__(
        self, index: FacilitySchedules, operations: Operations, mail_written: Callable[[], None] = lambda: None
    ) -> None:
        self._operations = operations
        self._mail_written = mail_written
        self._mailing = Mailing(index.facility)
        self._repeat = round(index.facility.alerts.repeat_after * 1000)
        subjects: dict[str, Subject] = {**index.assets, **index.sites}
        self._posts = {ident: self._posts_of(index, subject) for ident, subject in subjects.items()}
        self._assets, self._sites = index.assets, index.sites
        self._memory: _Memory | None = None
        self._hearing: int | None = None
        self._gone: frozenset[str] = frozenset()

    def _posts_of(self, index: FacilitySchedules, subject: Subject) -> tuple[RuleBinding, ...]:
        facility = index.facility
        settings = subject.settings if isinstance(subject, Asset) else subject
        levels = facility.levels(subject.settings) if isinstance(subject, Asset) else facility.alerts
        mail_from = msgspec.structs.asdict(facility.alerts.mail_from)
        return tuple(
            RuleBinding(
                subject=subject,
                watch=watch,
                levels=(levels, tightened(levels)),
                chain=self._mailing.chain(site_of(subject).id, watch.rule),
                mail_from=mail_from.get(watch.rule.value, 1),
                opening=index.hours[subject.id],
                urgent=watch.rule.value in levels.urgent,
                timetable=index.schedules.get(subject.id),
            )
            for watch in WATCHES
            if type(settings) in watch.kinds
        )

    def evaluate(
        self,
        latest: LatestByAsset,
        now: int,
        assets: Collection[str] | None = None,
        *,
        linked: bool = True,
        around: SharedContext = NOTHING,
    ) -> None:
        """Look at these assets (all, and all sites, when None) at the time `now` (UTC ms) and store what changed.

        Call it after each commit with the assets that got readings, and every few seconds for all: silence and
        waiting times make no readings. Unknown assets are passed over. `linked` is whether the collector has a
        session with the broker: while it has none, and for a while after, no asset is called silent.
        Raises TransientError when the database does not answer; the next evaluation makes up for it.
        """
        if not linked:
            self._hearing = None
        elif self._hearing is None:
            self._hearing = now
        gone = frozenset(ident for ident, asset in self._assets.items() if asset.has_left(now))
        if self._memory is None or gone != self._gone:
            self._gone = gone
            self._memory = self._load(now)
        outcomes = [
            outcome
            for subject in dict.fromkeys(self._posts if assets is None else assets)
            if subject in self._posts and subject not in gone
            for outcome in self._look(self._memory, subject, latest, around, now)
        ]
        if not outcomes:
            return
        try:
            self._store(self._memory, outcomes, now)
        except TransientError:
            self._memory = None  # what the database holds now is read again
            raise

    def forget(self) -> None:
        """Read everything from the database at the next evaluation: a wrong clock has been put right."""
        self._memory = self._hearing = None

    def _load(self, now: int) -> _Memory:
        """Return the open alerts.

        Those that `facility.toml` no longer gives cause to watch for, or of what has left, end here, without a mail.
        """
        known = dict(self._operations.known_assets())
        new = [subject for subject in self._posts if subject not in known and subject not in self._sites]
        alerts = self._operations.open_alerts()
        watched = {post.key for subject, posts in self._posts.items() if subject not in self._gone for post in posts}
        orphans = [alert for alert in alerts if (alert.rule, alert.asset) not in watched]
        if new or orphans:
            with self._operations.change() as change:
                if new:
                    change.know(new, now)
                for alert in orphans:
                    _end_orphan(change, alert, now)
        held = {(alert.rule, alert.asset): to_held(alert) for alert in alerts}
        return _Memory({key: kept for key, kept in held.items() if key in watched}, known | dict.fromkeys(new, now))

    def _look(
        self, memory: _Memory, subject: str, latest: LatestByAsset, around: SharedContext, now: int
    ) -> list[Outcome]:
        found = []
        for post in self._posts[subject]:
            held = memory.held.get(post.key)
            scene = RuleContext(
                subject=post.subject,
                levels=post.levels[around.mode(ModeKind.OUTBREAK, (site_of(post.subject).id,), now) is not None],
                latest=latest.get(subject, {}),
                known=memory.known.get(subject, now),
                hearing=self._hearing,
                now=now,
                derived=around.derived.get(subject, {}),
                around=around,
                open=None if held is None else held.open,
                timetable=post.timetable,
            )
            seen = post.watch.observe(scene)
            after, events = step(scene.open, seen, post.watch.waits(scene.levels), now)
            telling = self._telling(post, scene, held, after, events)
            if telling is not None or after != scene.open:
                found.append(Outcome(post, scene, seen, held, after, events, telling))
        return found

    def _telling(
        self,
        post: RuleBinding,
        scene: RuleContext,
        held: OpenAlert | None,
        after: Open | None,
        events: tuple[Event, ...],
    ) -> EscalationStep | None:
        if after is None or not after.firing or after.stage < post.mail_from:
            return None
        told, began = EscalationState(), scene.now
        if held is not None and not {Event.FIRED, Event.WORSENED} & {*events}:
            told, began = held.told, held.began
            if held.acknowledged:
                return None
        telling = due(told, began, [step.delay for step in post.chain], self._repeat, scene.now)
        return telling if telling is not None and self._mailing.opens(post, scene) <= scene.now else None

    def _store(self, memory: _Memory, outcomes: list[Outcome], now: int) -> None:
        """One transaction; the memory follows only after its commit. Some changes concern the memory only."""
        held: dict[Key, OpenAlert] = {}
        mails = 0
        lasting = [outcome for outcome in outcomes if is_lasting(outcome)]
        if lasting:
            with self._operations.change() as change:
                for outcome in lasting:
                    kept, count = self._apply(change, outcome, now)
                    mails += count
                    if kept is not None:
                        held[outcome.post.key] = kept
        for outcome in outcomes:
            if outcome.after is None:
                memory.held.pop(outcome.post.key, None)
            elif outcome.before is not None and outcome.post.key not in held:
                memory.held[outcome.post.key] = replace(outcome.before, open=outcome.after)
        memory.held |= held
        if mails:
            self._mail_written()

    def _apply(self, change: Change, outcome: Outcome, now: int) -> tuple[OpenAlert | None, int]:
        """Store one outcome. Answers what is held of its alert from now on, and how many mails it made."""
        alert_id = 0 if outcome.before is None else outcome.before.id
        mails = 0
        if not outcome.events and outcome.before is not None and outcome.after is not None:
            change.clearing(alert_id, outcome.after.clearing)
        for event in outcome.events:
            match event:
                case Event.RAISED:
                    alert_id = change.raise_alert(new_alert(outcome)).id
                case Event.FIRED:
                    change.fire(grounded(change.read(alert_id), outcome), now)
                case Event.WORSENED:
                    change.worsen(grounded(change.read(alert_id), outcome), now)
                case Event.DROPPED:
                    change.drop(alert_id)
                case Event.RESOLVED:
                    value = None if outcome.seen is None else outcome.seen.value
                    alert = change.resolve(change.read(alert_id), now, value)
                    mails += self._mailing.tell_end(change, alert, outcome)
        if outcome.after is None:
            return None, mails
        if outcome.telling is not None:
            mails += self._mailing.tell(change, alert_id, outcome.telling, outcome)
        return replace(to_held(change.read(alert_id)), open=outcome.after), mails


def _end_orphan(change: Change, alert: Alert, now: int) -> None:
    if alert.state is AlertState.PENDING:
        change.drop(alert.id)
    else:
        change.resolve(alert, now, None)
