"""Hours of series in little room: many of a series in one row, as columns (columns.py).

An hour is in the table `hourly`, packed, or in both: what comes late is added up in the table, and the two add up to
the hour. So they are moved in one transaction.
"""

import json
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter, truediv

import msgspec
from msgspec.structs import astuple

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.series import Bucket
from sukusuku_server.timeseries.chunks import DamagedError
from sukusuku_server.timeseries.columns import Floats, Integers, floats, floats_of, integers, integers_of
from sukusuku_server.timeseries.database import Ask, Transaction

PERIOD = 768
"""Hours in a row: 32 days."""
HOURS = 1_000
"""Hours that are packed in a transaction."""
SERIES = 100
"""Series that are looked at in a transaction."""
_LEVEL = 6
_COLUMNS = "hour, count, sum, low, high, last, last_time"
_LOOSE = f"SELECT {_COLUMNS} FROM hourly WHERE series = ? AND hour >= ? AND hour < ? ORDER BY hour"  # noqa: S608
_PACKED = "SELECT period, data FROM packed_hour WHERE series = ? AND period >= ? AND period <= ? ORDER BY period"
_PUT = """
INSERT INTO packed_hour (series, period, data) VALUES (?, ?, ?)
ON CONFLICT (series, period) DO UPDATE SET data = excluded.data
"""
_ENDS = """
SELECT (SELECT min(hour) FROM hourly WHERE series = ?), (SELECT max(hour) FROM hourly WHERE series = ?)
"""


class Hour(msgspec.Struct, frozen=True):
    """An hour of a series as it is accumulated. `hour` is UTC ms / 3 600 000, `last_time` is UTC ms."""

    hour: int
    count: int
    sum: float
    low: float
    high: float
    last: float
    last_time: int


class _Hours(msgspec.Struct, frozen=True, array_like=True):
    form: int
    hour: Integers
    count: Integers
    sum: Floats
    low: Floats
    high: Floats
    last: Floats
    last_time: Integers


_FORM = 1
_decoder = msgspec.msgpack.Decoder(_Hours)


def encode(hours: Sequence[Hour]) -> bytes:
    """Return hours, in order, in few bytes."""
    hour, count, total, low, high, last, last_time = map(list, zip(*map(astuple, hours), strict=True))
    packed = _Hours(
        _FORM,
        integers(hour),
        integers(count),
        floats(total),
        floats(low),
        floats(high),
        floats(last),
        integers(last_time),
    )
    return zlib.compress(msgspec.msgpack.encode(packed), _LEVEL)


def decode(data: bytes) -> list[Hour]:
    """Do the opposite. Raises DamagedError."""
    found = _read(data)
    columns = integers_of(found.hour), integers_of(found.count), *_floats(found), integers_of(found.last_time)
    return list(map(Hour, *columns))


def buckets(data: bytes, start: int, end: int) -> list[Bucket]:
    """Return those with start <= hour < end as they are told. Raises DamagedError."""
    found = _read(data)
    hours = integers_of(found.hour)
    part = slice(bisect_left(hours, start), bisect_left(hours, end))
    counts = integers_of(found.count)[part]
    if hours[-1] - hours[0] == len(hours) - 1:  # none is missing
        times: Sequence[int] = range(hours[0] * HOUR_MS, (hours[-1] + 1) * HOUR_MS, HOUR_MS)[part]
    else:
        times = [hour * HOUR_MS for hour in hours[part]]
    total, low, high, last = (column[part] for column in _floats(found))
    return list(map(Bucket, times, counts, map(truediv, total, counts), low, high, last))


def _read(data: bytes) -> _Hours:
    try:
        return _decoder.decode(zlib.decompress(data))
    except (zlib.error, msgspec.DecodeError) as error:
        raise DamagedError(f"packed hours are damaged ({error}); restore the store from a backup") from error


def _floats(found: _Hours) -> tuple[list[float], list[float], list[float], list[float]]:
    return floats_of(found.sum), floats_of(found.low), floats_of(found.high), floats_of(found.last)


def added(one: Hour, other: Hour) -> Hour:
    """Return what two parts of an hour amount to, of which one came first."""
    newer = one if one.last_time >= other.last_time else other
    return Hour(
        one.hour,
        one.count + other.count,
        one.sum + other.sum,
        min(one.low, other.low),
        max(one.high, other.high),
        newer.last,
        newer.last_time,
    )


def merged(parts: Iterable[Hour]) -> list[Hour]:
    """Return hours in order, the parts of each added up; packed ones come first."""
    hours: dict[int, Hour] = {}
    for part in parts:
        known = hours.get(part.hour)
        hours[part.hour] = part if known is None else added(known, part)
    return [hours[number] for number in sorted(hours)]


# ------------------------------------------------------------ reading


