"""What is told of an alert next, to whom and when, or why nothing is: by the rules that the engine goes by. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sukusuku_core.time import day_start, local_day
from sukusuku_server.escalation.recipients import wanted
from sukusuku_server.escalation.steps import EscalationState
from sukusuku_server.escalation.timing import KNOWN, Standing, Terms, Timing, is_pressing, told
from sukusuku_server.model.alerts import Alert, AlertState, Word

Written = Callable[[str, str, int], int]
"""How many messages were written on a channel to a recipient since a moment."""


class Pause(StrEnum):
    """Why nothing is told of an alert."""

    RESOLVED = "resolved"
    PENDING = "pending"
    """It may vanish before it fires."""
    ACKNOWLEDGED = "acknowledged"
    SHOWN = "shown"
    """It is only shown: its stage is below that from which on it is mailed."""
    CLEARING = "clearing"
    """Its cause is away at the moment."""
    NOBODY = "nobody"
    """The settings name nobody who wants to hear of it."""
    ONCE = "once"
    """It has been told, and the settings say that nothing is repeated."""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A message that is due at a moment (UTC ms) unless things change. `kind` and `held` are those of a `Word`.

    `recipient` is what the outbox calls them: an address in lower case, or the id of a channel.
    """

    at: int
    kind: str
    channel: str
    recipient: str
    held: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides beside the alert and its terms.

    `silenced` is until when (UTC ms) its subject is silenced, `wide` whether nearly everything is silent, `words` what
    waits to be said of it, `by` when a bag must have been changed, where that is known.
    """

    now: int
    silenced: int
    wide: bool
    words: Sequence[Word]
    written: Written
    by: int | None = None


def upcoming(timing: Timing, terms: Terms, alert: Alert, around: Circumstances) -> tuple[Upcoming, ...] | Pause:
    """Return the messages that go out next about an alert, or why there are none."""
    pause = _pause(alert)
    if pause is not None:
        return pause
    waiting = [word for word in around.words if word.kind != "resolved"]
    if waiting:
        return tuple(
            Upcoming(max(word.due, around.now), word.kind, word.channel, word.recipient, word.held) for word in waiting
        )
    if alert.stage < terms.mail_from:
        return Pause.SHOWN
    if alert.clearing is not None:
        return Pause.CLEARING
    return _expected(timing, terms, alert, around)


def _pause(alert: Alert) -> Pause | None:
    match alert.state:
        case AlertState.RESOLVED:
            return Pause.RESOLVED
        case AlertState.PENDING:
            return Pause.PENDING
        case AlertState.ACKNOWLEDGED:
            return Pause.ACKNOWLEDGED
        case AlertState.FIRING:
            return None


def _expected(timing: Timing, terms: Terms, alert: Alert, around: Circumstances) -> tuple[Upcoming, ...] | Pause:
    before = told(alert)
    known = EscalationState() if alert.stage > before.stage else before
    standing = Standing(alert.stage, alert.flapping, known, alert.fired or alert.raised)
    found = timing.next(terms, standing, around.now, silenced=around.silenced, wide=around.wide)
    if found is None:
        return Pause.ONCE if terms.chain else Pause.NOBODY
    opens, wish, telling = found
    held = "" if opens == wish else "silenced" if opens == around.silenced else "closed"
    messages = []
    for destination, kind in wanted(terms.chain, alert.stage, before, telling):
        channel = "mail" if destination.channel is None else destination.channel.id
        word = Word(0, alert.id, kind, channel, destination.address, opens, opens, opens, terms.urgent, held)
        timed = timing.timed(word, destination, alert, opens, timing.gather)
        messages.append(_put_off(timing, timing.in_company(timed, destination, alert, terms, around.by), alert, around))
    return tuple(messages) or Pause.NOBODY


def _put_off(timing: Timing, word: Word, alert: Alert, around: Circumstances) -> Upcoming:
    """Return when a word goes, which waits where its recipient has had many mails today."""
    at, held = word.due, word.held
    if (
        local_day(at) == local_day(around.now)
        and not word.urgent
        and not is_pressing(word.kind, alert.rule, alert.stage)
    ):
        written = around.written(word.channel, word.recipient, day_start(local_day(at)))
        until = timing.put_off(written, at, calm=word.kind in KNOWN or held == "digest")
        at, held = (at, held) if until is None else (until, "budget")
    return Upcoming(at, word.kind, word.channel, word.recipient, held)
