"""Whom to tell of a firing alert, and when. Pure. All times are UTC ms.

The people who want to know form a chain: those with no delay first, then, while nobody has acknowledged, those who
want to be told after so many minutes. Who was told is told again, at growing distances: after some hours, when the
centre opens next, on the day after, then after two, four, eight and sixteen days. While the centre is closed nothing
is told, unless the rule is urgent; while somebody has silenced a subject, nothing at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core.time import DAY_MS, HOUR_MS, day_number, midnight
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.model.rules import Rule, Stage

_MORNING_MS = 9 * HOUR_MS
"""When a day begins for a centre that never opens."""
_LEFT_OUT_WIDE = 3
"""So many first repeats there are none of when nearly everything is silent: whoever can remedy that knows of it."""
_WIDE_LEAST = 5
"""Assets: a centre has about three, which its own computer takes along when it is switched off."""
_PAUSES_DAYS = (1, 1, 2, 4, 8, 16)
"""Days between one repeat and the next, after the first one; the last pause stays."""
_ANY = 9
"""No stage is higher."""
_SLOW = {
    Rule.COLLECTION: Stage.TODAY,
    Rule.FILM_LOW: _ANY,
    Rule.ASSET_SILENT: _ANY,
    Rule.KG_LIMIT: _ANY,
    Rule.STOCK_LOW: _ANY,
}
"""Up to this stage nobody can do anything about it within hours, so it is told again from the next day on."""


@dataclass(frozen=True, slots=True)
class EscalationState:
    """What people were told of an alert: `steps` of the chain of this `stage`, first and last time, how often again."""

    steps: int = 0
    first: int | None = None
    last: int | None = None
    stage: int = 0
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """What is to be told now: the chain up to `steps`, those who know it already only when `again`."""

    steps: int
    again: bool


def due(
    told: EscalationState, began: int, delays: Sequence[int], repeat_at: int | None, now: int
) -> EscalationStep | None:
    """Return what is to be told now, if anything.

    `began` is when the alert fired or became worse, `delays` those of the steps in rising order, `repeat_at` when those
    who know it are told again (None: never). The delays run from when the first step was told, so that a chain that
    begins when the centre opens does not wake everybody at once.
    """
    if not delays:
        return None
    if told.first is None:
        return EscalationStep(1, again=False) if now - began >= delays[0] else None
    passed = now - told.first + delays[0]
    steps = max(told.steps, sum(passed >= delay for delay in delays))
    again = repeat_at is not None and now >= repeat_at
    return EscalationStep(steps, again) if again or steps > told.steps else None


def first_due(told: EscalationState, began: int, delays: Sequence[int], repeat_at: int | None) -> int | None:
    """Return the first moment at which `due` has something to tell; None: it never has."""
    if not delays:
        return None
    if told.first is None:
        return began + delays[0]
    steps = [told.first - delays[0] + delay for delay in delays[told.steps :]]
    return min([*steps, *([] if repeat_at is None else [repeat_at])], default=None)


def is_wide(silent: int, assets: int) -> bool:
    """Whether more than half of all assets, and several centres' worth of them, are silent at the same time.

    That has one cause which no centre can remedy, such as the network of the ward.
    """
    return silent >= _WIDE_LEAST and silent * 2 > assets


def left_out(rule: Rule, stage: int, *, flapping: bool, wide: bool) -> int:
    """Return how many of the first repeats there are none of: nobody could have done anything by then.

    `wide`: nearly everything is silent.
    """
    if wide and rule is Rule.ASSET_SILENT:
        return _LEFT_OUT_WIDE
    return int(flapping or stage <= _SLOW.get(rule, 0))


def repeat_at(told: EscalationState, repeat: int, opening: OpeningHours, before: int, left_out: int) -> int | None:
    """Return when those who know of an alert are told again; None: never.

    `repeat` is the time until the first repeat (0: there are none), `before` how long before the centre opens mails may
    go, `left_out` how many of the first repeats there are none of.
    """
    if not repeat or told.last is None:
        return None
    number = told.repeats + left_out
    if not number:
        return told.last + repeat
    day = midnight(day_number(told.last) + _PAUSES_DAYS[min(number, len(_PAUSES_DAYS)) - 1])
    opens = opening.next_opening(day)
    return day + _MORNING_MS if opens is None else max(opens - before, day)


def mails_from(opening: OpeningHours, before: int, *, urgent: bool, silenced: int, now: int) -> int:
    """Return the first moment from `now` on at which a mail may go.

    `before` is how long before the centre opens that is (negative: after), `silenced` until when the subject is
    silenced.
    """
    moment = max(now, silenced)
    if urgent or opening.is_open(moment):
        return moment
    opens = opening.next_opening(moment)
    return moment if opens is None else max(moment, opens - before)


def digest_at(times: Sequence[int], now: int) -> int:
    """Return the first moment from `now` on at which a digest goes out. `times`: ms since midnight, rising."""
    today = midnight(day_number(now))
    moments = [today + time for time in times] + [today + DAY_MS + times[0]]
    return next(moment for moment in moments if moment >= now)
