"""How an alert lives. Pure: (state, observation, now) -> (state, events). All times are UTC ms.

    none -> pending -> firing -> none (resolved)
               |         '-> firing, at a higher stage (it has become worse)
               '-> none (dropped: it did not stand long enough; nobody was told)

A cause must stand for a while before the alert fires or steps up, and be away for a while before it resolves. All waits
run on the collector's clock from when the collector saw it, so that a backlog of old readings, which runs through
within seconds, does not fire on a moment that is long over.
"""

from dataclasses import dataclass, replace
from enum import Enum, StrEnum

from sukusuku_core.time import MINUTE_MS

MAX_AGE_MS = 15 * MINUTE_MS
"""A value measured longer ago than this raises no alert: it is history that is being loaded."""


class Rule(StrEnum):
    """What Sukusuku watches for. `KG_LIMIT` and `STOCK_LOW` are about a site, the others about a unit or room."""

    COLLECTION = "collection"
    UNIT_FAULT = "unit_fault"
    FILM_LOW = "film_low"
    ROOM_OVER_CAPACITY = "room_over_capacity"
    ZONE_OVER_CAPACITY = "zone_over_capacity"
    ASSET_SILENT = "asset_silent"
    KG_LIMIT = "kg_limit"
    STOCK_LOW = "stock_low"


class Sign(Enum):
    """What an observation says about the cause. BETWEEN: neither high enough to raise nor low enough to clear."""

    PRESENT = "present"
    BETWEEN = "between"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule sees at an asset now. `time` is when it was measured, `since` how long it is known to be so.

    `value` and `threshold` are in the unit of the rule's metric; `detail` is one English line for logs and programs.
    `reason` says in one word why, where a rule has several reasons: for `asset_silent` it is the metric that is missing
    while other metrics of the asset still come. `stage` rises with what has to be done.
    """

    sign: Sign
    time: int
    since: int
    value: float | None
    threshold: float | None
    detail: str
    reason: str = ""
    stage: int = 1


@dataclass(frozen=True, slots=True)
class Waits:
    """How long (ms) a cause must stand before the alert fires, and be away before it resolves."""

    fire: int
    resolve: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is not resolved.

    `since` is when the cause began, `raised` when the collector saw it, `clearing` since when it has been away,
    `rising` since when it has been worse than its `stage`. `value` and `reason` are those with which it was raised,
    fired or became worse.
    """

    firing: bool
    since: int
    raised: int
    clearing: int | None = None
    value: float | None = None
    stage: int = 1
    rising: int | None = None
    reason: str = ""


class Event(StrEnum):
    """What happened to an alert."""

    RAISED = "raised"
    FIRED = "fired"
    WORSENED = "worsened"
    DROPPED = "dropped"
    RESOLVED = "resolved"


Step = tuple[Open | None, tuple[Event, ...]]


def step(alert: Open | None, seen: Observation | None, waits: Waits, now: int) -> Step:
    """Return the alert after an observation, and what happened to it. Without an observation nothing changes."""
    if seen is None:
        return alert, ()
    if seen.sign is Sign.PRESENT:
        return _present(alert, seen, waits, now)
    if alert is None or seen.time < alert.since:  # what was measured before the alert says nothing about its end
        return alert, ()
    return _absent(alert, seen, waits, now)


def _absent(alert: Open, seen: Observation, waits: Waits, now: int) -> Step:
    if not alert.firing:
        return None, (Event.DROPPED,)
    if seen.sign is Sign.BETWEEN:
        return replace(alert, clearing=None, rising=None), ()
    clearing = now if alert.clearing is None else alert.clearing
    if now - clearing >= waits.resolve:
        return None, (Event.RESOLVED,)
    return replace(alert, clearing=clearing, rising=None), ()


def _present(alert: Open | None, seen: Observation, waits: Waits, now: int) -> Step:
    if alert is not None and alert.firing:
        return _worse(replace(alert, clearing=None), seen, waits, now)
    if now - seen.time > MAX_AGE_MS:
        return alert, ()
    events: tuple[Event, ...] = ()
    if alert is None:
        since = min(seen.since, now)
        alert, events = _grounded(Open(firing=False, since=since, raised=now), seen), (Event.RAISED,)
    if now - alert.raised >= waits.fire:
        return replace(_grounded(alert, seen), firing=True), (*events, Event.FIRED)
    return alert, events


def _worse(alert: Open, seen: Observation, waits: Waits, now: int) -> Step:
    if seen.stage <= alert.stage or now - seen.time > MAX_AGE_MS:
        return replace(alert, rising=None), ()
    rising = now if alert.rising is None else alert.rising
    if now - rising < waits.fire:
        return replace(alert, rising=rising), ()
    return replace(_grounded(alert, seen), rising=None), (Event.WORSENED,)


def _grounded(alert: Open, seen: Observation) -> Open:
    return replace(alert, value=seen.value, stage=seen.stage, reason=seen.reason)
