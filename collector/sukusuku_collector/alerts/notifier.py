"""Who is to hear what of an alert, and when: puts words where they wait, in the transaction of the change."""

from collections.abc import Collection
from dataclasses import replace

from sukusuku_collector.alerts.context import RuleContext, site_of
from sukusuku_collector.alerts.escalation import EscalationStep, digest_at, mails_from
from sukusuku_collector.alerts.mails.composer import Composer, Step, Way
from sukusuku_collector.alerts.records import Outcome, RuleBinding
from sukusuku_collector.alerts.rules_collection import Cause, Stage
from sukusuku_collector.alerts.state_machine import Rule, over_at
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.modes import ModeKind
from sukusuku_server.model.alerts import Word
from sukusuku_server.settings import Facility
from sukusuku_server.settings.alerts import digested
from sukusuku_server.settings.opening import minute

SILENCE_MS = 15 * MINUTE_MS
"""One cause silences many, and brings them back, within the time after which an edge node repeats what it knows."""
_LATER = frozenset({Cause.BEFORE_NEXT, Cause.OVERFLOW_RISK})
"""Why a bag is spoken of that has room today."""
_COMPANY_MS = 2 * HOUR_MS
"""So long the end of a fault or of a silence waits for another mail: there is nothing left to do."""
_WARNING_MS = 2 * HOUR_MS
"""So long before a bag may be full, or over age, people hear at the latest that it must be emptied today."""
_ROOMS = frozenset({Rule.ROOM_OVER_CAPACITY, Rule.ZONE_OVER_CAPACITY})
SHOWN_MS = 30 * MINUTE_MS
"""A mail that has waited for longer says why."""


