"""Runs the rules over the latest values and stores what changed, together with the mails about it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial

from sukusuku_collector.alerts import state_machine
from sukusuku_collector.alerts.attention import Attention
from sukusuku_collector.alerts.context import NOTHING, RuleContext, SharedContext, Subject, site_of
from sukusuku_collector.alerts.mails.composer import Composer
from sukusuku_collector.alerts.memory import Memory, load
from sukusuku_collector.alerts.message_writer import Known, MessageWriter
from sukusuku_collector.alerts.notifier import Mailing
from sukusuku_collector.alerts.records import (
    Key,
    OpenAlert,
    Outcome,
    RuleBinding,
    grounded,
    incident,
    is_lasting,
    new_alert,
    silence_is_wide,
    to_held,
    with_course,
)
from sukusuku_collector.alerts.rules import WATCHES, turning_points
from sukusuku_collector.alerts.rules_collection import is_open
from sukusuku_collector.alerts.state_machine import Event, Open, Sign, over_at, step
from sukusuku_core.errors import TransientError
from sukusuku_core.time import SECOND_MS
from sukusuku_server.db import Alert, Operations
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.modes import ModeKind
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.escalation.steps import EscalationState, EscalationStep
from sukusuku_server.escalation.timing import Standing, Timing, terms
from sukusuku_server.live.freshness import last_time
from sukusuku_server.live.watchlist import AGAIN_MS, QUIET_MS, Watchlist
from sukusuku_server.mail.alert_links import AlertLinks
from sukusuku_server.model.alerts import Word
from sukusuku_server.model.rules import Rule
from sukusuku_server.model.series import LatestByAsset
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Asset
from sukusuku_server.settings.alerts import tightened
from sukusuku_server.settings.shard import Shard

_AGAIN_MS = 5 * SECOND_MS
"""How often words are looked at that are due and cannot go."""
_AT_ONCE = 500
"""Subjects that are looked at before others have their turn: some ten milliseconds."""
_RELEASED_MS = 30 * SECOND_MS
"""How often it is asked whether somebody who took care of an alert has taken that back."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one evaluation sees, for the words that go out with it."""

    memory: Memory
    latest: LatestByAsset
    around: SharedContext
    now: int
    quiet: frozenset[str] = frozenset()


