"""What a store in a database does, the same in SQLite and PostgreSQL. The collector writes, the API reads beside it."""

import logging
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError, SukusukuError
from sukusuku_core.model import Reading
from sukusuku_core.time import EARLIEST_READING, HOUR_MS, day_number, midnight
from sukusuku_server.model.imports import Imported, NewImport
from sukusuku_server.model.series import (
    Committed,
    Late,
    LatestByAsset,
    Moved,
    Quarantined,
    RoomHour,
    Row,
    Unassigned,
)
from sukusuku_server.timeseries import (
    PACKED,
    PRUNED,
    SETTLED_MS,
    THINNED_READINGS,
    clock_correction,
    compaction,
    derivable_since,
    derived,
    imports,
    packed_hours,
    pruning,
    rollups,
    shipping_queue,
    sql_writes,
    thinned_key,
    thinning,
)
from sukusuku_server.timeseries import moved as moving
from sukusuku_server.timeseries import unassigned as keeping
from sukusuku_server.timeseries.compaction import Compaction
from sukusuku_server.timeseries.database import Database, Transaction
from sukusuku_server.timeseries.live_view import LiveView
from sukusuku_server.timeseries.packed import Packed
from sukusuku_server.timeseries.sql_reader import SqlReader

QUARANTINE_ROWS = 10_000
UNASSIGNED_BYTES = 256_000_000

_log = logging.getLogger("sukusuku_server.timeseries")

_DEAD = "INSERT INTO offline VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET since = excluded.since"
_AT_ONCE = 64
"""Room is made for this part of all more than is needed: whose messages go is counted anew each time."""


