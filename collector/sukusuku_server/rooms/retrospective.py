"""A count as it must have been, seen from the corrections that came after. Pure.

A correction finds the count off by some people. That did not happen at that moment but at unknown ones since the count
was last known to be right, most likely when people came and went. So in hindsight what was off by the end of a stretch
between two moments at which the count was known is spread evenly over its movements. Exits from an empty room
(`clamped`) say no more than that by then at least so many had been missed: the spread runs over these marks like a
string that is pulled tight (their least concave majorant). Where far more people were missed on a day than miscounts
explain, they came by another door when others came, or left when others left. What was shown at the time stays stored.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, HOUR_MS, day_number, day_start, local_day, whole_minute
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.count_channel import TWICE
from sukusuku_server.rooms.door_balance import lean
from sukusuku_server.rooms.intervals import HOLD_MS, runs

_K = CorrectionKind
_ABSOLUTE = frozenset({_K.AGREED, _K.SOURCE})
"""They follow within minutes of what they correct, or say that another source counts."""
_GUESSES = frozenset({_K.CLAMPED, _K.TIMED_OUT})
"""After them the count is right no more than before."""
_BY_NIGHT = frozenset({_K.EMPTY, _K.TIMED_OUT, _K.SWAPPED})
"""Where nobody has moved before them on their own day, they are of the day before."""
_NOON_MS = 12 * HOUR_MS


@dataclass
class _Stretch:
    """Time from `since` on, at the end of which the count becomes known. Guesses are (time, correction in people)."""

    since: int
    guesses: list[tuple[int, int]] = field(default_factory=list)
    known: tuple[int, int] | None = None
    """When it became known how many were in, and what was left to correct then. None: the guesses stand alone."""
    last: int = 0
    """Movements before this have a share in what was off."""

    @property
    def needed(self) -> int:
        """So many people had been missed by its end; below 0: so many were still counted who had left."""
        return sum(people for _, people in self.guesses) + (0 if self.known is None else self.known[1])


class _Moves(NamedTuple):
    """When (UTC ms) people came and went, came, and went."""

    all: list[int]
    inward: list[int]
    outward: list[int]

    def of(self, stretch: _Stretch, missed: Mapping[int, int]) -> Sequence[int]:
        """Return those at which the people of a stretch may have been missed, of whom so many were `missed` on its day.

        More than miscounts explain came, or left, by another door: when others did.
        """
        day = day_start(local_day(stretch.since))
        came = bisect_left(self.inward, day + DAY_MS) - bisect_left(self.inward, day)
        leans = lean(came, came + missed[day_number(day)])
        if leans < 0 < stretch.needed:
            return self.inward
        return self.outward if leans > 0 > stretch.needed else self.all


class _Mark(NamedTuple):
    """By so many movements, at `time` (UTC ms), so many people had been missed at least."""

    moves: int
    people: int
    time: int


def reach(start: int, end: int) -> tuple[int, int]:
    """Return of what time (UTC ms) points and corrections tell how start <= time < end was: whole local days.

    A night's remainder is found on the day after.
    """
    return day_start(local_day(start)), day_start(local_day(end - 1)) + 2 * DAY_MS


def seen_after(points: Sequence[Point], corrections: Sequence[Correction]) -> list[Point]:
    """Return a series of people or of children as it must have been; `corrections` are those `of_channel`.

    Of a stretch at whose end the sensor turned out to look the other way nothing is known.
    """
    edges, unknown = _edges(corrections, _movements(points))
    edges.sort()
    if not edges and not unknown:
        return list(points)
    found: list[Point] = []
    offset, n = 0, 0
    held: Point | None = None
    for point in (*points, None):
        while n < len(edges) and (point is None or edges[n][0] <= point.time):
            time = edges[n][0]
            while n < len(edges) and edges[n][0] == time:
                offset += edges[n][1]
                n += 1
            if held is not None and time <= held.time + HOLD_MS and (point is None or point.time != time):
                found.append(_shifted(held, time, offset))
        if point is not None:
            found.append(_shifted(point, point.time, offset))
            held = point
    return [point for point in found if not any(since <= point.time < end for since, end in unknown)]


def of_channel(corrections: Sequence[Correction], channel: str) -> list[Correction]:
    """Return the corrections of a channel: the children's own, or the people's where children follow them."""
    follows = channel == "children" and children_follow(corrections)
    return [item for item in corrections if item.channel == ("people" if follows else channel)]


def children_follow(corrections: Sequence[Correction]) -> bool:
    """Whether the children of a room follow its people: nothing corrects them by themselves."""
    own = [item for item in corrections if item.channel == "children"]
    return len(own) < len(corrections) and all(item.kind in {_K.ENTERED, _K.SOURCE} for item in own)


def less(people: Sequence[Point], staff: Sequence[Point]) -> Iterator[Point]:
    """Yield the people without the staff, where the staff is known."""
    changes = [(run.start, run.end, run.value) for run in runs(staff)]
    n, held = 0, 0
    for time in sorted({point.time for point in people} | {start for start, _, _ in changes}):
        while held < len(people) and people[held].time <= time:
            held += 1
        while n < len(changes) and changes[n][1] <= time:
            n += 1
        if not held or n == len(changes) or changes[n][0] > time or time - people[held - 1].time >= HOLD_MS:
            continue
        value = people[held - 1].value
        if isinstance(value, int | float):
            yield Point(time, max(value - changes[n][2], 0.0), Quality.GOOD)


def _edges(corrections: Sequence[Correction], moves: _Moves) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return by how much the count differs from when on, and the stretches of which nothing is known."""
    closed: list[_Stretch] = []
    unknown: list[tuple[int, int]] = []
    stretch = _Stretch(0)
    for item in _at_once(sorted(corrections, key=lambda found: (found.time, found.kind is not _K.SWAPPED))):
        in_gap = item.before is None and item.kind is not _K.ENTERED
        if in_gap or item.after is None or item.kind in {_K.RESTARTED, _K.REPLACED}:
            continue  # a gap, or a counter that goes on from elsewhere: what was wrong before is wrong after it
        mark, off = whole_minute(item.time), 0 if item.before is None else item.after - item.before
        first, last = _day_of(item, moves.all)
        if stretch.since < first:  # nothing has closed the day before
            closed.append(stretch)
            stretch = _Stretch(first)
        if item.kind is _K.FROZEN:
            moved = bisect_left(moves.all, mark)
            unknown.append((max(first, moves.all[moved - 1] + 1 if moved else first), mark))
            continue
        if item.kind in _GUESSES:
            stretch.guesses.append((mark, off))
            continue
        if item.kind is _K.SWAPPED:
            unknown.append((stretch.since, mark))
        else:
            if item.kind not in _ABSOLUTE and item.before is not None:
                stretch.known, stretch.last = (mark, off), last
            closed.append(stretch)
        stretch = _Stretch(mark)
    closed.append(stretch)
    missed: dict[int, int] = defaultdict(int)
    for stretch in closed:
        missed[day_number(stretch.since)] += stretch.needed
    edges = [edge for stretch in closed for edge in _spread(stretch, moves.of(stretch, missed))]
    return edges, unknown


