"""Until when the used nappies in a bag must be out, whatever the level. Pure.

A bag ages from its first nappy on: an hour counts once, and twice while the unit is warmer than `Collection.bag_warm`.
It must be out when its age reaches `Collection.bag_hours`. For the time to come, as much warmth is assumed as in the
last day. A temperature holds for an hour; where none is known nothing is shortened.
"""

import math
from dataclasses import dataclass, replace

from sukusuku_core.time import HOUR_MS
from sukusuku_server.settings.collection import Collection

HOLDS_MS = HOUR_MS
"""How long a temperature stands for the time after it."""
MEMORY_MS = 24 * HOUR_MS
"""Over how long the share of warm time is averaged."""
WARM_WEIGHT = 2.0
FIRST_NAPPY = 3.0
"""An estimate of less than this many nappies may be an empty bag: that is how far it wanders."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is in a unit, as hygiene sees it at `time` (UTC ms).

    `since`: when the first nappy came into the bag; None: it is empty. `age` in ms, warm time counted double. `warm` is
    the share of warm time lately, 0-1. `celsius` was measured at `measured`; None: never.
    """

    time: int
    since: int | None = None
    age: float = 0.0
    warm: float = 0.0
    celsius: float | None = None
    measured: int = 0


def begin(time: int) -> Freshness:
    """Return an empty bag of which nothing is known."""
    return Freshness(time)


def emptied(freshness: Freshness, time: int) -> Freshness:
    """Return a new bag since `time`; what is in it already counts from there."""
    return replace(freshness, since=None, age=0.0, time=max(freshness.time, time))


def felt(freshness: Freshness, settings: Collection, time: int, celsius: float) -> Freshness:
    """Take a temperature that holds from `time` on."""
    freshness = passed(freshness, settings, time, None)
    return replace(freshness, celsius=celsius, measured=time)


def passed(freshness: Freshness, settings: Collection, time: int, nappies: float | None) -> Freshness:
    """Time has passed until `time`, when `nappies` are in the bag (None: no different)."""
    if time < freshness.time:
        return freshness
    elapsed = time - freshness.time
    warm = 0.0
    if freshness.celsius is not None and freshness.celsius > settings.bag_warm:
        warm = min(max(freshness.measured + HOLDS_MS - freshness.time, 0), elapsed)
    kept = math.exp(-elapsed / MEMORY_MS)
    share = freshness.warm * kept + (warm / elapsed if elapsed else 0.0) * (1 - kept)
    since, age = freshness.since, freshness.age
    if since is not None:
        age += elapsed + (WARM_WEIGHT - 1) * warm
    elif nappies is not None and nappies >= FIRST_NAPPY:
        since = time
    return replace(freshness, time=time, since=since, age=age, warm=share)


def deadline(freshness: Freshness, settings: Collection) -> int | None:
    """By when (UTC ms) the bag must be out; None: there is nothing in it."""
    if freshness.since is None:
        return None
    left = settings.bag_hours * HOUR_MS - freshness.age
    pace = 1 + (WARM_WEIGHT - 1) * freshness.warm if left > 0 else 1.0
    return round(freshness.time + left / pace)
