"""What a batch of rows adds to the hourly roll-up and to the latest values. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sukusuku_core.model import Quality
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Row

_GOOD = int(Quality.GOOD)

_COUNT, _SUM, _LOW, _HIGH, _LAST, _LAST_TIME = range(6)


@dataclass(frozen=True, slots=True)
class Summary:
    """A batch summed up.

    `hours` maps (series, hour) to [count, sum, low, high, last, time of last] of the GOOD readings of numeric series;
    `newest` holds the newest row of each series.
    """

    hours: dict[tuple[int, int], list[Any]]
    newest: dict[int, Row]


def summarise(rows: Iterable[Row], numeric: Collection[int], span: int = HOUR_MS) -> Summary:
    """Return the summary of rows in any order, of distinct series and times; `span` ms stand for an hour."""
    hours: dict[tuple[int, int], list[Any]] = {}
    others: list[Row] = []
    for row in rows:
        time, series, value, quality = row
        if quality != _GOOD or series not in numeric:
            others.append(row)
            continue
        key = (series, time // span)
        hour: Any = hours.get(key)
        if hour is None:
            hours[key] = [1, value, value, value, value, time]
            continue
        hour[_COUNT] += 1
        hour[_SUM] += value
        if value < hour[_LOW]:
            hour[_LOW] = value
        elif value > hour[_HIGH]:
            hour[_HIGH] = value
        if time > hour[_LAST_TIME]:
            hour[_LAST] = value
            hour[_LAST_TIME] = time
    newest: dict[int, Row] = {}
    candidates = ((hour[_LAST_TIME], series, hour[_LAST], _GOOD) for (series, _), hour in hours.items())
    for row in (*candidates, *others):
        seen = newest.get(row[1])
        if seen is None or row[0] > seen[0]:
            newest[row[1]] = row
    return Summary(hours, newest)