class Mailing:
    """Who is told of the alerts of one facility, and when."""

    def __init__(self, facility: Facility, composer: Composer) -> None:
        alerts = facility.alerts
        self._composer = composer
        self._before_opening = round(alerts.before_opening * 1000)
        self._longest = round(alerts.longest_wait * 1000)
        self._gather = round(alerts.gather_for * 1000)
        self._digest = digested(alerts)
        self._times = tuple(minute(time) * MINUTE_MS for time in alerts.digest.times)

    def chain(self, site: str, rule: Rule) -> tuple[Step, ...]:
        """Who wants to know of this rule at this site, in the order in which they are told."""
        return self._composer.chain(site, rule)

    def opens(self, post: RuleBinding, scene: RuleContext, began: int, now: int) -> int:
        """Return the first moment (UTC ms) from `now` on at which words about this may go.

        `began` is when there was something to tell. A silence that was noticed while the centre was closed is told when
        it has lasted for its time while the centre is open: at night nobody misses a unit that is switched off.
        """
        subjects = (post.subject.id, site_of(post.subject).id)
        silence = scene.around.mode(ModeKind.SILENCE, subjects, scene.now)
        silenced = 0 if silence is None or silence.until is None else silence.until
        before = self._before_opening
        if post.watch.rule is Rule.ASSET_SILENT and not post.urgent and not post.opening.is_open(began):
            wait = round(scene.levels.silent_after * 1000)
            before = sum(end - start for start, end in post.opening.spans(began - wait, began)) - wait
            opened = post.opening.next_opening(began)
            now = now if opened is None else max(now, min(opened - before, began + self._longest))
        moment = mails_from(post.opening, before, urgent=post.urgent, silenced=silenced, now=now)
        return max(now, silenced, min(moment, began + self._longest))

    def tell(
        self, change: Change, alert_id: int, telling: EscalationStep, outcome: Outcome, quiet: Collection[str]
    ) -> list[Word]:
        """Put words for those whose turn it is, unless somebody has acknowledged the alert meanwhile.

        `quiet` are subjects that may turn out to be silent, too.
        """
        alert, post, now = change.read(alert_id), outcome.post, outcome.scene.now
        if alert.state is not AlertState.FIRING:
            return []
        worse = 0 < alert.told_stage < alert.stage
        before = 0 if worse else alert.told
        ways = [
            (way, "worse" if worse else "firing") for step in post.chain[before : telling.steps] for way in step.ways
        ]
        if telling.again:
            ways += [(way, "again") for step in post.chain[:before] for way in step.ways]
        wanted = {way.address: (way, name) for way, name in ways if alert.stage >= way.contact.from_stage}
        first = not before and not worse
        waited = (alert.fired or now) + (post.chain[0].delay if post.chain else 0)
        held = "" if not first or now - waited < SHOWN_MS else "silenced" if post.opening.is_open(waited) else "closed"
        gather = SILENCE_MS if post.watch.rule is Rule.ASSET_SILENT and set(quiet) - {post.subject.id} else self._gather
        words = []
        for way, name in wanted.values():
            word = _word(alert_id, name, way, waited if held else now, now, post)
            timed = self._timed(replace(word, held=held), way, alert, now, gather)
            words.append(change.put_word(self._in_company(timed, way, alert, outcome)))
        fresh = alert.told_first is None or worse
        repeats = 0 if fresh else alert.repeats + telling.again
        told = replace(alert, told=telling.steps, told_stage=alert.stage, told_at=now, repeats=repeats)
        change.told(replace(told, told_first=now if fresh else alert.told_first))
        return words

    def tell_end(self, change: Change, alert: Alert, outcome: Outcome) -> list[Word]:
        """Put words for everybody who was told of the alert: it is over, once its cause has stayed away."""
        post, now = outcome.post, outcome.scene.now
        if not post.watch.ends:
            return []
        before = change.recipients(alert.id)
        over = now if outcome.after is None else over_at(outcome.after, post.watch.waits(outcome.scene.levels))
        opens = self.opens(post, outcome.scene, now, over)
        told: dict[str, Way] = {}
        for way in (way for step in post.chain for way in step.ways if way.address in before):
            told.setdefault(way.address, way)
        gather = SILENCE_MS if post.watch.rule is Rule.ASSET_SILENT else self._gather
        if post.watch.rule is Rule.COLLECTION:  # whoever changed the bag knows it
            later = self.next_morning(opens) - opens
        elif post.watch.rule in _ROOMS:
            later = gather
        else:
            later = max(gather, self.opens(post, outcome.scene, now, over + _COMPANY_MS) - opens)
        words = []
        for way in told.values():
            word = _word(alert.id, "resolved", way, over, opens, post)
            wait = gather if _is_program(way) else later
            words.append(change.put_word(self._timed(word, way, alert, opens, wait)))
        return words

    def next_digest(self, now: int) -> int:
        """Return when the next digest goes out."""
        return digest_at(self._times, now)

    def next_morning(self, now: int) -> int:
        """Return when the next first digest of a day goes out."""
        return digest_at(self._times[:1], now)

    def _timed(self, word: Word, way: Way, alert: Alert, opens: int, gather: int) -> Word:
        """Return a word with when it goes: urgent at once, what can wait with whatever else goes, others together.

        What can wait is what a person wants in a digest, and what they know already. It goes with the next mail to
        them, at the latest with the digest; when it is about another day, with the next first one of a day.
        """
        if word.urgent:
            return replace(word, opens=opens, due=opens)
        waits = alert.rule in self._chosen(way) and not (alert.rule == Rule.COLLECTION and alert.stage > Stage.PLAN)
        if waits:
            due = self.next_morning(opens) if alert.reason in _LATER else self.next_digest(opens)
            return replace(word, opens=opens, due=due, held=word.held or "digest")
        known = word.kind == "again" and not _is_program(way)
        return replace(word, opens=opens, due=self.next_digest(opens) if known else opens + gather)

    def _in_company(self, word: Word, way: Way, alert: Alert, outcome: Outcome) -> Word:
        """Return a word about a bag that must be emptied today as one that waits for other mails, while it has time.

        That is until the next digest, or until two hours before the bag may be full, while the centre is open.
        """
        by = None if outcome.seen is None else outcome.seen.by
        if alert.rule != Rule.COLLECTION or alert.stage != Stage.TODAY or by is None or word.urgent:
            return word
        due = min(self.next_digest(word.opens), by - _WARNING_MS)
        waits = alert.rule in self._chosen(way) and outcome.post.opening.is_open(due)
        return replace(word, due=max(word.due, due)) if waits else word

    def _chosen(self, way: Way) -> Collection[str]:
        """Return the rules of which a recipient hears by digest."""
        if way.contact.digest is not None:
            return way.contact.digest
        return () if _is_program(way) else self._digest


def _is_program(way: Way) -> bool:
    return way.channel is not None and way.channel.kind == "webhook"


def _word(alert_id: int, kind: str, way: Way, since: int, opens: int, post: RuleBinding) -> Word:
    channel = "mail" if way.channel is None else way.channel.id
    return Word(0, alert_id, kind, channel, way.address, since, opens, opens, post.urgent, "")
