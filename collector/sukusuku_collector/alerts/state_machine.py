"""How an alert lives. Pure: (state, observation, now) -> (state, events). All times are UTC ms.

    none -> pending -> firing -> resting -> none (the cause has stayed away: the incident is over)
               |         |  ^        '-> firing (it has returned: the same incident)
               |         |  '-- at a higher stage (it has become worse)
               '-> none (dropped: it did not stand long enough; nobody was told)

A cause must stand for a while before the alert fires or steps up, and be away for a while before it resolves. All waits
run on the collector's clock from when the collector saw it, so that a backlog of old readings, which runs through
within seconds, does not fire on a moment that is long over.

What comes back before it has rested is the same incident. From the second return on it *flaps*: the alert is open until
the cause has rested, so that a fault that comes and goes at whatever pace is one incident with one end. How long it
must rest follows from the incident itself: twice the longest time that it has been away, at least `Waits.rest`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, StrEnum

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.alerts import FLAPS_FROM

MAX_AGE_MS = 15 * MINUTE_MS
"""A value measured longer ago than this raises no alert: it is history that is being loaded."""


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
    while other metrics of the asset still come. `stage` rises with what has to be done. `over`: what was wrong cannot
    come back (the bag was changed); if it is so again, that is another incident.
    """

    sign: Sign
    time: int
    since: int
    value: float | None
    threshold: float | None
    detail: str
    reason: str = ""
    stage: int = 1
    over: bool = False
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long (ms) a cause must stand before the alert fires, and be away before it resolves.

    What comes back within `rest` is the same incident (0: it never is). What has come back within `longest` must rest
    for longer the next time, but never for longer than that. `onsets`: of a cause that never stands long enough
    the pieces add up, and so many comings fire whatever they are; 0: they are noise.
    """

    fire: int
    resolve: int = 0
    rest: int = 0
    longest: int = 0
    onsets: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that may still be told, or may come back.

    `since` is when the cause began, `raised` when the collector saw it, `clearing` since when it has been away,
    `rising` since when it has been worse than its `stage`. `value` and `reason` are those with which it was raised,
    fired or became worse. `returns` is how often the cause has come back, `gap` the longest time (ms) that it was away
    before it did, `ended` when it was resolved and began to rest.
    """

    firing: bool
    since: int
    raised: int
    clearing: int | None = None
    value: float | None = None
    stage: int = 1
    rising: int | None = None
    reason: str = ""
    returns: int = 0
    gap: int = 0
    ended: int | None = None

    @property
    def flapping(self) -> bool:
        """Whether the cause comes and goes."""
        return self.returns >= FLAPS_FROM


class Event(StrEnum):
    """What happened to an alert."""

    RAISED = "raised"
    FIRED = "fired"
    WORSENED = "worsened"
    DROPPED = "dropped"
    RESOLVED = "resolved"
    RETURNED = "returned"


Step = tuple[Open | None, tuple[Event, ...]]


def step(alert: Open | None, seen: Observation | None, waits: Waits, now: int) -> Step:
    """Return the alert after an observation, and what happened to it. Without an observation nothing changes."""
    if alert is not None and alert.ended is not None:
        return _resting(alert, seen, waits, now)
    if seen is None:
        return alert, ()
    if seen.sign is Sign.PRESENT:
        return _present(alert, seen, waits, now)
    if alert is None or seen.time < alert.since:  # what was measured before the alert says nothing about its end
        return alert, ()
    return _absent(alert, seen, waits, now)


def over_at(alert: Open, waits: Waits) -> int:
    """Return when (UTC ms) a resolved incident is over unless it returns. One that flaps has rested before its end."""
    rested = waits.rest if alert.flapping else 0
    rest = max(waits.rest, min(2 * alert.gap, waits.longest))
    return (alert.ended or 0) + rest - rested


def turning_points(alert: Open, waits: Waits) -> Iterator[int]:
    """Yield the moments (UTC ms) at which an alert may take another step though the same is seen of its cause."""
    yield alert.raised + waits.fire
    if alert.rising is not None:
        yield alert.rising + waits.fire
    if alert.clearing is not None:
        yield alert.clearing + waits.resolve
        yield alert.clearing + waits.rest
    if alert.ended is not None:
        yield over_at(alert, waits)
        yield alert.ended + waits.longest


def _resting(alert: Open, seen: Observation | None, waits: Waits, now: int) -> Step:
    ended, away = alert.ended or 0, now - (alert.ended or 0)
    over = over_at(alert, waits)
    if seen is None or seen.sign is not Sign.PRESENT or now - seen.time > MAX_AGE_MS:
        return (None if now >= max(over, ended + waits.longest) else alert), ()
    gap = max(alert.gap, away)
    if now < over:
        back = replace(alert, ended=None, clearing=None, rising=None, returns=alert.returns + 1, gap=gap)
        return _grounded(back, seen), (Event.RETURNED,)
    if away >= waits.longest:
        return _present(None, seen, waits, now)
    after, events = _present(None, seen, waits, now)
    return (None if after is None else replace(after, returns=1, gap=gap)), events


def _absent(alert: Open, seen: Observation, waits: Waits, now: int) -> Step:
    clearing = now if alert.clearing is None else alert.clearing
    if not alert.firing:
        if not waits.onsets or now - clearing >= waits.rest:
            return None, (Event.DROPPED,)
        return replace(alert, clearing=clearing), ()
    if seen.sign is Sign.BETWEEN:
        return replace(alert, clearing=None, rising=None), ()
    rests = alert.flapping and not seen.over
    if now - clearing >= (max(waits.rest, waits.resolve) if rests else waits.resolve):
        ended = replace(alert, clearing=None, rising=None, ended=now)
        return (None if seen.over or not waits.rest else ended), (Event.RESOLVED,)
    return replace(alert, clearing=clearing, rising=None), ()


def _present(alert: Open | None, seen: Observation, waits: Waits, now: int) -> Step:
    if alert is not None and alert.firing:
        if alert.flapping and alert.clearing is not None:
            alert = _back(alert, now)
        return _worse(replace(alert, clearing=None), seen, waits, now)
    if now - seen.time > MAX_AGE_MS:
        return alert, ()
    events: tuple[Event, ...] = ()
    if alert is None:
        since = min(seen.since, now)
        alert, events = _grounded(Open(firing=False, since=since, raised=now), seen), (Event.RAISED,)
    elif alert.clearing is not None:  # the pieces in which it stands add up
        alert = replace(_back(alert, now), raised=now - (alert.clearing - alert.raised))
    comes = bool(waits.onsets) and alert.returns + 1 >= waits.onsets
    if comes or now - alert.raised >= waits.fire:
        return replace(_grounded(alert, seen), firing=True), (*events, Event.FIRED)
    return alert, events


def _back(alert: Open, now: int) -> Open:
    away = now - (now if alert.clearing is None else alert.clearing)
    return replace(alert, clearing=None, returns=alert.returns + 1, gap=max(alert.gap, away))


def _worse(alert: Open, seen: Observation, waits: Waits, now: int) -> Step:
    if seen.stage <= alert.stage or now - seen.time > MAX_AGE_MS:
        return replace(alert, rising=None), ()
    rising = now if alert.rising is None else alert.rising
    if now - rising < waits.fire:
        return replace(alert, rising=rising), ()
    return replace(_grounded(alert, seen), rising=None), (Event.WORSENED,)


def _grounded(alert: Open, seen: Observation) -> Open:
    return replace(alert, value=seen.value, stage=seen.stage, reason=seen.reason)