class AlertEngine:
    """Raises, fires and resolves the alerts of one facility. For one thread.

    Each evaluation writes either nothing or one transaction with the alerts, their events and their mails.
    `mail_written` is called after a transaction that put mails into the outbox. Where the facility is divided, `index`
    is that of one `shard`, and the alerts of the others are left alone.
    Raises ConfigError when a name in the facility cannot stand in a mail.
    """

    def __init__(
        self,
        index: FacilitySchedules,
        operations: Operations,
        mail_written: Callable[[], None] = lambda: None,
        shard: Shard | None = None,
    ) -> None:
        self._operations, self._mail_written = operations, mail_written
        shard = shard or Shard(index.facility)
        whole, self._minds = shard.facility, shard.minds
        composer, timing = Composer(whole, AlertLinks(shared(operations, LINKS), whole.web.url)), Timing(whole)
        self._mailing = Mailing(timing)
        self._writer = MessageWriter(whole, timing, composer, self._minds)
        subjects: dict[str, Subject] = {**index.assets, **index.sites}
        self._bindings = {ident: self._bindings_of(index, subject) for ident, subject in subjects.items()}
        self._silent_after = {ident: bindings[0].levels[0].silent_after for ident, bindings in self._bindings.items()}
        self._bound = {binding.key: binding for bindings in self._bindings.values() for binding in bindings}
        self._sites, self._units = index.sites, index.units
        self._leaving = [asset for asset in index.assets.values() if asset.settings.until is not None]
        self._memory: Memory | None = None
        self.attention = Attention()
        """To be given to the engine that comes after this one."""
        self._gone: frozenset[str] = frozenset()
        self._asked = 0
        self._watchlist = Watchlist(subjects, known=3)
        self._round: list[str] = []
        """What is due and has not had its turn yet."""
        self._stance: object = None
        """What all subjects share at the last look at everything."""

    def _bindings_of(self, index: FacilitySchedules, subject: Subject) -> tuple[RuleBinding, ...]:
        facility = index.facility
        settings = subject.settings if isinstance(subject, Asset) else subject
        levels = facility.levels(subject.settings) if isinstance(subject, Asset) else facility.alerts
        return tuple(
            RuleBinding(
                key=(watch.rule.value, subject.id),
                subject=subject,
                watch=watch,
                levels=(levels, tightened(levels)),
                terms=terms(facility, watch.rule, subject, index.hours[subject.id]),
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
    ) -> bool:
        """Look at these assets (all, and all sites, when None) at the time `now` (UTC ms) and store what changed.

        Of all, those are passed over of which nothing has changed since the last look, until the next moment at which
        time alone may change something; for rooms and sites, for a minute at most.

        Of very many it looks at some, and tells that there are more: call it again when others had their turn.

        Call it after each commit with the assets that got readings, and every few seconds for all: silence and
        waiting times make no readings. Unknown assets are passed over. `linked` is whether the collector has a
        session with the broker: while it has none, and for a while after, no asset is called silent; nor after a pause
        between two looks at everything, in which the collector was suspended or its clock was set.
        Raises TransientError when the database does not answer; the next evaluation makes up for it.
        """
        self.attention.listen(now, linked=linked)
        if assets is None:
            self.attention.look(now, self._silent_after)
        gone = frozenset(asset.id for asset in self._leaving if asset.has_left(now))
        if self._memory is None or gone != self._gone:
            self._memory = load(self._operations, self._bindings, self._sites, gone, now, self._minds)
            self._gone = gone
            self._watchlist.forget()
        memory = self._memory
        if assets is None:
            memory.silence_is_wide = silence_is_wide(memory.held, len(self._bindings) - len(self._sites) - len(gone))
        self._notice_released(memory, now)
        wanted: Collection[str] = dict.fromkeys(assets or ())
        if assets is None:
            stance = around.modes, self.attention.since, memory.silence_is_wide
            if stance != self._stance:
                self._watchlist.forget()
            self._stance = stance
            self._round = self._round or self._watchlist.due(now, latest, around.derived, around.next_round)
            wanted, self._round = self._round[:_AT_ONCE], self._round[_AT_ONCE:]
        outcomes = [
            outcome
            for subject in wanted
            if subject in self._bindings and subject not in gone
            for outcome in self._look(memory, subject, latest, around, now)
        ]
        if not outcomes and not memory.is_due(now):
            return bool(self._round)
        silent = any(
            outcome.telling is not None and outcome.binding.watch.rule is Rule.ASSET_SILENT for outcome in outcomes
        )
        quiet = frozenset(self._quiet(memory, latest, now)) if silent else frozenset[str]()
        try:
            self._store(_Look(memory, latest, around, now, quiet), outcomes)
        except TransientError:
            self._memory = None  # what the database holds now is read again
            raise
        return bool(self._round)

    def _notice_released(self, memory: Memory, now: int) -> None:
        """Notice of which alerts nobody takes care any more: their escalation goes on where it was."""
        cared = {key: kept for key, kept in memory.held.items() if kept.acknowledged and kept.open.ended is None}
        if not cared or 0 <= now - self._asked < _RELEASED_MS:
            return
        self._asked = now
        standing = self._operations.in_hand()
        for key, kept in cared.items():
            if kept.id not in standing:
                memory.held[key] = replace(kept, acknowledged=False)
                self._watchlist.forget(key[1])

    def _quiet(self, memory: Memory, latest: LatestByAsset, now: int) -> Iterator[str]:
        """Yield assets that were not heard for so long that they live no more, and of which nobody was told yet."""
        for ident in self._bindings:
            held = memory.held.get((Rule.ASSET_SILENT.value, ident))
            told = held is not None and held.open.ended is None and held.told.steps
            if told or ident in self._sites or ident in self._gone:
                continue
            heard = max(last_time(latest.get(ident, {})) or 0, memory.known.get(ident, now))
            if (now - heard) * 2 > self._silent_after[ident] * 1000:
                yield ident

    def forget(self) -> None:
        """Read everything from the database at the next evaluation: a wrong clock has been corrected."""
        self._memory = None
        self._watchlist.forget()
        self.attention.forget()

    def _context(
        self, memory: Memory, subject: str, latest: LatestByAsset, around: SharedContext, now: int
    ) -> RuleContext:
        """Return what all rules may look at, which differ in their alert only (`_with_alert`)."""
        binding = self._bindings[subject][0]
        return RuleContext(
            subject=binding.subject,
            levels=binding.levels[around.mode(ModeKind.OUTBREAK, (site_of(binding.subject).id,), now) is not None],
            latest=latest.get(subject, {}),
            known=memory.known.get(subject, now),
            hearing=self.attention.hearing(subject),
            now=now,
            derived=around.derived.get(subject, {}),
            around=around,
            timetable=binding.timetable,
            opened=self.attention.opened(subject),
        )

    def _look(
        self, memory: Memory, subject: str, latest: LatestByAsset, around: SharedContext, now: int
    ) -> list[Outcome]:
        found = []
        self.attention.lid(subject, now, is_open=is_open(latest.get(subject, {})))
        shared = self._context(memory, subject, latest, around, now)
        for binding in self._bindings[subject]:
            held = memory.held.get(binding.key)
            context = _with_alert(shared, held)
            seen = binding.watch.observe(context)
            if held is not None and held.open.ended is not None and seen is not None and seen.sign is Sign.PRESENT:
                held = held if binding.watch.alike(held.open, seen) else None
            before = None if held is None else held.open
            after, events = step(before, seen, binding.watch.waits(context.levels), now)
            if Event.RAISED in events:
                held = None
            telling = self._telling(memory, binding, context, held, after, events)
            if telling is not None or after != before or events:
                found.append(Outcome(binding, context, seen, held, after, events, telling))
        if not found:
            most = QUIET_MS if subject in self._units else AGAIN_MS
            known = latest, around.derived, around.next_round
            moments = self._moments(memory, shared)
            self._watchlist.looked(subject, now, *known, moments=moments, most=most)
        return found

    def _moments(self, memory: Memory, shared: RuleContext) -> Iterator[int]:
        """Yield when time alone may change something at a subject at which there is nothing to store now."""
        yield from turning_points(shared)
        for binding in self._bindings[shared.subject.id]:
            if (held := memory.held.get(binding.key)) is not None:
                context = _with_alert(shared, held)
                yield from state_machine.turning_points(held.open, binding.watch.waits(context.levels))
                standing = _standing(binding, held, held.open, (), shared.now)
                if standing is not None:
                    telling = self._mailing.next(binding, context, standing, wide=memory.silence_is_wide)
                    yield from () if telling is None else (telling,)

    def _telling(
        self,
        memory: Memory,
        binding: RuleBinding,
        context: RuleContext,
        held: OpenAlert | None,
        after: Open | None,
        events: tuple[Event, ...],
    ) -> EscalationStep | None:
        alert = None if after is None else _standing(binding, held, after, events, context.now)
        return None if alert is None else self._mailing.due(binding, context, alert, wide=memory.silence_is_wide)

    def _store(self, look: _Look, outcomes: list[Outcome]) -> None:
        """One transaction; the memory follows only after its commit. Some changes concern the memory only."""
        memory, now = look.memory, look.now
        held: dict[Key, OpenAlert | None] = {}
        for outcome in outcomes:
            kept = outcome.before
            held[outcome.binding.key] = (
                None if outcome.after is None or kept is None else replace(kept, open=outcome.after)
            )
        words, mails = list(memory.words), 0
        lasting = [outcome for outcome in outcomes if is_lasting(outcome)]
        if lasting or memory.is_due(now):
            with self._operations.change() as change:
                for outcome in lasting:
                    held[outcome.binding.key], words = self._apply(change, outcome, words, look.quiet)
                known = memory.held | {key: kept for key, kept in held.items() if kept is not None}
                rest = {key: kept for key, kept in known.items() if held.get(key, kept) is not None}
                if any(word.due <= now for word in words):
                    know = partial(self._know, replace(look, memory=replace(memory, held=rest)))
                    delivery = self._writer.deliver(change, words, know, now)
                    words, mails = delivery.left, delivery.messages
                    quiet = {key: kept for key, kept in rest.items() if kept.id in delivery.ended}
                    held |= {key: replace(kept, told=EscalationState()) for key, kept in quiet.items()}
        for key, kept in held.items():
            self._watchlist.forget(key[1])
            if kept is None:
                memory.held.pop(key, None)
            else:
                memory.held[key] = kept
        memory.words = words
        memory.patience = now + _AGAIN_MS if any(word.due <= now for word in words) else now
        if mails:
            self._mail_written()

    def _know(self, look: _Look, alert: Alert) -> Known | None:
        """Return what is known of an alert that has words; None: nobody watches for it any more."""
        binding = self._bound.get((alert.rule, alert.asset))
        if binding is None:
            return None
        held = look.memory.held.get(binding.key)
        shared = self._context(look.memory, binding.subject.id, look.latest, look.around, look.now)
        context = _with_alert(shared, held)
        rests = (
            held is not None
            and held.id == alert.id
            and held.open.ended is not None
            and look.now < over_at(held.open, binding.watch.waits(context.levels))
        )
        destinations = tuple(destination for step in binding.terms.chain for destination in step.destinations)
        return Known(incident(alert, binding, context, binding.watch.observe(context)), destinations, rests)

    def _apply(  # noqa: C901 - one case per event
        self, change: Change, outcome: Outcome, words: list[Word], quiet: Collection[str]
    ) -> tuple[OpenAlert | None, list[Word]]:
        """Store one outcome. Return what is held of its alert from now on, and the words that wait then."""
        alert_id, now, after = 0 if outcome.before is None else outcome.before.id, outcome.context.now, outcome.after
        for event in outcome.events:
            match event:
                case Event.RAISED:
                    alert_id = change.raise_alert(new_alert(outcome)).id
                case Event.FIRED:
                    change.fire(grounded(change.read(alert_id), outcome), now)
                case Event.WORSENED:
                    change.worsen(grounded(change.read(alert_id), outcome), now)
                    words = _without_end(change, words, alert_id, outcome)
                case Event.DROPPED:
                    change.drop(alert_id)
                case Event.RETURNED:
                    change.reopen(grounded(change.read(alert_id), outcome), now)
                    words = _without_end(change, words, alert_id, outcome)
                case Event.RESOLVED:
                    value = None if outcome.seen is None else outcome.seen.value
                    alert = change.resolve(change.read(alert_id), now, value, rests=after is not None)
                    words = words + self._writer.take_back(change, alert_id, now)
                    words = words + self._mailing.tell_end(change, alert, outcome)
        if after is None:
            return None, words
        if after.ended is None:
            change.course(with_course(change.read(alert_id), outcome))
        if outcome.telling is not None:
            words = words + self._mailing.tell(change, alert_id, outcome.telling, outcome, quiet)
        return replace(to_held(change.read(alert_id)), open=after), words


def _with_alert(shared: RuleContext, held: OpenAlert | None) -> RuleContext:
    """Return what one rule may look at: its own alert too, unless that rests."""
    return shared if held is None or held.open.ended is not None else replace(shared, open=held.open)


def _standing(
    binding: RuleBinding, held: OpenAlert | None, after: Open, events: tuple[Event, ...], now: int
) -> Standing | None:
    """Return how an alert stands of which people hear; None: they hear nothing of this one."""
    if not after.firing or after.stage < binding.terms.mail_from:
        return None
    if after.ended is not None or after.clearing is not None:  # what comes and goes is told while it is there
        return None
    told, began = EscalationState(), now
    if held is not None and Event.FIRED not in events:
        worse = after.stage > held.told.stage
        if held.acknowledged and not (worse and Event.WORSENED in events):
            return None
        told = EscalationState() if worse else held.told
        began = now if Event.WORSENED in events else held.began
    return Standing(after.stage, after.flapping, told, began)


def _without_end(change: Change, words: list[Word], alert_id: int, outcome: Outcome) -> list[Word]:
    """Forget the word of the end, unless what has come back is only shown: a room that was over is full."""
    if outcome.after is None or outcome.after.stage < outcome.binding.terms.mail_from:
        return words
    ends = [word for word in words if word.alert_id == alert_id and word.kind == "resolved"]
    change.withdraw(ends)
    return [word for word in words if word not in ends]
