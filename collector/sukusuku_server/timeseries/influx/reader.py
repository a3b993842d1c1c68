"""The questions about stretches of time, in InfluxQL. Long answers come in pages, by time."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Bucket, Point
from sukusuku_server.settings.influx import DAYS, MINUTES, RAW
from sukusuku_server.timeseries.influx.line_protocol import DERIVED, HOURLY, READING, tag_value, typed
from sukusuku_server.timeseries.influx.query import Query, quoted

PAGE = 10_000
"""Rows of one answer."""
ZONE = "tz('Asia/Tokyo')"

_EDGE = (1 << 63) // 1_000_000 - 1
"""The last ms that InfluxDB can count, in nanoseconds of 64 bits."""
_READING = '"value", "exact", "text", "quality", "suspect", "suspect_text"'

DatatypeOf = Callable[[str, str], DataType]
"""The datatype of a series, by asset and metric."""


class InfluxReader:
    """Answers as `Store` says. Safe for several threads. Raises TransientError when InfluxDB does not answer."""

    def __init__(self, query: Query, datatype_of: DatatypeOf) -> None:
        self._query = query
        self._datatype_of = datatype_of

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """See Store."""
        datatype = self._datatype_of(asset, metric)
        found: list[Point] = []
        for row in self._pages(RAW, _READING, READING, _of(asset, metric), start, end):
            if not found or row["time"] != found[-1].time:  # an asset that has moved to another site has two series
                found.append(Point(row["time"], typed(row, datatype), _quality(row)))
                if len(found) == limit:
                    break
        return found[:limit]

    def scan(self, assets: Collection[str], start: int, end: int) -> list[Reading]:
        """See Store."""
        if not assets:
            return []
        names = {tag_value(asset): asset for asset in assets}
        where = "(" + " OR ".join(f'"asset" = {quoted(name)}' for name in sorted(names)) + ")"
        found: dict[tuple[int, str, str], Reading] = {}
        for row in self._pages(RAW, f'{_READING}, "asset", "metric"', READING, where, start, end):
            asset, metric = names[row["asset"]], row["metric"]
            value = typed(row, self._datatype_of(asset, metric))
            found[row["time"], asset, metric] = Reading(asset, metric, row["time"], value, _quality(row))
        return list(found.values())

    def first(self) -> int | None:
        """See Store."""
        tables = self._query.ask(
            f"SELECT {_READING} FROM {self._query.source(RAW, READING)} ORDER BY time ASC LIMIT 1", RAW
        )
        return int(tables[0].values[0][0]) if tables and tables[0].values else None

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """See Store."""
        first, last = -(-start // HOUR_MS) * HOUR_MS, -(-end // HOUR_MS) * HOUR_MS
        fields = '"count", "mean", "low", "high", "last"'
        rows = self._pages(DAYS, fields, HOURLY, _of(asset, metric), first, last)
        hours = {
            it["time"]: Bucket(it["time"], it["count"], it["mean"], it["low"], it["high"], it["last"]) for it in rows
        }
        return list(hours.values())

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """See Store."""
        rows = self._pages(MINUTES, '"value"', DERIVED, _of(asset, metric), start, end)
        points = {it["time"]: Point(it["time"], float(it["value"]), Quality.GOOD) for it in rows}
        return list(points.values())

    def days(self, start: int, end: int) -> dict[int, int]:
        """How many readings there are on each day in Japan, by the beginning (UTC ms) of the day."""
        found: dict[int, int] = {}
        for name in ("value", "text", "quality"):  # every reading has one of them
            table = self._query.ask(
                f'SELECT count("{name}") FROM {self._query.source(RAW, READING)} WHERE {_between(start, end)} '
                f"GROUP BY time(1d) fill(none) {ZONE}",
                RAW,
            )
            for time, count in table[0].values if table else ():
                found[time] = found.get(time, 0) + (count or 0)
        return {time: count for time, count in sorted(found.items()) if count}

    def close(self) -> None:
        """Close the connections."""
        self._query.close()

    def _pages(
        self, bucket: str, fields: str, measurement: str, where: str, start: int, end: int
    ) -> Iterator[dict[str, Any]]:
        """Rows in order of time. A page ends between two times, so that the next one can begin there."""
        source, size = self._query.source(bucket, measurement), PAGE
        while start < end:
            tables = self._query.ask(
                f"SELECT {fields} FROM {source} WHERE {where} AND {_between(start, end)} "
                f"ORDER BY time ASC LIMIT {size}",
                bucket,
            )
            rows = tables[0].rows() if tables else []
            if len(rows) < size:
                yield from rows
                return
            last = rows[-1]["time"]
            whole = [row for row in rows if row["time"] < last]
            if not whole:  # more at one time than a page holds
                size *= 2
                continue
            yield from whole
            start, size = last, PAGE


def _of(asset: str, metric: str) -> str:
    return f'"asset" = {quoted(tag_value(asset))} AND "metric" = {quoted(tag_value(metric))}'


def _between(start: int, end: int) -> str:
    return f"time >= {max(start, -_EDGE)}ms AND time < {min(end, _EDGE)}ms"


def _quality(row: dict[str, Any]) -> Quality:
    return Quality.GOOD if row["quality"] is None else Quality(row["quality"])
