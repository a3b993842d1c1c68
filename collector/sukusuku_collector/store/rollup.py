"""What a batch of rows adds to the hourly roll-up and to the latest values. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sukusuku_collector.store import HOUR_MS, Row
from sukusuku_core.model import Quality

_GOOD = int(Quality.GOOD)

Hours = dict[tuple[int, int], list[Any]]
"""(series, hour) to [count, sum, low, high, last, time of last]."""


def hours(rows: Iterable[Row], numeric: Collection[int]) -> Hours:
    """The batch summed up by series and hour: GOOD readings of numeric series only."""
    found: Hours = {}
    for time, series, value, quality in rows:
        if quality != _GOOD or series not in numeric:
            continue
        key = (series, time // HOUR_MS)
        hour: Any = found.get(key)
        if hour is None:
            found[key] = [1, value, value, value, value, time]
            continue
        hour[0] += 1
        hour[1] += value
        if value < hour[2]:
            hour[2] = value
        elif value > hour[3]:
            hour[3] = value
        if time > hour[5]:
            hour[4] = value
            hour[5] = time
    return found


def newest(rows: Iterable[Row], known: Mapping[int, int]) -> dict[int, Row]:
    """The newest row of each series, where it is newer than the `known` time of that series."""
    found: dict[int, Row] = {}
    for row in rows:
        seen = found.get(row[1])
        if seen is None or row[0] > seen[0]:
            found[row[1]] = row
    return {series: row for series, row in found.items() if row[0] > known.get(series, -1)}
