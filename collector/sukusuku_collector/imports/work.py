"""What an import does to store and operations data. The collector must not run meanwhile: it writes both."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from sukusuku_collector.derivation.booking_book import Book
from sukusuku_collector.derivation.registry import subjects
from sukusuku_collector.derivation.runner import DerivationRunner, DerivationStore
from sukusuku_collector.imports.kinds import Kind
from sukusuku_core.clock import Clock
from sukusuku_core.errors import PermanentError
from sukusuku_core.model import AssetKind, Quality
from sukusuku_core.time import HOUR_MS, japan_time
from sukusuku_server.db import Operations
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.model.imports import Imported, NewImport
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.timeseries import PRUNED, THINNED_READINGS, derivable_since, thinned_key
from sukusuku_server.timeseries.protocols import HistoryReader, Imports, ReadingWriter

Values = tuple[tuple[int, float], ...]
"""(UTC ms, value) in order of time."""
Shown = Callable[[float, float], None]
"""Is told what is done and the whole."""


class ImportStore(Imports, HistoryReader, ReadingWriter, DerivationStore, Protocol):
    """Where histories go."""


@dataclass(frozen=True, slots=True)
class History:
    """A history that is to be imported."""

    asset: str
    kind: Kind
    source: str
    values: Values

    @property
    def what(self) -> NewImport:
        """How the store notes it."""
        return NewImport(self.asset, self.kind.metric, self.source, sha256(repr(self.values).encode()).hexdigest())


def check(store: ImportStore, history: History) -> None:
    """Refuse what is there already, or what nothing could be derived of. Raises PermanentError."""
    asset, metric = history.asset, history.kind.metric
    first, last = history.values[0][0], history.values[-1][0]
    what = history.what
    for known in store.imports():
        if known.undone is None and (known.what.asset, known.what.metric, known.what.digest) == (
            asset,
            metric,
            what.digest,
        ):
            raise PermanentError(f"the same history of {asset} is import {known.number} already")
    thinned = store.noted(thinned_key(asset)) or 0
    if thinned > first:
        raise PermanentError(
            f"what was counted in {asset} before {_said(thinned)} has been thinned out ([store] keep_occupancy_days), "
            f"so nothing could be derived of it; import what is younger: --from {_said(thinned)}"
        )
    oldest, pruned = store.first(), store.noted(PRUNED)
    whole = derivable_since(pruned)
    if first < whole and (oldest is None or oldest >= (pruned or 0)):  # else another store keeps what is older
        raise PermanentError(
            f"raw readings from before {_said(whole)} have been deleted ([store] keep_raw_days), so nothing is derived "
            f"of that time any more; import what is younger: --from {_said(whole)}"
        )
    there = store.raw(asset, metric, first, last + 1, 1)
    hours = [hour for hour in store.hourly(asset, metric, first, last + 1) if hour.time + HOUR_MS <= last]
    begin = min([point.time for point in there] + [hour.time for hour in hours], default=None)
    if begin is not None:
        raise PermanentError(
            f"{metric} of {asset} is stored from {_said(begin)} on, within this history "
            f"({_said(first)} to {_said(last)}); import what lies outside, with --from and --to"
        )


def _said(time: int) -> str:
    return f"{japan_time(time):%Y-%m-%dT%H:%M}"


def keep(store: ImportStore, history: History, now: int) -> int:
    """Store a checked history; return its number. Raises PermanentError when it is there already."""
    first = history.values[0][0] // HOUR_MS * HOUR_MS
    if history.kind.asset is AssetKind.ROOM and first < (store.noted(THINNED_READINGS) or 0):
        store.note(THINNED_READINGS, first)  # so that these counts are thinned out in their turn
    series = store.series(history.asset, history.kind.metric, history.kind.datatype)
    rows = [(time, series, value, int(Quality.GOOD)) for time, value in history.values]
    return store.keep_import(history.what, rows, now)


def take_back(store: ImportStore, operations: Operations, number: int, now: int) -> Imported:
    """Take an import back, with all that was derived since its first reading and can be again. Raises PermanentError.

    What was derived goes first: were this interrupted then, the same command would finish it.
    """
    found = next((item for item in store.imports() if item.number == number and item.undone is None), None)
    if found is not None:
        records, asset = DerivationRecords(operations), found.what.asset
        gone = max(derivable_since(store.noted(PRUNED)), store.noted(thinned_key(asset)) or 0)
        with records.together():
            for after, until in found.derived_stretches(gone):
                records.forget(asset, after, until)
    return store.undo_import(number, now)


def derive(index: FacilitySchedules, store: ImportStore, operations: Operations, clock: Clock, shown: Shown) -> None:
    """Derive everything that is late, up to the present, as the collector would at its start."""
    book = Book(BookingRecords(operations))
    runner = DerivationRunner(store, DerivationRecords(operations), subjects(index, book), clock, book.refresh)
    more = runner.begin()
    first = runner.until or 0
    while more:
        more = runner.stretch()
        shown(float((runner.until or 0) - first), float(clock() - first))
