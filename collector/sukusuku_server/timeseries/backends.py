"""The store that `[store]` asks for: one place where kinds of stores are told apart."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sukusuku_core.clock import Clock
from sukusuku_server.settings import Facility
from sukusuku_server.settings.store import StoreSettings
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.sqlite import SqliteStore

if TYPE_CHECKING:
    from sukusuku_server.timeseries.influx.shipper import Shipper


def open_writer(facility: Facility) -> SqliteStore:
    """Return the only writer; makes or upgrades the file. With InfluxDB, give it to a Shipper too.

    Raises PermanentError when another collector writes to it, or a newer one has.
    """
    settings, limits = facility.store, facility.limits
    size = limits.unassigned_megabytes * 1_000_000
    if settings.kind == "sqlite":
        return SqliteStore.open(settings.path, limits.quarantine_rows, size)
    return _with_archive(InfluxStore.open(settings.path, limits.quarantine_rows, size), settings)


def open_reader(settings: StoreSettings) -> SqliteStore:
    """Return a reader.

    Raises TransientError when there is no file (or an older one) yet, PermanentError for a newer one.
    """
    path = Path(settings.path)
    if settings.kind == "sqlite":
        return SqliteStore.open_reader(path)
    return _with_archive(InfluxStore.open_reader(path), settings)


def _with_archive(store: InfluxStore, settings: StoreSettings) -> InfluxStore:
    store.archive = InfluxReader(Query(settings.influx), store.datatype_of)
    return store


def second_copy(facility: Facility, store: object) -> Callable[[], int] | None:
    """Return what tells before which time (UTC ms) everything is in InfluxDB; None: nobody waits for that."""
    if facility.store.acknowledge != "replicated" or not isinstance(store, InfluxStore):
        return None
    return store.shipped_before


def shipper(facility: Facility, store: SqliteStore, clock: Clock) -> "Shipper | None":
    """Return what brings everything to InfluxDB; None where SQLite is all. The caller runs and closes it."""
    if not isinstance(store, InfluxStore):
        return None
    from sukusuku_server.timeseries.influx.shipper import Shipper  # noqa: PLC0415 - its library takes half a second

    return Shipper(facility, store, clock)
