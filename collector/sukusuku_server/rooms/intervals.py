"""From points of derived series to stretches of opening hours in which nothing changes. Pure and quick.

A value holds until the next point of its series, for `HOLD_MS` at most: while a room is open, a known value is told
again at least so often. Where the completeness is 0 nothing is known. A gap is never filled.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sukusuku_core.time import HOUR_MS, MINUTE_MS, day_start, local_day
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.derivation import REFRESH_MS
from sukusuku_server.settings import Room

HOLD_MS = REFRESH_MS + MINUTE_MS
_EVER = (-(2**62), 2**62)


class Stretch(NamedTuple):
    """A stretch (UTC ms, `end` excluded) within one hour and one opening. `people` None: a gap.

    `places` is what the room may take then, None: not known; `complete` percent of the samples received.
    """

    start: int
    end: int
    people: float | None
    places: float | None
    complete: float


class Run(NamedTuple):
    """A value that holds for start <= time < end."""

    start: int
    end: int
    value: float


def stretches(
    counts: Sequence[Point],
    completeness: Sequence[Point],
    places: Sequence[Point] | int,
    spans: Iterable[tuple[int, int]],
) -> Iterator[Stretch]:
    """Yield the stretches of open `spans`, which are in order. `places` is a series, or the same number always."""
    limit = float(places) if isinstance(places, int) else None
    limits = None if isinstance(places, int) else _Runs(places)
    known, shares = _Runs(counts), _Runs(completeness)
    for start, end in spans:
        cursor = start
        while cursor < end:
            upto = min(end, cursor - cursor % HOUR_MS + HOUR_MS)
            people, upto = known.at(cursor, upto)
            complete, upto = shares.at(cursor, upto)
            if limits is not None:
                limit, upto = limits.at(cursor, upto)
            if people is None or not complete:
                people, complete = None, 0.0
            yield Stretch(cursor, upto, people, limit, complete)
            cursor = upto


def of_room(
    room: Room, counts: Sequence[Point], completeness: Sequence[Point], spans: Sequence[tuple[int, int]]
) -> Iterator[Stretch]:
    """Yield the stretches of a room with the capacity that held on each day."""
    days = [day_start(item.since) for item in room.later if item.capacity is not None]
    for since, until in pairwise((_EVER[0], *days, _EVER[1])):
        part = [(max(start, since), min(end, until)) for start, end in spans if start < until and end > since]
        if part:
            yield from stretches(counts, completeness, room.capacity_on(local_day(part[0][0])), part)


class _Runs:
    """Points as runs of one value, asked in order of time."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._runs = runs(points)
        self._next = 0

    def at(self, time: int, upto: int) -> tuple[float | None, int]:
        """Return the value at a time, and until when it holds, `upto` at most."""
        known, n = self._runs, self._next
        while n < len(known) and known[n].end <= time:
            n += 1
        self._next = n
        if n == len(known):
            return None, upto
        start, end, value = known[n]
        if start > time:
            return None, min(upto, start)
        return value, min(end, upto)


def runs(points: Sequence[Point]) -> list[Run]:
    """Points as runs of one value that neither overlap nor stand longer than a value holds."""
    joined: list[Run] = []
    start = end = -1
    value: float | None = None
    for point in points:
        told = point.value
        time = point.time
        if told == value and time <= end:  # most points are such
            end = time + HOLD_MS
            continue
        if told is None or isinstance(told, str):
            continue
        if value is not None:
            joined.append(Run(start, min(end, time), value))
        start, end, value = time, time + HOLD_MS, float(told)
    if value is not None:
        joined.append(Run(start, end, value))
    return joined