class SqlStore(SqlReader):
    """One connection; the only one that writes, or one of any number that read."""

    def __init__(
        self, database: Database, quarantine_rows: int = QUARANTINE_ROWS, unassigned_bytes: int = UNASSIGNED_BYTES
    ) -> None:
        super().__init__(database)
        self._quarantine_rows = quarantine_rows
        self._unassigned_bytes = unassigned_bytes
        self._series: dict[tuple[str, str], int] = {}
        self._names: dict[int, tuple[str, str, DataType]] = {}
        self._numeric: set[int] = set()
        self._new_series: list[tuple[int, str, str, int]] = []
        self._live = LiveView(database, self._names)
        self._packed = Packed(self._names)
        self._compaction: Compaction | None = None
        self._left: SukusukuError | None = None  # why readings before the time `_passed` are not packed in this round
        self._passed = 0
        self._hours: packed_hours.Packing | None = None
        self._moved: dict[int, int] = {}  # the latest original time of the moved readings of a series
        self._waiting_bytes = 0
        self._claimed = 0  # what comes with an earlier time is listed as outgoing

    def load(self) -> None:
        """Read what the only writer keeps in memory. Raises PermanentError when it makes no sense."""
        known = set()
        for ident, asset, metric, datatype in self._all("SELECT id, asset, metric, datatype FROM series"):
            known.add(ident)
            try:
                self._know_series(ident, asset, metric, DataType(datatype))
            except ValueError as error:
                raise PermanentError(
                    f"{self._database.name}: the store is damaged ({error}); restore it from a backup, or move it away"
                ) from error
        self._new_series = [item for item in self._new_series if item[0] not in known]
        self._packed.load(self._database.ask)
        self._hours = None
        self._moved = dict(self._all(moving.LATEST))
        self._waiting_bytes = int(self._all(keeping.SIZE)[0][0])
        self._claimed = self.noted(shipping_queue.CLAIMED) or 0
        self._live.load()

    def _know_series(self, ident: int, asset: str, metric: str, datatype: DataType) -> None:
        self._series[asset, metric] = ident
        self._names[ident] = (asset, metric, datatype)
        if datatype is not DataType.STRING:
            self._numeric.add(ident)

    # ------------------------------------------------------------ writing

    def series(self, asset: str, metric: str, datatype: DataType) -> int:
        """See Store."""
        known = self._series.get((asset, metric))
        if known is not None:
            return known
        with self._database.turn():
            ident = len(self._series) + 1
            self._know_series(ident, asset, metric, datatype)
            self._new_series.append((ident, asset, metric, datatype))
            return ident

    def commit_rows(
        self,
        rows: Sequence[Row],
        quarantined: Sequence[Quarantined],
        received: int,
        moved: Sequence[Moved] = (),
        unassigned: Sequence[Unassigned] = (),
    ) -> Committed:
        """See Store."""
        with self._database.turn():
            with self._database.transaction() as run:
                run.executemany("INSERT INTO series VALUES (?, ?, ?, ?)", self._new_series)
                unmoved = moving.unmoved(run, rows, self._moved) if self._moved else rows
                fresh = self._packed.insert(run, unmoved)
                if moved:
                    fresh = [*fresh, *moving.insert(run, self._packed, moved)]
                summary, newest = self._follow(run, fresh, received)
                sql_writes.quarantine(run, quarantined, self._quarantine_rows)
                waiting_bytes = self._keep(run, unassigned)
            self._waiting_bytes = waiting_bytes
            for item in moved:
                original = moving.signed(item.original)
                self._moved[item.row[1]] = max(original, self._moved.get(item.row[1], original))
            self._remember(summary, newest, received)
        return Committed(len(fresh), len(rows) + len(moved) - len(fresh), len(quarantined))

    def _follow(self, run: Transaction, fresh: Sequence[Row], received: int) -> tuple[rollups.Summary, dict[int, Row]]:
        """Write what follows from new rows; return their summary and which of them are the newest of their series."""
        derived.mark_late(run, self._come_late(fresh, received - SETTLED_MS))
        shipping_queue.list_late(run, fresh, self._claimed)
        summary = rollups.summarise(fresh, self._numeric)
        sql_writes.roll_up(run, summary.hours)
        newest = self._live.newer(summary.newest)
        sql_writes.latest(run, newest, received)
        return summary, newest

    def _remember(self, summary: rollups.Summary, newest: Mapping[int, Row], received: int) -> None:
        """Keep in memory what is committed now."""
        self._new_series.clear()
        self._live.remember(newest, (series for series, _ in summary.hours), received)

    def keep_import(self, what: NewImport, rows: Sequence[Row], now: int) -> int:
        """See Store."""
        with self._database.turn():
            with self._database.transaction() as run:
                run.executemany("INSERT INTO series VALUES (?, ?, ?, ?)", self._new_series)
                fresh = self._packed.insert(run, rows)
                if len(fresh) != len(rows):
                    raise PermanentError(
                        f"{len(rows) - len(fresh)} of {len(rows)} readings of {what.asset} {what.metric} are stored "
                        "already; nothing was imported"
                    )
                number = imports.add(run, what, rows, now)
                summary, newest = self._follow(run, fresh, now)
            self._remember(summary, newest, now)
        return number

    def imports(self) -> list[Imported]:
        """See Store."""
        return imports.listed(self._all(imports.LISTED))

    def undo_import(self, number: int, now: int) -> Imported:
        """See Store."""
        with self._database.turn():
            with self._database.transaction() as run:
                what = imports.holding(run, number)
                asset = what.what.asset
                kept = thinned_key(asset), THINNED_READINGS  # raw counts go sooner than other readings
                thinned = min(self.noted(key) or 0 for key in kept)
                pruned = max(self.noted(PRUNED) or 0, thinned)
                for series in imports.take_back(run, self._packed, what, now, pruned, self._numeric):
                    shipping_queue.list_gone(run, self._packed, series, what.first, what.last, self._claimed)
                gone = max(derivable_since(self.noted(PRUNED)), self.noted(thinned_key(asset)) or 0)
                for after, until in what.derived_stretches(gone):
                    shipping_queue.list_derived(run, asset, after, until, (), self._claimed)
                    derived.replace(run, asset, after, until, ())
                derived.mark_late(run, {asset: what.first})
            self._forget_view()
        return what

    def _come_late(self, rows: Sequence[Row], before: int) -> Mapping[str, int]:
        """Return the earliest time of the rows of each asset that were measured before `before`."""
        first: dict[int, int] = {}
        if rows and min(map(itemgetter(0), rows)) < before:
            for time, series, _, _ in rows:
                if time < first.get(series, before):
                    first[series] = time
        since: dict[str, int] = {}
        for series, time in first.items():
            asset = self._names[series][0]
            since[asset] = min(time, since.get(asset, time))
        return since

    def put_derived(self, asset: str, after: int, until: int, points: Sequence[Reading]) -> None:
        """See Store."""
        self.put_all_derived(after, until, {asset: points})

    def put_all_derived(self, after: int, until: int, points: Mapping[str, Sequence[Reading]]) -> None:
        """See Store."""
        with self._database.turn():
            with self._database.transaction() as run:
                for asset, found in points.items():
                    shipping_queue.list_derived(run, asset, after, until, found, self._claimed)
                    derived.replace(run, asset, after, until, found)
            self._rederived.update(points)

    def thin(self, asset: str, start: int, end: int, points: Sequence[Reading], hours: Sequence[RoomHour]) -> None:
        """See Store."""
        with self._database.turn():
            with self._database.transaction() as run:
                shipping_queue.list_derived(run, asset, start - 1, end - 1, points, self._claimed)
                derived.replace(run, asset, start - 1, end - 1, points)
                thinning.keep_hours(run, asset, hours)
                sql_writes.note(run, {thinned_key(asset): end})
            self._rederived.add(asset)

    def drop_readings(self, assets: Collection[str], start: int, end: int) -> bool:
        """See Store."""
        with self._database.turn(), self._database.transaction() as run:
            self._packed.removals += 1
            thinning.drop_readings(run, assets, start, end)
            sql_writes.note(run, {THINNED_READINGS: end})
        return True

    def correct_clock(self, since: int, until: int, now: int) -> int:
        """See Store."""
        with self._database.turn():
            with self._database.transaction() as run:
                rows = clock_correction.bring_back(run, self._packed, since, until, EARLIEST_READING, now)
                summary = rollups.summarise(rows, self._numeric)
                sql_writes.roll_up(run, summary.hours)
                shipping_queue.list_late(run, rows, self._claimed)
                for asset, first, last in clock_correction.derived_after(run, now):
                    shipping_queue.list_derived(run, asset, first - 1, last, (), self._claimed)
                    derived.replace(run, asset, first - 1, last, ())
                derived.mark_late(run, self._come_late(rows, now))
                if since < until:
                    begun = min(since, now - (until - since))
                    derived.mark_late(run, {asset: begun for asset, _, _ in self._names.values()})
            self._moved = dict(self._all(moving.LATEST))
            self._forget_view()
        return len(rows)

    def _forget_view(self) -> None:
        """Read again what is newest, and what is derived: some of it is there no more."""
        self._live.load()
        self._outlook_version = -1

    def settle(self, late: Sequence[Late]) -> None:
        """See Store."""
        if not late:
            return
        with self._database.transaction() as run:
            gone = [(it.asset, it.changed) for it in late]
            run.executemany("DELETE FROM late WHERE asset = ? AND changed = ?", gone)

    def _keep(self, run: Transaction, messages: Sequence[Unassigned]) -> int:
        """Put unassigned messages by; tells how many bytes all of them take then."""
        if not messages:
            return self._waiting_bytes
        taken = self._waiting_bytes + keeping.add(run, messages)
        if taken > self._unassigned_bytes:
            gone, freed = keeping.make_room(run, taken - self._unassigned_bytes + self._unassigned_bytes // _AT_ONCE)
            taken -= freed
            _log.error(
                "%d messages were dropped to make room for newer ones: facility.toml has no place for their readings; "
                "GET /api/v1/health says of which assets",
                gone,
            )
        return taken

    def assigned(self, numbers: Sequence[int]) -> None:
        """See Store."""
        with self._database.turn():
            with self._database.transaction() as run:
                freed = keeping.remove(run, numbers)
            self._waiting_bytes -= freed

    def prune(self, before: int, rows: int) -> int:
        """See Store."""
        with self._database.turn(), self._database.transaction() as run:
            mark, gone = pruning.prune(run, self.noted(PRUNED) or 0, before, rows)
            self._packed.removals += gone
            sql_writes.note(run, {PRUNED: mark})
        return gone

    def compact(self, before: int) -> bool:
        """See Store."""
        work = self._compaction
        if work is None:
            until = midnight(day_number(before))
            day = self._day_to_pack(until)
            if day is None:
                return self._pack_hours(until // HOUR_MS) or self._end_round(until)
            work = Compaction(self._database, self._past, self._packed, day)
        going = work.step()
        self._compaction = work if going else None
        if going is False and work.left is not None:
            self._left, self._passed = work.left, midnight(work.day + 1)
        return True

    def _day_to_pack(self, until: int) -> int | None:
        """Return the oldest day before a time (UTC ms) that is to be packed in this round."""
        [(oldest,)] = self._all(compaction.OLDEST, (0, until))
        whole = until if oldest is None else midnight(day_number(oldest))
        if whole != self.noted(PACKED):
            self.note(PACKED, whole)
        if whole < self._passed:
            [(oldest,)] = self._all(compaction.OLDEST, (self._passed, until))
        return None if oldest is None else day_number(oldest)

    def _end_round(self, _: int) -> bool:
        """Begin again at the oldest day when it is asked next. Raises what has kept anything from being packed."""
        left, self._left, self._passed = self._left, None, 0
        if self._hours is not None and self._hours.left is not None:
            left, self._hours = self._hours.left, None
        if left is not None:
            raise left
        return False

    def _pack_hours(self, before: int) -> bool:
        """Pack the hours of some series; tell whether there are more. Those that came late wait for the next day."""
        work = self._hours
        if work is None or work.before != before:
            work = self._hours = packed_hours.Packing(before, self._names)
        if work.done:
            return False
        with self._database.turn(), self._database.transaction() as run:  # where it has to connect, all is read anew
            work.step(run)
        return True

    def note(self, key: str, value: int) -> None:
        """See Store."""
        self.note_all({key: value})

    def note_all(self, values: Mapping[str, int]) -> None:
        """See Store."""
        with self._database.transaction() as run:
            sql_writes.note(run, values)

    def mark_offline(self, changes: Mapping[str, int | None]) -> None:
        """See Store. Births are frequent and mostly change nothing: then nothing is written."""
        new = self._live.changed_marks(changes)
        if not new:
            return
        with self._database.turn():
            with self._database.transaction() as run:
                for subject, since in new.items():
                    if since is None:
                        run.execute("DELETE FROM offline WHERE subject = ?", (subject,))
                    else:
                        run.execute(_DEAD, (subject, since))
            self._live.mark(new)

    # ------------------------------------------------------------ reading

    def latest(self) -> LatestByAsset:
        """See Store."""
        with self._database.turn():
            return self._live.read(self.version())