def _at_once(corrections: Iterable[Correction]) -> Iterator[Correction]:
    """Yield the corrections in order; a count by staff that puts the one right before it right is one with it."""
    held: Correction | None = None
    for item in corrections:
        if held is not None and item.kind is _K.ENTERED and item.time - held.time <= 2 * TWICE:
            if held.after is not None and item.before is not None and item.after is not None:
                held = replace(held, after=held.after + item.after - item.before)
            continue
        if held is not None:
            yield held
        held = item if item.kind is _K.ENTERED else None
        if held is None:
            yield item
    if held is not None:
        yield held


def _spread(stretch: _Stretch, moves: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield when people who were missed begin to count (+1) or to be left out (-1), and when what was shown had them.

    They are spread over `moves`, the times at which they may have been missed.
    """
    known = stretch.known
    if known is None and not stretch.guesses:
        return
    mark = stretch.guesses[-1][0] if known is None else known[0]
    end = mark if known is None else max(min(mark, stretch.last), stretch.since)
    low = bisect_right(moves, stretch.since)
    between = moves[low : max(bisect_left(moves, end), low)]
    needed, marks = 0, [_Mark(0, 0, stretch.since)]
    for time, people in stretch.guesses:
        needed += people
        if people > 0:
            marks.append(_Mark(bisect_left(between, time), needed, time))
        yield time, -people
    if known is not None:
        needed += known[1]
        yield mark, -known[1]
    marks.append(_Mark(len(between), needed, end))
    for a, b in pairwise(_tight(marks)):
        number, sign = abs(b.people - a.people), 1 if b.people > a.people else -1
        for n in range(number):
            share = (n + 0.5) / number
            if a.moves < b.moves:
                begin = between[a.moves + int(share * (b.moves - a.moves))]
            else:  # nobody has moved meanwhile
                begin = b.time if a.moves else a.time + round(share * (b.time - a.time))
            yield whole_minute(begin), sign


def _tight(marks: Sequence[_Mark]) -> list[_Mark]:
    """Return the corners of a string from the first mark to the last that passes below none: a concave majorant."""
    corners: list[_Mark] = []
    for mark in marks:
        while len(corners) > 1 and _sags(corners[-2], corners[-1], mark):
            corners.pop()
        corners.append(mark)
    return corners


def _sags(a: _Mark, b: _Mark, c: _Mark) -> bool:
    """Whether a string from `a` to `c` passes above `b`, or through it."""
    if a.moves == c.moves:
        return b.people <= c.people
    return (b.people - a.people) * (c.moves - a.moves) <= (c.people - a.people) * (b.moves - a.moves)


def _day_of(item: Correction, moves: Sequence[int]) -> tuple[int, int]:
    """Return the local day (UTC ms) that a correction speaks of.

    The night's remainder is of the day before: that of the daily reset, and of other guesses of an empty room before
    which nobody has moved on their own day.
    """
    day = day_start(local_day(item.time))
    moved = bisect_left(moves, item.time) > bisect_left(moves, day)
    by_night = item.kind is _K.RESET and item.time - day < _NOON_MS
    if by_night or (item.kind in _BY_NIGHT and not moved):
        return day - DAY_MS, day
    return day, day + DAY_MS


def _movements(points: Sequence[Point]) -> _Moves:
    """Return the time of every change of a series within a day, once for each person by whom it changed."""
    found = _Moves([], [], [])
    for before, after in pairwise(points):
        if isinstance(before.value, int | float) and isinstance(after.value, int | float):
            change = int(after.value - before.value)
            if change and day_number(before.time) == day_number(after.time):
                times = [after.time] * abs(change)
                found.all.extend(times)
                (found.inward if change > 0 else found.outward).extend(times)
    return found


def _shifted(point: Point, time: int, offset: int) -> Point:
    value = point.value
    if offset and isinstance(value, int | float):
        value = max(value + offset, 0.0)
    return Point(time, value, Quality.GOOD)
