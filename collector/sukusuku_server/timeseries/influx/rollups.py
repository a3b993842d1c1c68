"""Which stretches of time a batch of readings completes, and what they amount to. Pure.

Days are those of Japan (UTC+9, no summer time), so that a day is 24 whole hours and begins at 15:00 UTC.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

from sukusuku_core.time import HOUR_MS, MINUTE_MS, day_number, midnight
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import rollups
from sukusuku_server.timeseries.influx.line_protocol import Rollup
from sukusuku_server.timeseries.shipping_queue import Hour

FIVE_MINUTES_MS = 5 * MINUTE_MS


def five_minutes(rows: Iterable[Row], numeric: Collection[int]) -> list[Rollup]:
    """Return the five-minute values of whole stretches of five minutes."""
    spans = rollups.summarise(rows, numeric, FIVE_MINUTES_MS).hours
    return [
        Rollup(series, number * FIVE_MINUTES_MS, count, total / count, low, high, last)
        for (series, number), (count, total, low, high, last, _) in spans.items()
    ]


def hourly(hours: Iterable[Hour]) -> list[Rollup]:
    """Return the hours as they stand."""
    return [Rollup(it.series, it.hour * HOUR_MS, it.count, it.sum / it.count, it.low, it.high, it.last) for it in hours]


def daily(hours: Sequence[Hour]) -> list[Rollup]:
    """Return the days that hours in order of series and time add up to."""
    return [
        _day(series, day, list(found))
        for (series, day), found in groupby(hours, lambda it: (it.series, day_of(it.hour)))
    ]


def _day(series: int, day: int, hours: Sequence[Hour]) -> Rollup:
    count = sum(it.count for it in hours)
    return Rollup(
        series,
        midnight(day),
        count,
        sum(it.sum for it in hours) / count,
        min(it.low for it in hours),
        max(it.high for it in hours),
        max(hours, key=lambda it: it.last_time).last,
    )


def day_of(hour: int) -> int:
    """Return the day in Japan, counted from 1970, of an hour of UTC."""
    return day_number(hour * HOUR_MS)


def first_hour(day: int) -> int:
    """Return the hour of UTC with which a day in Japan begins."""
    return midnight(day) // HOUR_MS


def keys(rows: Iterable[Row], numeric: Collection[int], span: int) -> set[tuple[int, int]]:
    """Return number of the stretch of `span` ms and series of every row that may count in a roll-up."""
    return {(row[0] // span, row[1]) for row in rows if row[1] in numeric}


def by_number(found: Collection[tuple[int, int]]) -> Iterator[tuple[int, set[int]]]:
    """Every stretch (or hour) with its series, in order of time."""
    for number, group in groupby(sorted(found), lambda key: key[0]):
        yield number, {series for _, series in group}
