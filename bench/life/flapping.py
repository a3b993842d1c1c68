"""Plays faults that come and go at any pace, as the collector looks at them: every two seconds, for hours."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.life.judge import Figure
from sukusuku_collector.alerts.rules import WATCHES
from sukusuku_collector.alerts.state_machine import Event, Observation, Open, Sign, Waits, over_at, step
from sukusuku_core.time import HOUR_MS, MINUTE_MS, SECOND_MS
from sukusuku_server.model.rules import Rule
from sukusuku_server.settings.alerts import AlertLevels

FIRST_WORD_MS = 15 * MINUTE_MS
LOOK_MS = 2 * SECOND_MS
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of a period, for which the fault is there."""
PERIODS_S = (4, 10, 20, 40, 60, 90, 120, 180, 240, 300, 360, 420, 600, 900, 1200, 1800)
STANDS_MS = MINUTE_MS
"""So long a fault of a slow pace must be there each time: what is shorter and comes twice in a quarter of an hour is a
blip, which is to be told to nobody."""
_SLOW_S = 420
_FLAPS_MS, _RESTS_MS = 6 * HOUR_MS, 6 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Heard:
    """What a person hears of one cause: the moments (ms after it began) of each first word and each end that held."""

    fired: list[int]
    over: list[int]


def played(on: int, off: int, flaps: int, rests: int, waits: Waits, look: int = LOOK_MS) -> Heard:
    """Play a cause that is there for `on` and away for `off` while it `flaps`, then away; seen every `look`. All ms."""
    alert: Open | None = None
    heard, ending = Heard([], []), None
    for now in range(0, flaps + rests, look):
        sign = Sign.PRESENT if now < flaps and now % (on + off) < on else Sign.GONE
        alert, events = step(alert, Observation(sign, now, now, 1.0, None, ""), waits, now)
        if Event.FIRED in events:
            heard.fired.append(now)
        if Event.RETURNED in events:
            ending = None
        if Event.RESOLVED in events:
            assert alert is not None
            ending = over_at(alert, waits)
        if ending is not None and now >= ending:
            heard.over.append(now)
            ending = None
    return heard


def told_once(heard: Heard, within: int) -> bool:
    """Whether it was one incident, told in so many ms."""
    return len(heard.fired) == len(heard.over) == 1 and heard.fired[0] <= within


def paces() -> Iterator[tuple[int, int]]:
    """Yield how long (ms) a fault is there and away, at every pace that is to be told."""
    for period in PERIODS_S:
        for share in SHARES:
            on = max(LOOK_MS, round(period * share) * SECOND_MS // LOOK_MS * LOOK_MS)
            off = max(LOOK_MS, period * SECOND_MS - on)
            if period <= _SLOW_S or on >= STANDS_MS + LOOK_MS:
                yield on, off


def flapping() -> Figure:
    """Judge all paces: each is one incident, and is told in time."""
    waits = next(watch.waits(AlertLevels()) for watch in WATCHES if watch.rule is Rule.UNIT_FAULT)
    heard = [played(on, off, _FLAPS_MS, _RESTS_MS, waits) for on, off in paces()]
    once = sum(told_once(one, FIRST_WORD_MS) for one in heard)
    latest = max(moment for one in heard for moment in one.fired[:1])
    found = f"{once} of {len(heard)} paces told once in time, the latest after {latest / MINUTE_MS:.0f} min"
    return Figure("faults that flap", found, "once, <= 15 min", once == len(heard))
