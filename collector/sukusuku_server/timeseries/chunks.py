"""A chunk: readings of one asset of one day in few bytes, and back bit for bit. Pure.

The times of all series stand there once, for metrics of one message have one time. Of each series follow the places of
its times among those, its qualities, and its values: numbers as columns (columns.py), texts as they are. A value of any
type may follow one of another, so a column of types tells which one comes next. All of it is compressed by zlib, whose
checksum finds a chunk that is damaged.
"""

import zlib
from collections.abc import Collection, Sequence
from itertools import repeat

import msgspec

from sukusuku_core.errors import TransientError
from sukusuku_core.model import Value
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries.columns import Floats, Integers, floats, floats_of, integers, integers_of

_NONE, _INTEGER, _FLOAT, _TEXT = range(4)
_LEVEL = 6


class _Series(msgspec.Struct, frozen=True, array_like=True):
    """The readings of a series. `places` among the times: None: all. A list of one quality (or type) is that of all."""

    number: int
    places: Integers | None
    qualities: list[int]
    types: bytes
    whole: Integers | None
    numbers: Floats | None
    texts: list[str]


class _Chunk(msgspec.Struct, frozen=True, array_like=True):
    form: int
    times: Integers
    series: list[_Series]


class DamagedError(TransientError):
    """A chunk is not as it was written. Whoever can do without it goes on; for others the store does not answer."""


_FORM = 1
_decoder = msgspec.msgpack.Decoder(_Chunk)


def encode(rows: Sequence[Row]) -> bytes:
    """Return a chunk of rows of distinct series and times, in any order."""
    times = sorted({row[0] for row in rows})
    place = {time: number for number, time in enumerate(times)}
    by_series: dict[int, list[Row]] = {}
    for row in sorted(rows, key=_key):
        by_series.setdefault(row[1], []).append(row)
    series = [_series(number, found, place) for number, found in sorted(by_series.items())]
    return zlib.compress(msgspec.msgpack.encode(_Chunk(_FORM, integers(times), series)), _LEVEL)


def _key(row: Row) -> tuple[int, int]:
    return row[0], row[1]


def _series(number: int, rows: Sequence[Row], place: dict[int, int]) -> _Series:
    times, _, values, qualities = zip(*rows, strict=True)
    types = bytes(map(_type, values))
    whole = [int(it) for it in values if _type(it) == _INTEGER]
    numbers = [it for it in values if type(it) is float]
    return _Series(
        number,
        None if len(rows) == len(place) else integers([place[time] for time in times]),
        _short(qualities),
        types[:1] if len(set(types)) == 1 else types,
        integers(whole) if whole else None,
        floats(numbers) if numbers else None,
        [it for it in values if type(it) is str],
    )


def _short(qualities: Sequence[int]) -> list[int]:
    return [qualities[0]] if len(set(qualities)) == 1 else list(qualities)


def _type(value: Value | None) -> int:
    """Return the type as databases keep it: booleans are integers."""
    if isinstance(value, float):
        return _FLOAT
    if isinstance(value, str):
        return _TEXT
    return _NONE if value is None else _INTEGER


def decode(data: bytes, wanted: Collection[int] | None = None, start: int = 0, end: int = 1 << 62) -> list[Row]:
    """Return the rows of a chunk with start <= time < end, of the wanted series (None: all), by time and series.

    Raises DamagedError.
    """
    try:
        chunk = _decoder.decode(zlib.decompress(data))
    except (zlib.error, msgspec.DecodeError) as error:
        raise DamagedError(f"packed readings are damaged ({error}); restore the store from a backup") from error
    times = integers_of(chunk.times)
    whole = not times or (start <= times[0] and times[-1] < end)
    rows: list[Row] = []
    for series in chunk.series:
        if wanted is None or series.number in wanted:
            found = _rows(series, times)
            rows += found if whole else [row for row in found if start <= row[0] < end]
    rows.sort(key=_key)
    return rows


def _rows(series: _Series, times: Sequence[int]) -> list[Row]:
    own = times if series.places is None else [times[place] for place in integers_of(series.places)]
    qualities = series.qualities if len(series.qualities) > 1 else repeat(series.qualities[0], len(own))
    return list(zip(own, repeat(series.number), _values(series, len(own)), qualities))


def _values(series: _Series, count: int) -> Sequence[Value | None]:
    parts: tuple[Sequence[Value | None], ...] = (
        (),
        () if series.whole is None else integers_of(series.whole),
        () if series.numbers is None else floats_of(series.numbers),
        series.texts,
    )
    if len(series.types) == 1:
        return parts[series.types[0]] or [None] * count
    following = [iter(part) for part in parts]
    return [next(following[it], None) for it in series.types]
