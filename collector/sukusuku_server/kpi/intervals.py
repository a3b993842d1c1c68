"""Stretches of time (from, to) in UTC ms, `to` excluded; in order and without overlap unless said otherwise."""

from collections.abc import Iterable, Sequence

from sukusuku_core.time import HOUR_MS

Spans = Sequence[tuple[int, int]]


def hours(spans: Spans) -> float:
    """How long stretches are together, in hours."""
    return sum(end - start for start, end in spans) / HOUR_MS


def union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in any order, those that overlap or touch joined; empty ones are dropped."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def both(one: Spans, other: Spans) -> list[tuple[int, int]]:
    """Return the time that lies in both."""
    found, n = [], 0
    for start, end in one:
        while n < len(other) and other[n][1] <= start:
            n += 1
        for a, b in other[n:]:
            if a >= end:
                break
            found.append((max(a, start), min(b, end)))
    return found


def standing(points: Sequence[tuple[int, float]], at_least: float, end: int, hold: int) -> list[tuple[int, int]]:
    """When a series stood at `at_least` or above. A value holds until the next one, `hold` ms and `end` at most."""
    after = [*(time for time, _ in points[1:]), end]
    return union(
        (time, min(until, time + hold, end))
        for (time, value), until in zip(points, after, strict=False)
        if value >= at_least
    )
