"""How readings get into chunks: a day at a time, in steps that are short for whoever commits meanwhile.

1. The day is divided into groups of assets. Those of a group are read, packed, and unpacked again to see that nothing
   is missing, while commits go on. What a chunk holds already is packed anew with them.
2. The chunks are written, a few in a transaction.
3. When all of the day is in chunks, its readings are deleted, a few in a transaction, in the order in which they lie in
   the table: so each of its pages is written once.

Between 2 and 3 readings are in both places and are told once (packed.py). So it may end anywhere, by a power cut as
well; then the day is packed anew. What is inserted into the day meanwhile is noted, and stays for the next time. When
anything is taken out meanwhile, all of it begins anew: no chunk may bring that back. So it does when what was noted is
forgotten, as a connection had to be made again.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sukusuku_core.errors import PermanentError, SukusukuError
from sukusuku_core.time import HOUR_MS, japan_time, midnight
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import chunks, packed, sql_writes
from sukusuku_server.timeseries.database import Database, typed
from sukusuku_server.timeseries.packed import Packed

GROUP = 100_000
"""Readings that are packed at once; about 30 MB of memory."""
WRITTEN = 256 * 1024
"""Bytes of chunks in a transaction."""
DELETED = 4_000
"""Readings that are deleted in a transaction."""

OLDEST = "SELECT min(time) FROM reading WHERE time >= ? AND time < ?"
"""Asks for the oldest reading of a stretch that is not packed."""
_ROWS = "SELECT count(*) FROM reading WHERE time >= ? AND time < ?"
_NEXT = "SELECT time FROM reading WHERE time >= ? AND time < ? ORDER BY time LIMIT 1 OFFSET ?"
_COUNTS = """
SELECT asset, count(*) FROM reading JOIN series ON series.id = reading.series
WHERE time >= ? AND time < ? GROUP BY asset
"""


@dataclass(frozen=True, slots=True)
class _Made:
    """A chunk that is to be written."""

    asset: str
    rows: Sequence[Row]
    data: bytes


class Compaction:
    """Packs one day. `step` does a little; whoever commits waits for one transaction of it at most."""

    def __init__(self, database: Database, past: Database, known: Packed, day: int) -> None:
        self._database = database
        self._past = past
        self._known = known
        self.day = day
        self._begin, self._end = midnight(day), midnight(day + 1)
        with database.turn():
            known.begin(self._begin, self._end)
            self._removals = known.removals
        self._groups: list[list[str]] | None = None
        self._made: list[_Made] = []
        self._packed = 0
        self.left: SukusukuError | None = None
        """Why the readings of an asset cannot be packed."""
        self._mark: int | None = None  # up to where readings have been deleted

    def step(self) -> bool | None:
        """Do a little; tell whether there is more to do. None: it must begin anew."""
        if not self._made and self._mark is None:
            return self._pack()
        with self._database.turn():
            return self._write() if self._made else self._delete()

    def _outdated(self) -> bool:
        """Within a transaction, as the store is read anew where its connection is made again: whether to begin anew."""
        return self._known.removals != self._removals

    def _pack(self) -> bool | None:
        """Pack the next group; after the last one, see that deleting can begin."""
        if self._groups is None:
            counts = Counter[str]()
            for asset, count in self._hourly(_COUNTS):
                counts[asset] += count
            self._groups = _groups(sorted(counts.items()))
        if self._groups:
            self._made = self._chunks(self._groups[-1])
            self._groups.pop()
            return True
        there = sum(count for (count,) in self._hourly(_ROWS))
        if there > self._packed + len(self._known.late):
            return None
        self._mark = self._begin
        return True

    def _hourly(self, question: str, *further: str) -> Iterator[tuple[Any, ...]]:
        """Ask of each hour of the day, so that nobody waits long for a connection that is the only one.

        What comes in between is late, and what goes lets all of it begin anew.
        """
        for begin in range(self._begin, self._end, HOUR_MS):
            yield from self._past.ask(question, (begin, begin + HOUR_MS, *further))

    def _chunks(self, assets: Sequence[str]) -> list[_Made]:
        """Return the chunks of some assets, of readings of the table and of chunks that are there."""
        past, values = self._past, ", ".join(self._past.values)
        loose: dict[str, list[Row]] = {}
        for asset, time, series, quality, *value in self._hourly(
            f"SELECT asset, time, series, quality, {values} FROM reading JOIN series ON series.id = reading.series "  # noqa: S608
            f"WHERE time >= ? AND time < ? AND asset IN ({past.each})",
            json.dumps(list(assets)),
        ):
            loose.setdefault(asset, []).append((time, series, typed(value), quality))
        there = {it: packed.of_day(past.ask, it, self.day) for it in loose}
        self._packed += sum(map(len, loose.values()))
        made = (self._chunk(asset, rows, there[asset]) for asset, rows in loose.items())
        return [it for it in made if it is not None]

    def _chunk(self, asset: str, loose: Sequence[Row], there: Sequence[bytes]) -> _Made | None:
        """Return the chunk of an asset; None: its readings stay as they are."""
        try:
            return _made(asset, packed.merged(loose, (row for data in there for row in chunks.decode(data))))
        except (chunks.DamagedError, PermanentError) as error:
            self.left = type(error)(f"{asset}, {japan_time(self._begin).date().isoformat()}: {error}")
        with self._database.turn():
            self._known.late.update((row[0], row[1]) for row in loose)
        return None

    def _write(self) -> bool | None:
        size = count = 0
        with self._database.transaction() as run:
            if self._outdated():
                return None
            for made in self._made:
                packed.put(run, made.asset, self.day, made.rows, made.data)
                size, count = size + len(made.data), count + 1
                if size >= WRITTEN:
                    break
        del self._made[:count]
        return True

    def _delete(self) -> bool | None:
        """Delete the next readings; those that came since the day was begun stay."""
        begin = self._begin if self._mark is None else self._mark
        with self._database.transaction() as run:
            if self._outdated():
                return None
            found = run.execute(_NEXT, (begin, self._end, DELETED)).fetchone()
            mark = self._end if found is None else int(found[0]) + 1
            stay = sorted(key for key in self._known.late if begin <= key[0] < mark)
            rows = [row for key in stay for row in sql_writes.rows(run, "WHERE time = ? AND series = ?", key)]
            run.execute("DELETE FROM reading WHERE time >= ? AND time < ?", (begin, mark))
            run.insert(rows)
        self._mark = mark
        return mark < self._end


def _groups(counts: Sequence[tuple[str, int]]) -> list[list[str]]:
    """Divide assets, given with how many readings they have, into groups."""
    groups: list[list[str]] = []
    room = 0
    for asset, count in counts:
        if count > room or not groups:
            groups.append([])
            room = GROUP
        groups[-1].append(asset)
        room -= count
    return groups


def _made(asset: str, rows: Sequence[Row]) -> _Made:
    """Return a chunk. Raises PermanentError when the rows do not come back out of it bit for bit."""
    data = chunks.encode(rows)
    back = chunks.decode(data)
    same = back == rows and [type(row[2]) for row in back] == [type(row[2]) for row in rows]
    if not same and repr(back) != repr(rows):  # two NaN are never equal
        raise PermanentError(
            f"{len(rows)} readings of {asset} do not come back out of a chunk as they went in; they stay as they are, "
            "please report this"
        )
    return _Made(asset, rows, data)
