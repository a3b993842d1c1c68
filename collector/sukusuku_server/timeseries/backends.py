"""The store that `[store]` asks for: one place where kinds of stores are told apart."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sukusuku_core.clock import Clock
from sukusuku_core.errors import ConfigError, Mistake, PermanentError, SukusukuError, TransientError
from sukusuku_server.extras import how_to_install
from sukusuku_server.settings import Facility
from sukusuku_server.settings.shard import Shard, shards
from sukusuku_server.settings.store import StoreSettings
from sukusuku_server.timeseries.gathered import Gathered
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.protocols import Reader
from sukusuku_server.timeseries.sql_store import SqlStore
from sukusuku_server.timeseries.sqlite import SqliteStore, is_locked
from sukusuku_server.timeseries.verdict import Verdict

if TYPE_CHECKING:
    from sukusuku_server.timeseries.influx.shipper import Shipper

_SHOWN = 5
"""Assets that a message names."""


def open_writer(facility: Facility, entitled: Callable[[], bool] | None = None) -> SqlStore:
    """Return the only writer; makes or upgrades the file or tables. With InfluxDB, give it to a Shipper too.

    `entitled` tells whether a collector holds its lease: the one before it is cut off from PostgreSQL then.

    Raises PermanentError when another collector writes to it, or a newer one has; TransientError when a server does not
    answer; ConfigError when a library is missing.
    """
    settings, limits = facility.store, facility.limits
    size = limits.unassigned_megabytes * 1_000_000
    if settings.kind == "postgres":
        with _installed():
            from sukusuku_server.timeseries.postgres.store import PostgresStore  # noqa: PLC0415 - may be missing
        return PostgresStore.open(settings.postgres, limits.quarantine_rows, size, entitled)
    if settings.kind == "sqlite":
        return SqliteStore.open(settings.path, limits.quarantine_rows, size)
    return _with_archive(InfluxStore.open(settings.path, limits.quarantine_rows, size), settings)


def open_reader(facility: Facility) -> Reader:
    """Return a reader of all that is stored of an operator.

    Raises TransientError when there is no store (or an older one) yet, or its server does not answer; PermanentError
    for a newer one; ConfigError when a library is missing.
    """
    if not facility.group:
        return _reader(facility.store)
    found = _gathered(shards(facility))
    try:
        found.stores()
    except SukusukuError:
        found.close()
        raise
    return found


def gathered(shard: Shard, own: SqlStore) -> Reader:
    """Return what reads the stores of all shards where this one leads; it opens the others later. Else its own one."""
    if not shard.facility.group or not shard.leads:
        return own
    return _gathered(shards(shard.facility), own)


def check_division(shard: Shard, store: SqlStore) -> None:
    """Raise PermanentError when readings of what is this shard's are in another schema than that of its own `store`.

    It is that of another shard, or of a group that is no more. Raises TransientError.
    """
    if shard.own.store.kind != "postgres":
        return
    from sukusuku_server.timeseries.postgres import moving  # noqa: PLC0415 - may be missing
    from sukusuku_server.timeseries.postgres.store import PostgresStore  # noqa: PLC0415 - likewise

    if not isinstance(store, PostgresStore):
        return
    schemas, own = _schemas(shard.facility), store.database.schema
    for schema in moving.stores(store.database, schemas):
        strays = [] if schema == own else sorted(moving.assets_in(store.database, schema) & shard.own_assets)
        if strays:
            raise PermanentError(
                f"the schema `{schema}` has readings of {', '.join(strays[:_SHOWN])}{' ...' * (len(strays) > _SHOWN)}, "
                f"which are now of {shard.own.operator.id}. Stop all collectors and run `sukusuku store move "
                "FACILITY.toml`, or put their sites back where they were"
            )
    if shard.facility.group:
        moving.remember(store, schemas)


def moved(facility: Facility) -> Iterator[str]:
    """Move readings into the stores of the shards that their assets are in now; yield what is moved, and where to.

    Raises PermanentError while a collector writes, else as `open_writer`.
    """
    from sukusuku_server.timeseries.postgres import moving  # noqa: PLC0415 - may be missing
    from sukusuku_server.timeseries.postgres.store import PostgresStore  # noqa: PLC0415 - likewise

    for shard in shards(facility):
        own, wanted = shard.own.store.postgres, moving.owners(shard.own)
        with contextlib.closing(PostgresStore.open(own)) as target:
            for schema in moving.stores(target.database, _schemas(facility)):
                if schema == own.schema:
                    continue
                with contextlib.closing(PostgresStore.open(msgspec.structs.replace(own, schema=schema))) as source:
                    for name in moving.move(source, target, wanted):
                        yield f"{name}: {schema} -> {own.schema}"


def _schemas(facility: Facility) -> list[str]:
    return [it.own.store.postgres.schema for it in shards(facility)]


def _gathered(parts: Sequence[Shard], first: SqlStore | None = None) -> Gathered:
    """Return what reads the stores of these shards; that of the first one is open where it is given."""
    openers: list[Callable[[], Reader]] = [partial(_reader, it.own.store) for it in parts]
    if first is not None:
        openers[0] = lambda: first
    return Gathered(openers, {asset: place for place, it in enumerate(parts) for asset in it.own_assets})


def _reader(settings: StoreSettings) -> SqlStore:
    if settings.kind == "postgres":
        with _installed():
            from sukusuku_server.timeseries.postgres.store import PostgresStore  # noqa: PLC0415 - may be missing
        return PostgresStore.open_reader(settings.postgres)
    path = Path(settings.path)
    if settings.kind == "sqlite":
        return SqliteStore.open_reader(path)
    return _with_archive(InfluxStore.open_reader(path), settings)


def is_written(facility: Facility) -> bool | None:
    """Whether a collector holds the store, those of all shards; None: its server does not answer."""
    found = [_is_written(it.own.store) for it in shards(facility)]
    return None if None in found else all(found)


def _is_written(settings: StoreSettings) -> bool | None:
    if settings.kind != "postgres":
        return is_locked(Path(settings.path))
    with _installed():
        from sukusuku_server.timeseries.postgres.database import is_owned  # noqa: PLC0415 - may be missing
    try:
        return is_owned(settings.postgres)
    except TransientError:
        return None


def mistakes(settings: StoreSettings) -> Iterator[Mistake]:
    """Yield what is missing for this kind of store on this computer; no server is asked."""
    if settings.kind == "postgres":
        try:
            with _installed():
                import sukusuku_server.timeseries.postgres.store  # noqa: F401, PLC0415 - may be missing
        except ConfigError as error:
            yield Mistake("store.kind", str(error))


def examine(facility: Facility, now: int) -> Iterator[Verdict]:
    """Yield what can be said of the server that keeps readings (or a copy of them) at `now` (UTC ms)."""
    if facility.store.kind == "postgres":
        with _installed():
            from sukusuku_server.timeseries.postgres import check as postgres  # noqa: PLC0415 - may be missing
        for shard in shards(facility):
            yield from postgres.examine(shard.own.store.postgres)
    else:
        from sukusuku_server.timeseries.influx import check as influx  # noqa: PLC0415 - its library takes half a second

        yield from influx.examine(facility, now)


@contextlib.contextmanager
def _installed() -> Iterator[None]:
    """Raise ConfigError where the library for PostgreSQL is missing: not everybody needs it."""
    try:
        yield
    except ImportError as error:
        raise ConfigError(f"`postgres` needs a package: {error}; {how_to_install('postgres')}") from error


def _with_archive(store: InfluxStore, settings: StoreSettings) -> InfluxStore:
    store.archive = InfluxReader(Query(settings.influx), store.datatype_of)
    return store


def second_copy(facility: Facility, store: object) -> Callable[[], int] | None:
    """Return what tells before which time (UTC ms) everything is in InfluxDB; None: nobody waits for that."""
    if facility.store.acknowledge != "replicated" or not isinstance(store, InfluxStore):
        return None
    return store.shipped_before


def shipper(facility: Facility, store: SqlStore, clock: Clock) -> "Shipper | None":
    """Return what brings everything to InfluxDB; None where SQLite is all. The caller runs and closes it."""
    if not isinstance(store, InfluxStore):
        return None
    from sukusuku_server.timeseries.influx.shipper import Shipper  # noqa: PLC0415 - its library takes half a second

    return Shipper(facility, store, clock)
