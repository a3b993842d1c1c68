"""The level of a unit over time: as it was measured, and as it was estimated."""

from collections import Counter
from collections.abc import Iterable

from sukusuku_api.dependencies import Context
from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, local_day
from sukusuku_server.model.series import Point

LEVEL, ESTIMATE = "Fill/Percent", "Fill/Estimate"
CYCLES, FILM = "Cycles/Total", "Film/Remaining"
_MOST_RAW = 50_000

Course = list[tuple[int, float]]
"""Moments (UTC ms) and percent, in order."""


def known_levels(context: Context, unit: str, start: int, end: int) -> tuple[Course, Course, int]:
    """Return what was measured and what was estimated, and the longest time (ms) between two neighbours of the first.

    Up to two days readings as they came, otherwise the mean of each hour.
    """
    history = context.store.history
    if end - start <= 2 * DAY_MS:
        measured = _known(history.raw(unit, LEVEL, start, end, _MOST_RAW))
        gap = round(context.whole.facility.levels(context.index.units[unit][1]).silent_after * 1000)
    else:
        measured = [(it.time, float(it.mean)) for it in history.hourly(unit, LEVEL, start, end)]
        gap = 3 * HOUR_MS
    return measured, _known(history.derived(unit, ESTIMATE, start, end)), gap


def cycles_done(context: Context, unit: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """Return from when to when (UTC ms) how many cycles were done: by hour, over more than two days by day."""
    counted: Counter[int] = Counter()
    by_hour, before = end - start <= 2 * DAY_MS, None
    for hour in context.store.history.hourly(unit, CYCLES, start, end):
        done = hour.last - (hour.low if before is None else before)
        before = hour.last
        counted[hour.time if by_hour else day_start(local_day(hour.time))] += max(0, round(done))
    length = HOUR_MS if by_hour else DAY_MS
    return [(time, time + length, number) for time, number in sorted(counted.items()) if number]


def film_left(context: Context, unit: str, start: int, end: int) -> Course:
    """Return the film remaining in percent at the end of each hour."""
    return [(it.time, float(it.last)) for it in context.store.history.hourly(unit, FILM, start, end)]


def estimate_before(context: Context, asset: str, time: int) -> float:
    """Return the fill level in percent that the estimate had shortly before a time; 0 when there was none."""
    known = _known(context.store.history.derived(asset, ESTIMATE, time - DAY_MS, time))
    return max(0.0, known[-1][1]) if known else 0.0


def _known(points: Iterable[Point]) -> Course:
    return [
        (it.time, float(it.value)) for it in points if it.quality is Quality.GOOD and isinstance(it.value, int | float)
    ]
