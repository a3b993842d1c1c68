"""When words about an alert go out: by its chain, its repeats, opening hours, silences, digests and budgets. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.escalation.recipients import Destination, Step, chain
from sukusuku_server.escalation.steps import (
    EscalationState,
    EscalationStep,
    digest_at,
    due,
    first_due,
    left_out,
    mails_from,
    repeat_at,
)
from sukusuku_server.model.alerts import Alert, Word
from sukusuku_server.model.rules import Cause, Rule, Stage
from sukusuku_server.settings import Asset, Facility, Site
from sukusuku_server.settings.alerts import digested
from sukusuku_server.settings.opening import minute

KNOWN = frozenset({"again", "resolved"})
"""Kinds of words about what the recipient has heard of."""
_PRESSING = frozenset({Rule.UNIT_FAULT, Rule.ASSET_SILENT, Rule.ROOM_OVER_CAPACITY, Rule.ZONE_OVER_CAPACITY})
"""Rules of which nobody may learn only from the next digest: a unit takes no nappies, or may not; a room is full."""
_WARNING_MS = HOUR_MS
"""So long before a bag will probably be full, or over age, people hear at the latest that it must be emptied today."""
_LATER = frozenset({Cause.BEFORE_NEXT, Cause.OVERFLOW_RISK})
"""Why a bag is spoken of that has room today."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms people are told of a rule at a unit, room or site.

    `mail_from` is the stage from which on it is told, `silent_after` (ms) when the subject counts as silent.
    """

    rule: Rule
    chain: tuple[Step, ...]
    mail_from: int
    opening: OpeningHours
    urgent: bool
    silent_after: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alert stands: what was told of its `stage`, and when (UTC ms) it fired or became worse."""

    stage: int
    flapping: bool
    told: EscalationState
    began: int


def terms(facility: Facility, rule: Rule, subject: Asset | Site, opening: OpeningHours) -> Terms:
    """Return on which terms people are told of a rule at a subject."""
    site, levels = (
        (subject.site, facility.levels(subject.settings)) if isinstance(subject, Asset) else (subject, facility.alerts)
    )
    return Terms(
        rule,
        chain(facility, site.id, rule),
        getattr(facility.alerts.mail_from, rule.value, 1),
        opening,
        urgent=rule.value in levels.urgent,
        silent_after=round(levels.silent_after * 1000),
    )


def told(alert: Alert) -> EscalationState:
    """Return what people were told of an alert."""
    return EscalationState(alert.told, alert.told_first, alert.told_at, alert.told_stage, alert.repeats)


def is_pressing(kind: str, rule: str, stage: int) -> bool:
    """Whether a word is news that nobody may wait for, however many mails came before it today."""
    if rule == Rule.COLLECTION and stage >= Stage.NOW:
        return kind != "resolved"
    return kind in {"firing", "worse"} and rule in _PRESSING


