"""A count as it must have been, seen from the corrections that came after. Pure.

When a correction finds the count off by one, that did not happen at that moment but at some unknown one since the
count was last known to be right, most likely when people came and went. In hindsight the difference begins at the
median of the movements since then; one of several persons each at the median of an equal part of them. What was shown
at the time stays stored as it was.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from sukusuku_core.model import Quality
from sukusuku_core.time import MINUTE_MS, day_number, day_start, local_day
from sukusuku_server.model.collection import Correction, CorrectionKind
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.intervals import HOLD_MS

_K = CorrectionKind
_UNSPREAD = frozenset({_K.SOURCE, _K.RESTARTED, _K.REPLACED, _K.AGREED})
"""They say where a count comes from, or follow within minutes of what they put right."""


def seen_after(points: Sequence[Point], corrections: Sequence[Correction]) -> list[Point]:
    """Return a series of people or of children as it must have been; `corrections` are those `of_channel`."""
    edges = sorted(_edges(corrections, _movements(points)))
    if not edges:
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
    return found


def of_channel(corrections: Sequence[Correction], channel: str) -> list[Correction]:
    """Return the corrections of a channel: the children's own, or the people's where children follow them."""
    own = [item for item in corrections if item.channel == channel]
    follows = channel == "children" and all(item.kind in {_K.ENTERED, _K.SOURCE} for item in own)
    return (
        [item for item in corrections if item.channel == "people"] if follows and len(own) < len(corrections) else own
    )


def _edges(corrections: Sequence[Correction], moves: Sequence[int]) -> Iterator[tuple[int, int]]:
    """When a difference begins and ends to hold, with its sign."""
    right = 0
    for item in sorted(corrections, key=lambda found: found.time):
        mark = -(-item.time // MINUTE_MS) * MINUTE_MS
        since = max(right, day_start(local_day(item.time)))
        right = mark
        if item.kind in _UNSPREAD or item.before is None or item.after is None or item.before == item.after:
            continue
        off = item.after - item.before
        sign, number = (1 if off > 0 else -1), abs(off)
        between = moves[bisect_right(moves, since) : bisect_left(moves, mark)]
        for n in range(number):
            share = (n + 0.5) / number
            begin = between[int(share * len(between))] if between else since + round(share * (mark - since))
            yield -(-begin // MINUTE_MS) * MINUTE_MS, sign
            yield mark, -sign


def _movements(points: Sequence[Point]) -> list[int]:
    """Return the time of every change of a series within a day, once for each person by whom it changed."""
    found: list[int] = []
    for before, after in pairwise(points):
        if isinstance(before.value, int | float) and isinstance(after.value, int | float):
            number = abs(int(after.value - before.value))
            if number and day_number(before.time) == day_number(after.time):
                found += [after.time] * number
    return found


def _shifted(point: Point, time: int, offset: int) -> Point:
    value = point.value
    if offset and isinstance(value, int | float):
        value = max(value + offset, 0.0)
    return Point(time, value, Quality.GOOD)
