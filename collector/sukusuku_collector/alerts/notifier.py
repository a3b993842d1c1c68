"""Who is to hear what of an alert, and when: puts words where they wait, in the transaction of the change."""

from collections.abc import Collection
from dataclasses import replace

from sukusuku_collector.alerts.context import RuleContext, site_of
from sukusuku_collector.alerts.records import Outcome, RuleBinding
from sukusuku_collector.alerts.state_machine import over_at
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.modes import ModeKind
from sukusuku_server.escalation.recipients import Destination, wanted
from sukusuku_server.escalation.steps import EscalationStep
from sukusuku_server.escalation.timing import Standing, Timing, told
from sukusuku_server.model.alerts import Word
from sukusuku_server.model.rules import Rule

SILENCE_MS = 15 * MINUTE_MS
"""One cause silences many, and brings them back, within the time after which an edge node repeats what it knows."""
_COMPANY_MS = 2 * HOUR_MS
"""So long the end of a fault or of a silence waits for another mail: there is nothing left to do."""
_ROOMS = frozenset({Rule.ROOM_OVER_CAPACITY, Rule.ZONE_OVER_CAPACITY})
SHOWN_MS = 30 * MINUTE_MS
"""A mail that has waited for longer says why."""


class Mailing:
    """Who is told of the alerts of one facility, and when."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing

    def due(self, binding: RuleBinding, context: RuleContext, alert: Standing, *, wide: bool) -> EscalationStep | None:
        """Return what is to be told of an alert now, if anything; `wide`: nearly everything is silent."""
        return self._timing.due(binding.terms, alert, context.now, silenced=_silenced(binding, context), wide=wide)

    def next(self, binding: RuleBinding, context: RuleContext, alert: Standing, *, wide: bool) -> int | None:
        """Return the first moment from now on at which something is to be told of an alert; None: it never is."""
        silenced = _silenced(binding, context)
        found = self._timing.next(binding.terms, alert, context.now, silenced=silenced, wide=wide)
        return None if found is None else found[0]

    def tell(
        self, change: Change, alert_id: int, telling: EscalationStep, outcome: Outcome, quiet: Collection[str]
    ) -> list[Word]:
        """Put words for those whose turn it is, unless somebody has acknowledged the alert meanwhile.

        `quiet` are subjects that may turn out to be silent, too.
        """
        alert, binding, now = change.read(alert_id), outcome.binding, outcome.context.now
        if alert.state is not AlertState.FIRING:
            return []
        before, terms = told(alert), binding.terms
        worse = 0 < before.stage < alert.stage
        first = not before.steps and not worse
        waited = (alert.fired or now) + (terms.chain[0].delay if terms.chain else 0)
        held = "" if not first or now - waited < SHOWN_MS else "silenced" if terms.opening.is_open(waited) else "closed"
        others = binding.watch.rule is Rule.ASSET_SILENT and set(quiet) - {binding.subject.id}
        gather = SILENCE_MS if others else self._timing.gather
        words = []
        for destination, name in wanted(terms.chain, alert.stage, before, telling):
            word = _word(alert_id, name, destination, waited if held else now, now, binding)
            timed = self._timing.timed(replace(word, held=held), destination, alert, now, gather)
            by = None if outcome.seen is None else outcome.seen.by
            words.append(change.put_word(self._timing.in_company(timed, destination, alert, terms, by)))
        fresh = alert.told_first is None or worse
        repeats = 0 if fresh else alert.repeats + telling.again
        stage = max(alert.told_stage, alert.stage)
        after = replace(alert, told=telling.steps, told_stage=stage, told_at=now, repeats=repeats)
        change.told(replace(after, told_first=now if fresh else alert.told_first))
        return words

    def tell_end(self, change: Change, alert: Alert, outcome: Outcome) -> list[Word]:
        """Put words for everybody who was told of the alert: it is over, once its cause has stayed away."""
        binding, now = outcome.binding, outcome.context.now
        if not binding.watch.ends:
            return []
        before = change.recipients(alert.id)
        over = now if outcome.after is None else over_at(outcome.after, binding.watch.waits(outcome.context.levels))
        silenced = _silenced(binding, outcome.context)
        opens = self._timing.opens(binding.terms, silenced, now, over)
        heard: dict[str, Destination] = {}
        for step in binding.terms.chain:
            for destination in step.destinations:
                if destination.address in before:
                    heard.setdefault(destination.address, destination)
        gather = SILENCE_MS if binding.watch.rule is Rule.ASSET_SILENT else self._timing.gather
        if binding.watch.rule is Rule.COLLECTION:  # whoever changed the bag knows it
            later = self._timing.next_morning(opens) - opens
        elif binding.watch.rule in _ROOMS:
            later = gather
        else:
            later = max(gather, self._timing.opens(binding.terms, silenced, now, over + _COMPANY_MS) - opens)
        words = []
        for destination in heard.values():
            word = _word(alert.id, "resolved", destination, over, opens, binding)
            wait = gather if destination.program else later
            words.append(change.put_word(self._timing.timed(word, destination, alert, opens, wait)))
        return words


def _silenced(binding: RuleBinding, context: RuleContext) -> int:
    """Return until when (UTC ms) nobody is told of what is at a subject; 0: it is not silenced."""
    silence = context.around.mode(ModeKind.SILENCE, (binding.subject.id, site_of(binding.subject).id), context.now)
    return 0 if silence is None or silence.until is None else silence.until


def _word(alert_id: int, kind: str, destination: Destination, since: int, opens: int, binding: RuleBinding) -> Word:
    channel = "mail" if destination.channel is None else destination.channel.id
    return Word(0, alert_id, kind, channel, destination.address, since, opens, opens, binding.terms.urgent, "")
