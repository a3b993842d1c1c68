"""What came into the bags of a unit, taken from the estimate, and what other visits would have made of it. Pure.

Contents are counted in nappies of ordinary size. Within a bag the estimate wavers; what came in is therefore how far
its highest value so far has risen. So the sum of what came into a bag is the highest content that it was seen with.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sukusuku_core.time import HOUR_MS
from sukusuku_server.kpi.intervals import Spans, both, hours, union

LAG_MS = 6 * HOUR_MS
"""An emptying is recognised so long after its time at most; until then the estimate still shows the old bag."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A unit from `start` to `end`: what was in its bag at first, and (time, nappies) of what came in, in order."""

    start: int
    end: int
    first: float
    came: tuple[tuple[int, float], ...]

    @property
    def nappies(self) -> float:
        """How many there were in all."""
        return self.first + sum(count for _, count in self.came)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What visits made of a flow: nappies in the bag at each visit, hours over the limit while open, what is left."""

    taken: tuple[float, ...]
    overflow_hours: float
    left: float


def of_their_bags(points: Sequence[tuple[int, float]], emptied: Sequence[int]) -> list[tuple[int, float]]:
    """Return the points of an estimate without those that still show a bag which is gone; both in order of time.

    After an emptying the new bag begins with the first point that shows less than half of the old one.
    """
    shares: list[tuple[int, float]] = []
    bag, old, waits = 0, 0.0, False
    for (time, content), now in zip(points, _bags(points, emptied), strict=True):
        if now != bag:
            waits = bool(shares)
            old, bag = shares[-1][1] if shares else 0.0, now
        if waits and content > old / 2 and time - emptied[bag - 1] < LAG_MS:
            continue
        waits = False
        shares.append((time, content))
    return shares


def _bags(points: Sequence[tuple[int, float]], emptied: Sequence[int]) -> Iterator[int]:
    """Yield for each point the number of its bag: how many emptyings came before it.

    A point at the very moment of an emptying shows the new bag when its content is less than half of that before it: a
    device that reads level and state in one poll gives both the same time. Otherwise it still shows the old one.
    """
    before: float | None = None
    for time, content in points:
        bag = bisect_left(emptied, time)
        at_once = bag < len(emptied) and emptied[bag] == time
        yield bag + (at_once and before is not None and content < before / 2)
        before = content


def flow(points: Sequence[tuple[int, float]], emptied: Sequence[int], start: int, end: int) -> Flow:
    """Return the inflow behind (time, nappies in the bag) and emptyings, both in order; start <= time < end."""
    first: float | None = None
    top, came, bags = 0.0, [], bisect_left(emptied, start)
    for (time, content), bag in zip(points, _bags(points, emptied), strict=True):
        if not start <= time < end:
            continue
        if first is None and bag == bisect_left(emptied, start):
            first = top = max(content, 0.0)
        elif bag != bags:
            first, top = first or 0.0, 0.0
        bags = bag
        if content > top:
            emptied_now = bag > bisect_left(emptied, time)
            came.append((time + emptied_now, content - top))  # what is in the new bag came after the emptying
            top = content
    return Flow(start, end, first or 0.0, tuple(came))


def replay(given: Flow, visited: Sequence[int], limit: float, opened: Spans) -> Replayed:
    """Return the same nappies with a new bag at each time of `visited`; over the limit is `limit` nappies and more.

    Nappies that come at the moment of a visit go into the old bag. Visits outside the flow's time are passed over.
    """
    events = [(time, 0, count) for time, count in given.came]
    events += [(time, 1, 0.0) for time in visited if given.start <= time < given.end]
    content, since, taken, over = given.first, given.start, [], []
    for time, visit, count in sorted(events):
        if content >= limit:
            over.append((since, time))
        since = time
        if visit:
            taken.append(content)
            content = 0.0
        else:
            content += count
    if content >= limit:
        over.append((since, given.end))
    return Replayed(tuple(taken), hours(both(union(over), opened)), content)
