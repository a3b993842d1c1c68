"""Whom to tell of a firing alert, and when. Pure. All times are UTC ms.

The people who want to know form a chain: those with no delay first, then, while nobody has acknowledged, those who
want to be told after so many minutes. Who was told is told again every so often. While the centre is closed nothing
is told, unless the rule is urgent; while somebody has silenced a subject, nothing at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_server.calendar.opening_hours import OpeningHours


@dataclass(frozen=True, slots=True)
class EscalationState:
    """What people were told of an alert in its present stage: `steps` of the chain, first and last time."""

    steps: int = 0
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """What is to be told now: the chain up to `steps`, those who know it already only when `again`."""

    steps: int
    again: bool


def due(told: EscalationState, began: int, delays: Sequence[int], repeat: int, now: int) -> EscalationStep | None:
    """Return what is to be told now, if anything.

    `began` is when the alert fired or became worse, `delays` those of the steps in rising order, `repeat` the time
    between two mails to the same person (0: never). The delays run from when the first step was told, so that a
    chain that begins when the centre opens does not wake everybody at once.
    """
    if not delays:
        return None
    if told.first is None:
        return EscalationStep(1, again=False) if now - began >= delays[0] else None
    passed = now - told.first + delays[0]
    steps = max(told.steps, sum(passed >= delay for delay in delays))
    again = bool(repeat) and told.last is not None and now - told.last >= repeat
    return EscalationStep(steps, again) if again or steps > told.steps else None


def mails_from(opening: OpeningHours, before: int, *, urgent: bool, silenced: int, now: int) -> int:
    """Return the first moment from `now` on at which a mail may go.

    `before` is how long before the centre opens that is, `silenced` until when the subject is silenced.
    """
    moment = max(now, silenced)
    if urgent or opening.is_open(moment):
        return moment
    opens = opening.next_opening(moment)
    return moment if opens is None else max(moment, opens - before)
