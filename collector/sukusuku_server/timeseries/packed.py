"""The statements about chunks, as SQLite and PostgreSQL both understand them.

Whatever a store tells of readings older than a day is read here: from the chunks, from `reading`, or from both. A
reading that is in both counts once. `Packed` is what the only writer knows of chunks.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter

from sukusuku_core.catalogue import DataType
from sukusuku_core.time import HOUR_MS, day_number, japan_time, midnight
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import chunks, sql_writes
from sukusuku_server.timeseries.database import Ask, Transaction

_log = logging.getLogger("sukusuku_server.timeseries")

Key = tuple[int, int]
"""Time (UTC ms) and series of a reading."""
Keep = Callable[[Row], bool]
_DAYS_AT_ONCE = 32
_PUT = """
INSERT INTO chunk (asset, day, first, last, readings, pruned, data) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (asset, day) DO UPDATE SET first = excluded.first, last = excluded.last, readings = excluded.readings,
    pruned = excluded.pruned, data = excluded.data
"""
_FORGET = "DELETE FROM chunk WHERE asset = ? AND day = ?"
_FORGET_WHOLE = "DELETE FROM chunk WHERE asset = ? AND day >= ? AND day < ?"
_OF_ASSET = "SELECT day, data FROM chunk WHERE asset = ? AND day >= ? AND day <= ? ORDER BY day"

_FIRST = "SELECT min(time) FROM reading"
_FIRST_PACKED = "SELECT min(first) FROM chunk WHERE day = (SELECT min(day) FROM chunk)"
_OF_STRETCH = "SELECT asset, data FROM chunk WHERE day = ? AND first < ? AND last >= ?"
_DAYS = "SELECT DISTINCT day FROM chunk WHERE day >= ? AND day <= ? ORDER BY day"
_DAYS_BACK = "SELECT day FROM chunk WHERE asset = ? AND day >= ? ORDER BY day DESC"


def days(start: int, end: int) -> tuple[int, int]:
    """Return the first and the last day of a stretch start <= time < end."""
    return day_number(start), day_number(end - 1)


def newest_day(ask: Ask) -> int | None:
    """Return the newest day of which anything is packed."""
    [(found,)] = ask("SELECT max(day) FROM chunk")
    return None if found is None else int(found)


def first(ask: Ask, since: int) -> int | None:
    """Return the time of the oldest packed reading of the days from a time (UTC ms) on."""
    [(found,)] = ask(
        "SELECT min(first) FROM chunk WHERE day = (SELECT min(day) FROM chunk WHERE day >= ?)", (day_number(since),)
    )
    return None if found is None else max(since, int(found))


def oldest(ask: Ask) -> int | None:
    """Return the time of the oldest reading of all; None: there is none."""
    times = [time for sql in (_FIRST, _FIRST_PACKED) for (time,) in ask(sql) if time is not None]
    return min(map(int, times), default=None)


def of_series(ask: Ask, asset: str, series: int, start: int, end: int, limit: int | None = None) -> Iterator[Row]:
    """Yield packed readings of a series with start <= time < end in order; at least `limit` when there are so many."""
    day, last = days(start, end)
    count = 0
    while limit is None or count < limit:
        found = list(ask(f"{_OF_ASSET} LIMIT ?", (asset, day, last, _DAYS_AT_ONCE)))
        for _, data in found:
            rows = chunks.decode(data, (series,), start, end)
            count += len(rows)
            yield from rows
        if len(found) < _DAYS_AT_ONCE:
            return
        day = found[-1][0] + 1


def of_assets(ask: Ask, each: str, assets: Collection[str], start: int, end: int) -> list[Row]:
    """Return packed readings of assets with start <= time < end, asset by asset, as far as they can be read."""
    found = ask(
        f"SELECT asset, day, data FROM chunk WHERE day >= ? AND day <= ? AND asset IN ({each})",  # noqa: S608 - of the database
        (*days(start, end), json.dumps(list(assets))),
    )
    return [row for asset, day, data in found for row in _readable(asset, day, data, None, start, end)]


def _readable(
    asset: str, day: int, data: bytes, wanted: Collection[int] | None, start: int = 0, end: int = 1 << 62
) -> list[Row]:
    """Return rows of a chunk. What is damaged must not stop whatever goes through all readings, so the log tells it."""
    try:
        return chunks.decode(data, wanted, start, end)
    except chunks.DamagedError as error:
        _log.error(
            "%s, %s: %s; until then nothing follows from them",
            asset,
            japan_time(midnight(day)).date().isoformat(),
            error,
        )
        return []


def of_day(ask: Ask, asset: str, day: int) -> list[bytes]:
    """Return the chunk of an asset of a day, if there is one."""
    return [data for _, data in ask(_OF_ASSET, (asset, day, day))]


def of_keys(ask: Ask, keys: Iterable[Key]) -> list[Row]:
    """Return those of some readings that are packed."""
    assets = dict(ask("SELECT id, asset FROM series"))
    wanted: dict[tuple[str, int], set[Key]] = {}
    for time, series in keys:
        if series in assets:
            wanted.setdefault((assets[series], day_number(time)), set()).add((time, series))
    return [
        row
        for (asset, day), those in wanted.items()
        for data in of_day(ask, asset, day)
        for row in _readable(asset, day, data, {series for _, series in those})
        if (row[0], row[1]) in those
    ]


def first_of_all(ask: Ask, start: int, end: int, limit: int) -> Iterator[Row]:
    """Yield packed readings of all series with start <= time < end, hour by hour; at least `limit`, if there are."""
    count = 0
    for (day,) in list(ask(_DAYS, days(start, end))):
        for begin in range(max(start, midnight(day)), min(end, midnight(day + 1)), HOUR_MS):
            after = min(end, begin + HOUR_MS)
            for asset, data in ask(_OF_STRETCH, (day, after, begin)):
                rows = _readable(asset, day, data, None, begin, after)
                count += len(rows)
                yield from rows
            if count >= limit:
                return


def counts(ask: Ask, start: int, end: int) -> dict[int, int]:
    """Return how many readings are packed of each day of a stretch start <= time < end."""
    found = ask("SELECT day, sum(readings) FROM chunk WHERE day >= ? AND day <= ? GROUP BY day", days(start, end))
    return {day: int(count) for day, count in found}


def merged(loose: Iterable[Row], packed: Iterable[Row]) -> list[Row]:
    """Return the readings of both by time and series, each once."""
    rows = {(row[0], row[1]): row for row in packed}
    rows.update(((row[0], row[1]), row) for row in loose)
    return [rows[key] for key in sorted(rows)]


def put(run: Transaction, asset: str, day: int, rows: Sequence[Row], data: bytes, *, pruned: bool = False) -> None:
    """Keep the chunk of some rows, in the place of one that is there."""
    times = [row[0] for row in rows]
    run.execute(_PUT, (asset, day, min(times), max(times), len(rows), int(pruned), data))


def rewrite(run: Transaction, asset: str, day: int, data: bytes, keep: Keep) -> None:
    """Leave of a chunk what is to be kept."""
    before = chunks.decode(data)
    rows = [row for row in before if keep(row)]
    if not rows:
        run.execute(_FORGET, (asset, day))
    elif len(rows) < len(before):
        put(run, asset, day, rows, chunks.encode(rows))


def prune(run: Transaction, asset: str, day: int, kept: Collection[int]) -> int:
    """Leave of a chunk some series; tell how many readings. A damaged one goes whole: nobody can read what it holds."""
    rows: list[Row] = []
    if kept:
        try:
            rows = [row for data in of_day(run.execute, asset, day) for row in chunks.decode(data, kept)]
        except chunks.DamagedError as error:
            _log.error("%s: %s; they are deleted, as they are old enough, with their fault codes", asset, error)
    if rows:
        put(run, asset, day, rows, chunks.encode(rows), pruned=True)
    else:
        run.execute(_FORGET, (asset, day))
    return len(rows)


def drop(run: Transaction, assets: Collection[str], start: int, end: int) -> None:
    """Delete packed readings of assets with start <= time < end."""
    begin, last = days(start, end)
    for asset in assets:
        run.execute(_FORGET_WHOLE, (asset, day_number(start - 1) + 1, day_number(end)))
        for day, data in list(run.execute(_OF_ASSET, (asset, begin, last))):
            rewrite(run, asset, day, data, lambda row: not start <= row[0] < end)


def _not_of(keys: Collection[Key]) -> Keep:
    return lambda row: (row[0], row[1]) not in keys


class Packed:
    """The chunks as the writer needs them. `names` tells the asset of a series."""

    def __init__(self, names: Mapping[int, tuple[str, str, DataType]]) -> None:
        self._names = names
        self.until = 0
        """Before this time (UTC ms) a reading may be in a chunk."""
        self.packing = 0, 0
        """The stretch (UTC ms) that is being packed."""
        self.late: set[Key] = set()
        """What was inserted there meanwhile: it is not known to be in a chunk."""
        self.removals = 0
        """How often anything has been taken out of chunks or the table, or `late` has been forgotten."""

    def begin(self, start: int, end: int) -> None:
        """Note from now on what is inserted in a stretch, and look for known readings in chunks up to its end."""
        self.packing, self.until = (start, end), max(self.until, end)
        self.late.clear()

    def load(self, ask: Ask) -> None:
        """Find out of which days there are chunks."""
        day = newest_day(ask)
        self.until = 0 if day is None else midnight(day + 1)
        self.packing = 0, 0
        self.late.clear()
        self.removals += 1

    def insert(self, run: Transaction, rows: Sequence[Row]) -> Sequence[Row]:
        """Insert readings that are new, and tell which rows those were."""
        if min(map(itemgetter(0), rows), default=self.until) >= self.until:  # as nearly always
            return run.insert(rows)
        fresh = run.insert(self._unknown(run, rows))
        begin, end = self.packing
        self.late.update((row[0], row[1]) for row in fresh if begin <= row[0] < end)
        return fresh

    def holds(self, run: Transaction, series: int, time: int) -> bool:
        """Tell whether there is a reading of a series at a time."""
        loose = run.execute("SELECT 1 FROM reading WHERE series = ? AND time = ?", (series, time)).fetchall()
        return bool(loose) or not self._unknown(run, [(time, series, None, 0)])

    def _unknown(self, run: Transaction, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that are in no chunk."""
        suspects: dict[tuple[str, int], set[int]] = {}
        for time, series, _, _ in rows:
            if time < self.until:
                suspects.setdefault((self._names[series][0], day_number(time)), set()).add(series)
        known: set[Key] = set()
        for (asset, day), wanted in suspects.items():
            for data in of_day(run.execute, asset, day):
                with suppress(chunks.DamagedError):  # live readings must not wait for it; packing tells of it
                    known.update((row[0], row[1]) for row in chunks.decode(data, wanted))
        return [row for row in rows if (row[0], row[1]) not in known] if known else rows

    def rows(self, run: Transaction, series: int, start: int, end: int) -> list[Row]:
        """Return readings of a series with start <= time < end, from wherever they are, in order."""
        loose = sql_writes.rows(run, "WHERE series = ? AND time >= ? AND time < ?", (series, start, end))
        if start >= self.until:
            return sorted(loose)
        return merged(loose, of_series(run.execute, self._names[series][0], series, start, end))

    def remove(self, run: Transaction, keys: Iterable[Key]) -> None:
        """Delete readings, wherever they are."""
        self.removals += 1
        run.executemany("DELETE FROM reading WHERE time = ? AND series = ?", keys := list(keys))
        gone: dict[tuple[str, int], set[Key]] = {}
        for time, series in keys:
            if time < self.until:
                gone.setdefault((self._names[series][0], day_number(time)), set()).add((time, series))
        for (asset, day), those in gone.items():
            for data in of_day(run.execute, asset, day):
                rewrite(run, asset, day, data, _not_of(those))

    def newest_again(self, run: Transaction, series: Iterable[int], received: int) -> None:
        """Note which readings are the newest ones of series of which some have been removed."""
        for number in series:
            run.execute("DELETE FROM latest WHERE series = ?", (number,))
            newest = self._newest(run, number)
            if newest is not None:
                sql_writes.latest(run, {number: newest}, received)

    def _newest(self, run: Transaction, series: int) -> Row | None:
        loose = sql_writes.rows(run, "WHERE series = ? ORDER BY time DESC LIMIT 1", (series,))
        since = loose[0][0] if loose else 0
        if since < self.until:
            asset = self._names[series][0]
            for (day,) in run.execute(_DAYS_BACK, (asset, day_number(since))).fetchall():
                for data in of_day(run.execute, asset, day):
                    if rows := chunks.decode(data, (series,), since):
                        return rows[-1]
        return loose[0] if loose else None