class Timing:
    """When words of one facility go out. All moments are UTC ms."""

    def __init__(self, facility: Facility) -> None:
        alerts = facility.alerts
        self.gather = round(alerts.gather_for * 1000)
        """How long words wait for others."""
        self._repeat = round(alerts.repeat_after * 1000)
        self._before_opening = round(alerts.before_opening * 1000)
        self._longest = round(alerts.longest_wait * 1000)
        self._digest = digested(alerts)
        self._times = tuple(minute(time) * MINUTE_MS for time in alerts.digest.times)
        self._budget = alerts.mails_per_day

    def due(self, terms: Terms, alert: Standing, now: int, *, silenced: int, wide: bool) -> EscalationStep | None:
        """Return what is to be told now, if anything.

        `silenced` is until when the subject is silenced, `wide` whether nearly everything is silent.
        """
        again = self._again(terms, alert, wide=wide)
        telling = due(alert.told, alert.began, [step.delay for step in terms.chain], again, now)
        return telling if telling is not None and self.opens(terms, silenced, alert.began, now) <= now else None

    def next(
        self, terms: Terms, alert: Standing, now: int, *, silenced: int, wide: bool
    ) -> tuple[int, int, EscalationStep] | None:
        """Return the first moment from `now` on at which `due` has something to tell, if nothing else happens.

        Beside it when that would be if the centre were open and nothing silenced, and what is told; None: never.
        """
        again = self._again(terms, alert, wide=wide)
        delays = [step.delay for step in terms.chain]
        first = first_due(alert.told, alert.began, delays, again)
        if first is None:
            return None
        wish = max(first, now)
        opens = self.opens(terms, silenced, alert.began, wish)
        telling = due(alert.told, alert.began, delays, again, opens)
        return None if telling is None else (opens, wish, telling)

    def _again(self, terms: Terms, alert: Standing, *, wide: bool) -> int | None:
        skipped = left_out(terms.rule, alert.stage, flapping=alert.flapping, wide=wide)
        return repeat_at(alert.told, self._repeat, terms.opening, self._before_opening, skipped)

    def opens(self, terms: Terms, silenced: int, began: int, now: int) -> int:
        """Return the first moment from `now` on at which words about an alert may go.

        `began` is when there was something to tell. A silence that was noticed while the centre was closed is told when
        it has lasted for its time while the centre is open: at night nobody misses a unit that is switched off.
        """
        before = self._before_opening
        if terms.rule is Rule.ASSET_SILENT and not terms.urgent and not terms.opening.is_open(began):
            wait = terms.silent_after
            before = sum(end - start for start, end in terms.opening.spans(began - wait, began)) - wait
            opened = terms.opening.next_opening(began)
            now = now if opened is None else max(now, min(opened - before, began + self._longest))
        moment = mails_from(terms.opening, before, urgent=terms.urgent, silenced=silenced, now=now)
        return max(now, silenced, min(moment, began + self._longest))

    def timed(self, word: Word, destination: Destination, alert: Alert, opens: int, gather: int) -> Word:
        """Return a word with when it goes: urgent at once, what can wait with whatever else goes, others together.

        What can wait is what a person wants in a digest, and what they know already. It goes with the next mail to
        them, at the latest with the digest; when it is about another day, with the next first one of a day.
        """
        if word.urgent:
            return replace(word, opens=opens, due=opens)
        if alert.rule in self._chosen(destination) and not (alert.rule == Rule.COLLECTION and alert.stage > Stage.PLAN):
            due = self.next_morning(opens) if alert.reason in _LATER else self.next_digest(opens)
            return replace(word, opens=opens, due=due, held=word.held or "digest")
        known = word.kind == "again" and not destination.program
        return replace(word, opens=opens, due=self.next_digest(opens) if known else opens + gather)

    def in_company(self, word: Word, destination: Destination, alert: Alert, terms: Terms, by: int | None) -> Word:
        """Return a word about a bag that must be emptied today as one that waits for other mails, while it has time.

        That is until the next digest, or until an hour before the bag will be full (`by`), while the centre is open.
        """
        if alert.rule != Rule.COLLECTION or alert.stage != Stage.TODAY or by is None or word.urgent:
            return word
        due = min(self.next_digest(word.opens), by - _WARNING_MS)
        waits = alert.rule in self._chosen(destination) and terms.opening.is_open(due)
        return replace(word, due=max(word.due, due)) if waits else word

    def put_off(self, written: int, now: int, *, calm: bool) -> int | None:
        """Return until when a message waits whose recipient has had so many today; None: it goes.

        Half of the budget of a day is for what can wait until tomorrow (`calm`), all of it for what is news.
        """
        if calm:
            return self.next_morning(now + 1) if written >= (self._budget + 1) // 2 else None
        return self.next_digest(now + 1) if written >= self._budget else None

    def next_digest(self, now: int) -> int:
        """Return when the next digest goes out."""
        return digest_at(self._times, now)

    def next_morning(self, now: int) -> int:
        """Return when the next first digest of a day goes out."""
        return digest_at(self._times[:1], now)

    def _chosen(self, destination: Destination) -> Collection[str]:
        """Return the rules of which a recipient hears by digest."""
        if destination.contact.digest is not None:
            return destination.contact.digest
        return () if destination.program else self._digest
