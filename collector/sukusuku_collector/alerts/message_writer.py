"""From words that wait to messages: what one person is to hear at the same time is one mail, however much it is."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sukusuku_collector.alerts.mails.composer import Composer
from sukusuku_collector.alerts.mails.phrases import Incident, Item
from sukusuku_core.time import day_start, local_day
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.escalation.recipients import Destination
from sukusuku_server.escalation.timing import KNOWN, Timing, is_pressing
from sukusuku_server.model.alerts import Word
from sukusuku_server.model.rules import Rule
from sukusuku_server.settings import Facility


@dataclass(frozen=True, slots=True)
class Known:
    """What the engine knows of an alert that has words: how it stands now, who may hear of it, whether it rests."""

    incident: Incident
    destinations: tuple[Destination, ...]
    rests: bool


Know = Callable[[Alert], Known | None]
"""Answers None for an alert that nobody watches any more."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The words that wait on, how many messages there are, and the open alerts whose end was told (their ids).

    The latter are only shown now: a room that was over its limit is full.
    """

    left: list[Word]
    messages: int
    ended: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Ready:
    word: Word
    alert: Alert
    known: Known
    destination: Destination


class MessageWriter:
    """Writes the messages of one facility about the subjects that this process `minds`, and touches no others."""

    def __init__(
        self, facility: Facility, timing: Timing, composer: Composer, minds: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._timing = timing
        self._composer = composer
        self._minds = minds
        self._apart = {channel.id for channel in facility.channel if channel.kind == "webhook"}

    def deliver(self, change: Change, words: Sequence[Word], know: Know, now: int) -> Delivery:
        """Hand to the outbox what is due at `now`.

        Nothing is written for a recipient whose last message could not be sent: it is written when that one is gone,
        and says what is true then.
        """
        left: list[Word] = []
        number, ended = 0, frozenset[int]()
        people: dict[tuple[str, str], list[Word]] = defaultdict(list)
        for word in words:
            people[word.channel, word.recipient].append(word)
        for (channel, recipient), own in people.items():
            if not any(word.due <= now for word in own):
                left += own
                continue
            alerts = {word.alert_id: change.read(word.alert_id) for word in own}
            going = _going(own, alerts, now)
            left += [word for word in own if word not in going]
            if self._stuck(change, channel, recipient, alerts, know, now):
                left += going
                continue
            ready, waiting = self._sorted_out(change, going, alerts, know)
            left += waiting
            if not any(item.word.due <= now for item in ready):  # what they would have gone with is said no more
                left += [item.word for item in ready]
                continue
            until = self._put_off(change, ready, now)
            if until is not None:
                said = [item.word for item in ready]
                left += change.postpone([word for word in said if word.due <= now], until, "budget")
                left += [word for word in said if word.due > now]
                continue
            for together in self._messages(channel, ready):
                ended |= self._say(change, together, now)
                number += 1
        for ident in ended:
            alert = change.read(ident)
            change.told(replace(alert, told=0, told_stage=0, told_first=None, told_at=None, repeats=0))
        return Delivery(left, number, ended)

    def take_back(self, change: Change, alert_id: int, now: int) -> list[Word]:
        """Let the words of an alert that is resolved wait again where their message could not be sent.

        They are said if it comes back, and forgotten when it is over.
        """
        words = []
        for channel, recipient in sorted(change.unsent(alert_id)):
            for mail_id, about in change.stuck(channel, recipient, now).items():
                told = [change.read(ident) for ident in about]
                if all(alert.state is AlertState.RESOLVED and self._minds(alert.asset) for alert in told):
                    words += change.take_back(mail_id)
        return words

    def _stuck(
        self, change: Change, channel: str, recipient: str, alerts: dict[int, Alert], know: Know, now: int
    ) -> bool:
        """Whether a message to a recipient waits that could not be sent; one about what is over is taken back."""
        waits = False
        for mail_id, about in change.stuck(channel, recipient, now).items():
            told = [alerts.get(ident) or change.read(ident) for ident in about]
            if all(self._minds(alert.asset) and _is_over(alert, know(alert)) for alert in told):
                change.withdraw(change.take_back(mail_id))
            else:
                waits = True
        return waits

    def _sorted_out(
        self, change: Change, words: Sequence[Word], alerts: dict[int, Alert], know: Know
    ) -> tuple[list[_Ready], list[Word]]:
        """Return what is worth saying, one for each rule and subject, and the words that wait; forget the others."""
        ready: dict[tuple[str, str], _Ready] = {}
        waiting, useless = [], []
        for word in words:
            alert = alerts[word.alert_id]
            known = know(alert)
            destination = None if known is None else next((it for it in known.destinations if _is_for(it, word)), None)
            if known is None or destination is None:
                useless.append(word)
            elif word.kind != "resolved" and alert.state is AlertState.RESOLVED and known.rests:
                waiting.append(word)
            elif not _means_something(change, word, alert):
                useless.append(word)
            else:
                before = ready.get((alert.rule, alert.asset))
                if before is not None:
                    useless.append(before.word)
                one = word if before is None else _joined(before, word, alert)
                ready[alert.rule, alert.asset] = _Ready(one, alert, known, destination)
        change.withdraw(useless)
        return list(ready.values()), waiting

    def _put_off(self, change: Change, ready: Sequence[_Ready], now: int) -> int | None:
        """Return until when a message waits because its recipient has had many today; None: it goes."""
        due = [item.word for item in ready if item.word.due <= now]
        if any(word.held == "budget" for word in due):
            return None
        if any(item.word.urgent or is_pressing(item.word.kind, item.alert.rule, item.alert.stage) for item in ready):
            return None
        calm = all(word.kind in KNOWN or word.held == "digest" for word in due)
        if not calm and any(word.held == "digest" for word in due):
            return None
        word = ready[0].word
        written = change.written(word.channel, word.recipient, day_start(local_day(now)))
        return self._timing.put_off(written, now, calm=calm)

    def _messages(self, channel: str, ready: Sequence[_Ready]) -> Iterator[Sequence[_Ready]]:
        """Programs get one message an alert, people one message."""
        if channel in self._apart:
            yield from ([item] for item in ready)
        elif ready:
            yield ready

    def _say(self, change: Change, ready: Sequence[_Ready], now: int) -> frozenset[int]:
        """Write one message; return the open alerts whose end it tells."""
        items, ended = [], set()
        before: dict[str, str] = {}
        for item in ready:
            told = change.recipients(item.alert.id)
            kind = item.word.kind
            if kind != "firing" and not told:
                kind = "firing"
            first = item.alert.told_first
            still = kind == "again" or (kind == "firing" and first is not None and item.word.since > first)
            alert = item.alert
            if kind == "resolved" and alert.resolved is None:
                alert = replace(alert, resolved=item.word.since, stage=alert.told_stage)
                ended.add(alert.id)
            incident = replace(item.known.incident, alert=alert, now=now, open_still=still)
            waited = item.word.since if item.word.held else None
            items.append(Item(incident, kind, item.word.held, waited))
            before = told
        mail = self._composer.message(items, ready[0].destination, before if len(items) == 1 else {})
        change.say([item.word for item in ready], mail, now)
        return frozenset(ended)


def _going(words: Sequence[Word], alerts: dict[int, Alert], now: int) -> list[Word]:
    """Return what goes now: what is due, and with it what may go and is of its kind.

    Silences go together, so that those of one cause are not torn apart by a word about something else.
    """
    silent = {word.id: alerts[word.alert_id].rule == Rule.ASSET_SILENT for word in words}
    kinds = {silent[word.id] for word in words if word.due <= now}
    return [word for word in words if word.due <= now or (word.opens <= now and silent[word.id] in kinds)]


def _is_for(destination: Destination, word: Word) -> bool:
    channel = "mail" if destination.channel is None else destination.channel.id
    return (channel, destination.address) == (word.channel, word.recipient)


def _is_over(alert: Alert, known: Known | None) -> bool:
    return alert.state is AlertState.RESOLVED and (known is None or not known.rests)


def _means_something(change: Change, word: Word, alert: Alert) -> bool:
    """Whether a word is news: of an alert that is open and nobody's, or of the end of one that was told."""
    if word.kind == "resolved":
        return word.recipient in change.recipients(alert.id)
    return alert.state is AlertState.FIRING


def _joined(before: _Ready, word: Word, alert: Alert) -> Word:
    """Return the later of two words about the same thing, as one that has waited for as long as both."""
    if before.alert.id != alert.id or word.kind == "resolved":
        return word
    kind = before.word.kind if word.kind == "again" else word.kind
    first = before.word
    due = min(first.due, word.due)
    return replace(word, kind=kind, since=min(first.since, word.since), due=due, held=first.held or word.held)
