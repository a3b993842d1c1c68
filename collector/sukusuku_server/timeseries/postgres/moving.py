"""Moves all that is stored of some assets from one schema of a database to another, while nobody else writes to them.

An asset goes in one transaction, so whatever interrupts it, everything of an asset is in one of the two.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import PermanentError
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import PRUNED, THINNED_READINGS, chunks, sql_writes
from sukusuku_server.timeseries.postgres.database import PostgresDatabase
from sukusuku_server.timeseries.postgres.partitions import WEEK_MS
from sukusuku_server.timeseries.postgres.store import PostgresStore
from sukusuku_server.timeseries.postgres.transaction import PostgresTransaction

_OF_SERIES = {
    "reading": "time, quality, number, whole, words",
    "hourly": "hour, count, sum, low, high, last, last_time",
    "packed_hour": "period, data",
    "latest": "time, quality, received, number, whole, words",
    "moved": "original, time, quality",
}
"""Tables that know an asset by the numbers of its series, which each schema counts for itself; their other columns."""
_OF_ASSETS = {"late": "asset", "room_hour": "asset", "offline": "subject"}
_NOTES = ["passed-over", "proofs", "thinned", "twins", "unreadable"]
"""What the names of notes about one asset or edge node begin with; its name follows, after a slash."""
_IMPORT = "asset, metric, source, digest, time, first, last, readings, undone"
_SCHEMA = "schema/"
"""Under which a store notes the schemas that readings of its operator are in, also when a group is no more."""
_MAP = "CREATE TEMPORARY TABLE moving (old integer PRIMARY KEY, new integer NOT NULL) ON COMMIT DROP"


def remember(store: PostgresStore, schemas: Iterable[str]) -> None:
    """Note that readings of the operator are in these schemas."""
    known = store.noted_under(_SCHEMA)
    if new := {name: 1 for schema in schemas if (name := f"{_SCHEMA}{schema}") not in known}:
        store.note_all(new)


def stores(database: PostgresDatabase, schemas: Iterable[str]) -> Sequence[str]:
    """Return which of these schemas hold a store, and which others do that one of these has noted."""
    found = dict.fromkeys(schema for schema in schemas if _is_store(database, schema))
    noted = [key.removeprefix(_SCHEMA) for schema in found for key in _noted(database, schema)]
    return [*found, *dict.fromkeys(it for it in noted if it not in found and _is_store(database, it))]


def assets_in(database: PostgresDatabase, schema: str) -> set[str]:
    """Return the assets and edge nodes of which a store in a schema of this database has readings."""
    asked = f'SELECT DISTINCT asset FROM "{schema}".latest JOIN "{schema}".series ON id = series'
    return {row[0] for row in database.ask(asked)}


def _is_store(database: PostgresDatabase, schema: str) -> bool:
    return database.ask("SELECT to_regclass(?)", (f'"{schema}".schema_version',)) != [(None,)]


def _noted(database: PostgresDatabase, schema: str) -> list[str]:
    asked = f'SELECT key FROM "{schema}".host WHERE substr(key, 1, ?) = ? ORDER BY key'
    return [row[0] for row in database.ask(asked, (len(_SCHEMA), _SCHEMA))]


def owners(own: Facility) -> set[str]:
    """Return under which names the store has something of a shard: its assets, edge nodes, sites, rooms."""
    sites = {SeriesOwner.SITE.named(site.id) for site in own.site}
    rooms = {SeriesOwner.ROOM.named(room.id) for site in own.site for room in site.room}
    return {*(asset.id for asset in own.assets()), *own.edges(), *sites, *rooms}


def move(source: PostgresStore, target: PostgresStore, wanted: Collection[str]) -> Iterator[str]:
    """Move those assets (and other owners of series) of which the source has something; yield each that is moved.

    Both are the writers of schemas of one database. Raises PermanentError when both have readings of one.
    """
    there = {row[0] for row in source.database.ask("SELECT asset FROM derived_series")} | _assets(source)
    found = sorted(there.intersection(wanted))
    if both := _assets(target).intersection(found):
        raise PermanentError(f"{source.name} and {target.name} both have readings of {', '.join(sorted(both))}")
    _keep_marks(source, target)
    for asset in found:
        for metric, datatype in source.database.ask("SELECT metric, datatype FROM series WHERE asset = ?", (asset,)):
            target.series(asset, metric, DataType(datatype))
        target.commit_rows([], [], 0)  # the new series
        with target.database.transaction() as run:
            _move(run, source.database, asset)
        yield asset


def _assets(store: PostgresStore) -> set[str]:
    return assets_in(store.database, store.database.schema)


def _keep_marks(source: PostgresStore, target: PostgresStore) -> None:
    """Have nothing derived again of a time of which the source has deleted readings."""
    marks = {key: max(source.noted(key) or 0, target.noted(key) or 0) for key in (PRUNED, THINNED_READINGS)}
    target.note_all({key: time for key, time in marks.items() if time})


def _move(run: PostgresTransaction, source: PostgresDatabase, asset: str) -> None:
    old = f'"{source.schema}"'
    run.execute(_MAP)
    run.execute(
        f"INSERT INTO moving SELECT other.id, series.id FROM {old}.series AS other JOIN series USING (asset, metric) "
        "WHERE asset = ?",
        (asset,),
    )
    weeks = run.execute(f"SELECT DISTINCT time / {WEEK_MS} FROM {old}.reading JOIN moving ON series = moving.old")
    run.make_room([(int(week) * WEEK_MS, 0, None, 0) for (week,) in weeks.fetchall()])
    _imports(run, old, asset)
    for table, columns in _OF_SERIES.items():
        run.execute(
            f"INSERT INTO {table} (series, {columns}) SELECT moving.new, {columns} FROM {old}.{table} "
            "JOIN moving ON series = moving.old"
        )
        run.execute(f"DELETE FROM {old}.{table} USING moving WHERE series = moving.old")
    _chunks(run, old, asset)
    _derived(run, old, asset)
    for table, key in _OF_ASSETS.items():
        run.execute(f"INSERT INTO {table} SELECT * FROM {old}.{table} WHERE {key} = ?", (asset,))
        run.execute(f"DELETE FROM {old}.{table} WHERE {key} = ?", (asset,))
    about = f"FROM {old}.host WHERE split_part(key, '/', 1) = ANY(?) AND split_part(key, '/', 2) = ?"
    sql_writes.note(run, dict(run.execute(f"SELECT key, value {about}", (_NOTES, asset)).fetchall()))
    run.execute(f"DELETE {about}", (_NOTES, asset))
    run.execute(f"UPDATE {old}.revision SET number = number + 1")


def _chunks(run: PostgresTransaction, old: str, asset: str) -> None:
    numbers = dict(run.execute("SELECT moving.old, moving.new FROM moving").fetchall())
    columns = "day, first, last, readings, pruned"
    for *rest, data in run.execute(f"SELECT {columns}, data FROM {old}.chunk WHERE asset = ?", (asset,)).fetchall():
        rows = [(time, numbers[series], value, quality) for time, series, value, quality in chunks.decode(data)]
        put = f"INSERT INTO chunk (asset, {columns}, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
        run.execute(put, (asset, *rest, chunks.encode(rows)))
    run.execute(f"DELETE FROM {old}.chunk WHERE asset = ?", (asset,))


def _derived(run: PostgresTransaction, old: str, asset: str) -> None:
    of_asset = f"FROM {old}.derived_series AS other WHERE asset = ?"
    run.execute(
        f"INSERT INTO derived_series (asset, metric) SELECT asset, metric {of_asset} ON CONFLICT DO NOTHING", (asset,)
    )
    run.execute(
        f"INSERT INTO derived SELECT own.id, time, value FROM {old}.derived JOIN {old}.derived_series AS other "
        "ON other.id = series JOIN derived_series AS own USING (asset, metric) WHERE asset = ? "
        "ON CONFLICT DO NOTHING",  # the accounts of a centre of which nothing was measured may be in both
        (asset,),
    )
    run.execute(f"DELETE FROM {old}.derived WHERE series IN (SELECT id {of_asset})", (asset,))
    run.execute(f"DELETE FROM {old}.derived_series WHERE asset = ?", (asset,))


def _imports(run: PostgresTransaction, old: str, asset: str) -> None:
    numbers = run.execute(f"SELECT number FROM {old}.import WHERE asset = ? ORDER BY number", (asset,)).fetchall()
    for (number,) in numbers:
        taken = f"INSERT INTO import ({_IMPORT}) SELECT {_IMPORT} FROM {old}.import WHERE number = ? RETURNING number"
        [(own,)] = run.execute(taken, (number,)).fetchall()
        run.execute(
            f"INSERT INTO imported SELECT ?, moving.new, time FROM {old}.imported JOIN moving ON series = moving.old "
            "WHERE number = ?",
            (own, number),
        )
        run.execute(f"DELETE FROM {old}.imported WHERE number = ?", (number,))
        run.execute(f"DELETE FROM {old}.import WHERE number = ?", (number,))
