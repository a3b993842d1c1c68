"""The store that is written to SQLite and shipped to InfluxDB.

What the collector needs to go on (latest values, late readings, quarantine, notes, hours, derived points, and the
readings of the last `keep_raw_days`) is asked of the file, which never lags and is never down. Only questions about
readings that have been pruned from it go to InfluxDB.
"""

import random
from collections.abc import Collection, Sequence

from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import AssetKind, Reading
from sukusuku_server.model.series import Point
from sukusuku_server.timeseries import PRUNED, shipping_queue
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.packed import oldest
from sukusuku_server.timeseries.shipping_queue import Changed, Gone
from sukusuku_server.timeseries.sqlite import SqliteStore

FIRST = "ship/first"
"""Under which the time (UTC ms) of the oldest reading is noted before it is pruned."""
_FOREVER = 1 << 62


class InfluxStore(SqliteStore):
    """`open` makes the only writer, `open_reader` any number of readers; `archive` answers for what is pruned."""

    archive: InfluxReader | None = None

    # ------------------------------------------------------------ reading

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """See Store."""
        whole = self._whole_since(start, end)
        if self.archive is None or whole <= start:
            return super().raw(asset, metric, start, end, limit)
        found = {point.time: point for point in self.archive.raw(asset, metric, start, whole, limit)}
        found |= {point.time: point for point in super().raw(asset, metric, start, end, limit)}
        return [found[time] for time in sorted(found)][:limit]

    def scan(self, assets: Collection[str], start: int, end: int) -> list[Reading]:
        """See Store."""
        whole = self._whole_since(start, end)
        if self.archive is None or whole <= start:
            return super().scan(assets, start, end)
        both = [*self.archive.scan(assets, start, whole), *super().scan(assets, start, end)]
        found = {(it.time, it.asset, it.metric): it for it in both}
        return [found[key] for key in sorted(found)]

    def first(self) -> int | None:
        """See Store."""
        known = (self._oldest(), self.noted(FIRST))  # asked all the time, so InfluxDB is left alone
        return min((it for it in known if it is not None), default=None)

    def _oldest(self) -> int | None:
        """Return the time of the oldest reading in the file; what is pruned there is in the archive."""
        return oldest(self._database.ask)

    def _whole_since(self, start: int, end: int) -> int:
        """From when on the file has all readings, within a stretch. What came after its time was pruned stays in it."""
        return max(start, min(self.noted(PRUNED) or 0, end))

    def datatype_of(self, asset: str, metric: str) -> DataType:
        """Of a series that this file knows, else what the catalogue says."""
        found = self._all("SELECT datatype FROM series WHERE asset = ? AND metric = ?", (asset, metric))
        if found:
            return DataType(found[0][0])
        known = (catalogue.find(kind, metric) for kind in AssetKind)
        return next((row.datatype for row in known if row is not None), DataType.DOUBLE)

    def close(self) -> None:
        """Give back files and connections."""
        super().close()
        if self.archive is not None:
            self.archive.close()

    # ------------------------------------------------------------ shipping

    def prune(self, before: int, rows: int) -> int:
        """See Store. What is not shipped stays."""
        before = min(before, self.shipped_before())
        oldest, noted = self._oldest(), self.noted(FIRST)
        if oldest is not None and oldest < (before if noted is None else min(before, noted)):
            self.note(FIRST, oldest)
        return super().prune(before, rows)

    def drop_readings(self, assets: Collection[str], start: int, end: int) -> bool:
        """See Store. What is not shipped stays."""
        return end <= self.shipped_before() and super().drop_readings(assets, start, end)

    def shipped_before(self) -> int:
        """Before this time (UTC ms) every reading of this file is shipped."""
        bounds = [self.noted(shipping_queue.UNTIL) or 0]
        origin, history = self.noted(shipping_queue.ORIGIN) or 0, self.noted(shipping_queue.HISTORY) or 0
        if history < origin:
            bounds.append(history)
        listed = self._all("SELECT min(time) FROM outgoing")[0][0]
        if listed is not None:
            bounds.append(int(listed))
        return min(bounds)

    def begin_shipping(self, before: int) -> None:
        """Ship everything (again): live readings from `before` (UTC ms), and history from its start."""
        with self._database.turn():
            with self._database.transaction() as run:
                claimed = max(before, self._claimed)
                start = oldest(self._database.ask)
                notes = {
                    shipping_queue.CLAIMED: claimed,
                    shipping_queue.UNTIL: claimed,
                    shipping_queue.ORIGIN: claimed,
                    shipping_queue.HISTORY: claimed if start is None else min(start, claimed),
                }
                if self.noted(shipping_queue.SPOOL) is None:
                    notes[shipping_queue.SPOOL] = random.getrandbits(53)
                run.executemany("INSERT OR REPLACE INTO host VALUES (?, ?)", notes.items())
                run.execute(
                    "INSERT INTO outgoing_derived SELECT DISTINCT asset, -1, ?1, 0, 1 FROM derived_series WHERE true "
                    "ON CONFLICT (asset) DO UPDATE SET begin = -1, until = ?1, changed = changed + 1",
                    (_FOREVER,),
                )
            self._claimed = claimed

    def advance(self, notes: dict[str, int], keys: Sequence[tuple[int, int]] = ()) -> None:
        """Note how far shipping has come, and forget keys that were listed. Durable."""
        with self._database.turn():
            with self._database.transaction() as run:
                run.executemany("INSERT OR REPLACE INTO host VALUES (?, ?)", notes.items())
                run.executemany("DELETE FROM outgoing WHERE time = ? AND series = ?", keys)
            self._claimed = notes.get(shipping_queue.CLAIMED, self._claimed)

    def settle_gone(self, gone: Gone) -> None:
        """Note that a stretch is forgotten."""
        with self._database.transaction() as run:
            run.execute(
                "DELETE FROM outgoing_gone WHERE series = ? AND begin = ? AND until = ?",
                (gone.series, gone.begin, gone.until),
            )

    def settle_derived(self, shipped: Changed, until: int | None) -> None:
        """Note that derived points up to a time, or all when None, are shipped, unless newer ones came since."""
        with self._database.transaction() as run:
            if until is None:
                run.execute(
                    "DELETE FROM outgoing_derived WHERE asset = ? AND changed = ?", (shipped.asset, shipped.changed)
                )
            else:
                run.execute(
                    "UPDATE outgoing_derived SET begin = ?, gone = 0 WHERE asset = ? AND changed = ?",
                    (until, shipped.asset, shipped.changed),
                )
