"""How an alert lives. Pure: (state, observation, now) -> (state, events). All times are UTC ms.

    none -> pending -> firing -> none (resolved)
               '-> none (dropped: it did not stand long enough; nobody was told)

A cause must stand for a while before the alert fires, and be away for a while before it resolves. Both waits run on
the collector's clock from when the collector saw it, so that a backlog of old readings, which runs through within
seconds, does not fire on a moment that is long over.
"""

from dataclasses import dataclass, replace
from enum import Enum, StrEnum

MAX_AGE_MS = 15 * 60 * 1000
"""A value measured longer ago than this raises no alert: it is history that is being loaded."""


class Rule(StrEnum):
    """What Sukusuku watches for."""

    FILL_LEVEL = "fill_level"
    UNIT_FAULT = "unit_fault"
    ROOM_OVER_CAPACITY = "room_over_capacity"
    ASSET_SILENT = "asset_silent"


class Sign(Enum):
    """What an observation says about the cause. BETWEEN: neither high enough to raise nor low enough to clear."""

    PRESENT = "present"
    BETWEEN = "between"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule sees at an asset now. `time` is when it was measured, `since` how long it is known to be so.

    `value` and `threshold` are in the unit of the rule's metric; `detail` is one English line for logs and programs.
    `metric` is the one that is missing, where the other metrics of the asset still come.
    """

    sign: Sign
    time: int
    since: int
    value: float | None
    threshold: float | None
    detail: str
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long (ms) a cause must stand before the alert fires, and be away before it resolves."""

    fire: int
    resolve: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is not resolved.

    `since` is when the cause began, `raised` when the collector saw it, `clearing` since when it has been away.
    """

    firing: bool
    since: int
    raised: int
    clearing: int | None = None


class Event(StrEnum):
    """What happened to an alert."""

    RAISED = "raised"
    FIRED = "fired"
    DROPPED = "dropped"
    RESOLVED = "resolved"


Step = tuple[Open | None, tuple[Event, ...]]


def step(alert: Open | None, seen: Observation | None, waits: Waits, now: int) -> Step:
    """The alert after an observation, and what happened to it. Without an observation nothing changes."""
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
        return replace(alert, clearing=None), ()
    clearing = now if alert.clearing is None else alert.clearing
    if now - clearing >= waits.resolve:
        return None, (Event.RESOLVED,)
    return replace(alert, clearing=clearing), ()


def _present(alert: Open | None, seen: Observation, waits: Waits, now: int) -> Step:
    if alert is not None and alert.firing:
        return replace(alert, clearing=None), ()
    if now - seen.time > MAX_AGE_MS:
        return alert, ()
    events: tuple[Event, ...] = ()
    if alert is None:
        alert, events = Open(firing=False, since=min(seen.since, now), raised=now), (Event.RAISED,)
    if now - alert.raised >= waits.fire:
        return replace(alert, firing=True), (*events, Event.FIRED)
    return alert, events