def told(ask: Ask, series: int, start: int, end: int) -> list[Bucket]:
    """Return the hours of a series with start <= hour < end as they are told."""
    loose = [Hour(*row) for row in ask(_LOOSE, (series, start, end))]
    packed = list(ask(_PACKED, (series, start // PERIOD, (end - 1) // PERIOD)))
    changed = {hour.hour // PERIOD for hour in loose}
    found: list[Bucket] = []
    parts: list[Hour] = []
    for period, data in packed:
        if period in changed:
            parts += decode(data)
        else:
            found += buckets(data, start, end)
    hours = [hour for hour in merged([*parts, *loose]) if start <= hour.hour < end]
    found += [Bucket(it.hour * HOUR_MS, it.count, it.sum / it.count, it.low, it.high, it.last) for it in hours]
    if changed:
        found.sort(key=attrgetter("time"))
    return found


def of_series(ask: Ask, each: str, series: Collection[int], start: int, end: int) -> list[tuple[int, Hour]]:
    """Return the hours of several series with start <= hour < end, each with its series, in order."""
    wanted = json.dumps(list(series))
    parts: dict[int, list[Hour]] = {}
    for number, data in ask(
        f"SELECT series, data FROM packed_hour WHERE series IN ({each}) AND period >= ? AND period <= ?",  # noqa: S608
        (wanted, start // PERIOD, (end - 1) // PERIOD),
    ):
        parts.setdefault(number, []).extend(hour for hour in decode(data) if start <= hour.hour < end)
    for number, *rest in ask(
        f"SELECT series, {_COLUMNS} FROM hourly WHERE series IN ({each}) AND hour >= ? AND hour < ?",  # noqa: S608
        (wanted, start, end),
    ):
        parts.setdefault(number, []).append(Hour(*rest))
    return [(number, hour) for number in sorted(parts) for hour in merged(parts[number])]


# ------------------------------------------------------------ writing


class Packing:
    """Packs the hours before one (UTC ms / 3 600 000) of all series, a little in a transaction."""

    def __init__(self, before: int, series: Iterable[int]) -> None:
        self.before = before
        self._waiting = list(series)
        self.left: DamagedError | None = None
        """Why the hours of a series cannot be packed."""

    @property
    def done(self) -> bool:
        """Whether all are packed."""
        return not self._waiting

    def step(self, run: Transaction) -> None:
        """Pack the hours of some series. What is not committed waits until others are packed."""
        packed = 0
        for series in reversed(self._waiting[-SERIES:]):
            try:
                while packed < HOURS and (count := pack(run, series, self.before)):
                    packed += count
            except DamagedError as error:  # before anything of it was written
                self.left = error
            if packed >= HOURS:
                return
            self._waiting.pop()


def pack(run: Transaction, series: int, before: int) -> int:
    """Pack the oldest hours of a series before one, those of one row, but for its newest; tell how many it has then."""
    [(oldest, newest)] = run.execute(_ENDS, (series, series))
    if oldest is None or oldest >= min(before, newest):
        return 0
    period = oldest // PERIOD
    end = min(before, newest, (period + 1) * PERIOD)
    packed = [hour for _, data in run.execute(_PACKED, (series, period, period)) for hour in decode(data)]
    hours = merged([*packed, *(Hour(*row) for row in run.execute(_LOOSE, (series, oldest, end)))])
    run.execute(_PUT, (series, period, encode(hours)))
    run.execute("DELETE FROM hourly WHERE series = ? AND hour >= ? AND hour < ?", (series, oldest, end))
    return len(hours)


def unpack(run: Transaction, series: int, hour: int) -> None:
    """Put the hours that are packed together with one back into the table."""
    period = hour // PERIOD
    packed = [it for _, data in run.execute(_PACKED, (series, period, period)) for it in decode(data)]
    if packed:
        loose = [Hour(*row) for row in run.execute(_LOOSE, (series, period * PERIOD, (period + 1) * PERIOD))]
        run.execute(
            "DELETE FROM hourly WHERE series = ? AND hour >= ? AND hour < ?",
            (series, period * PERIOD, (period + 1) * PERIOD),
        )
        run.execute("DELETE FROM packed_hour WHERE series = ? AND period = ?", (series, period))
        run.executemany(
            "INSERT INTO hourly VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(series, *astuple(it)) for it in merged([*packed, *loose])],
        )


def keep_newest(run: Transaction, series: int) -> None:
    """See to it that the newest hour of a series is in the table, where some have been taken out."""
    [(loose,)] = run.execute("SELECT max(hour) FROM hourly WHERE series = ?", (series,))
    [(period,)] = run.execute("SELECT max(period) FROM packed_hour WHERE series = ?", (series,))
    if period is not None and (loose is None or loose < (period + 1) * PERIOD):
        unpack(run, series, period * PERIOD)
