"""A connection to PostgreSQL. Nobody else knows psycopg."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import errors, sql

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Value
from sukusuku_server.model.series import Row
from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries.database import Result
from sukusuku_server.timeseries.postgres import partitions

_LOCK = 0x5375_6B75
"""First number of the advisory lock of the only writer of a schema: "Suku". The second is the schema's own."""
_TAKE = "SELECT pg_advisory_lock(%s, current_schema()::regnamespace::oid::integer)"
_HELD = """
SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s
AND objid = to_regnamespace(%s) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_COPY = "COPY reading (time, series, quality, number, whole, words) FROM STDIN (FORMAT BINARY)"
_COLUMNS = ("int8", "int4", "int2", "float8", "int8", "bytea")
_MANY = 50
"""Rows from which on copying is quicker than one statement each."""
_KNOWN = """
SELECT series, time FROM reading JOIN unnest(%s::integer[], %s::bigint[]) AS new (series, time) USING (series, time)
WHERE time >= %s AND time <= %s
"""

_PARTITIONS = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'reading'::regclass"
_LOCK_MS = 500
"""How long is waited for a connection that has just ended, or, to drop a partition, for whoever reads."""

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


class PostgresTransaction:
    """See `Transaction`."""

    values: Sequence[str] = ("number", "whole", "words")
    each = "SELECT json_array_elements_text(CAST(? AS json))"

    def __init__(self, connection: Connection, weeks: set[int] | None) -> None:
        self._connection = connection
        self._weeks = weeks

    def stored(self, value: Value | None) -> tuple[float | None, int | None, bytes | None]:
        """See `Transaction`."""
        return _stored(value)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Result:
        """See `Transaction`."""
        result: Result = self._connection.execute(_translated(sql), parameters)
        return result

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> object:
        """See `Transaction`."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_translated(sql), rows)
        return None

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str) -> None:
        """See `Transaction`. Rows that are many are copied beside the table first, which is quicker."""
        names = ", ".join(columns)
        if len(rows) < _MANY:
            marks = ", ".join("?" * len(columns))
            self.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", rows)
            return
        beside = f"new_{table}"
        self.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {beside} (LIKE {table}) ON COMMIT DELETE ROWS")
        self.execute(f"TRUNCATE {beside}")
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {beside} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {beside} {conflict}")

    def insert(self, rows: Sequence[Row]) -> Sequence[Row]:
        """See `Transaction`. Duplicates are rare, so all are first tried at once."""
        if not rows:
            return rows
        self._make_room(rows)
        try:
            with self._connection.transaction():
                self._copy(rows)
        except errors.UniqueViolation:
            rows = self._unknown(rows)
            self._copy(rows)
        return rows

    def _copy(self, rows: Sequence[Row]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_COLUMNS)
            for time, series, value, quality in rows:
                if type(value) is float:
                    copy.write_row((time, series, quality, value, None, None))
                else:
                    copy.write_row((time, series, quality, *_stored(value)))

    def _unknown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return rows that are not stored yet, each series and time once. Nobody else writes in the meantime."""
        times = [row[0] for row in rows]
        known = set(
            self._connection.execute(_KNOWN, ([row[1] for row in rows], times, min(times), max(times))).fetchall()
        )
        first: dict[tuple[int, int], Row] = {}
        for row in rows:
            if (row[1], row[0]) not in known:
                first.setdefault((row[1], row[0]), row)
        return list(first.values())

    def _make_room(self, rows: Sequence[Row]) -> None:
        """Make the partitions that are missing."""
        if self._weeks is None:
            return
        for week in partitions.weeks(rows) - self._weeks:
            found = self._connection.execute("SELECT to_regclass(%s)", (partitions.named(week),)).fetchone()
            if found is not None and found[0] is None:
                for statement in partitions.making(week):
                    self._connection.execute(statement)
            self._weeks.add(week)


class PostgresDatabase:
    """See `Database`. It connects when it is asked, again when the connection was lost.

    `owner`: nobody else may write; `renewed` is called after each connecting, when memory may be behind the tables.
    Raises PermanentError when another one has written since.
    """

    values: Sequence[str] = PostgresTransaction.values
    each = PostgresTransaction.each

    def __init__(self, settings: Postgres, *, owner: bool, renewed: Callable[["PostgresDatabase"], None]) -> None:
        self.name = settings.shown
        self.schema = settings.schema
        self._settings = settings
        self._owner = owner
        self._renewed = renewed
        self._connection: Connection | None = None
        self._lock = threading.RLock()
        self._weeks: set[int] = set()  # that have a partition
        self._kept: set[int] = set()  # old weeks whose partitions are not empty
        self._partitioned = True
        self._revision: int | None = None  # that this owner has brought about

    def turn(self) -> threading.RLock:
        """See `Database`."""
        return self._lock

    def connect(self) -> None:
        """Connect now, to see whether it can be done. Raises as every question may."""
        with self.translated():
            pass

    @contextlib.contextmanager
    def translated(self) -> Iterator[Connection]:
        """One thread at a time, and the library's errors in our words."""
        with self._lock:
            try:
                yield self._connected()
            except BaseException as error:
                self._weeks.clear()
                if self._connection is not None and self._connection.broken:
                    self._connection.close()
                    self._connection = None
                if isinstance(error, psycopg.Error):
                    raise TransientError(f"{self.name}: the store does not answer: {_said(error)}") from error
                raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        """See `Database`."""
        with self.translated() as connection:
            with connection.transaction():
                yield PostgresTransaction(connection, self._weeks if self._partitioned else None)
                after = self._step(connection)
            self._revision = after

    def ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with self.translated() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(_translated(sql), parameters).fetchall()
            return rows

    def version(self) -> int:
        """See `Database`. While it owns the schema nobody else writes there."""
        return 0 if self._owner else int(self.ask("SELECT number FROM revision")[0][0])

    def drop_empty_partitions(self, before: int) -> None:
        """Drop partitions of weeks before a time (UTC ms) that hold nothing any more, unless somebody is reading."""
        names = (row[0] for row in self.ask(_PARTITIONS)) if self._partitioned else ()
        for week in set(partitions.ended(names, before)) - self._kept:
            table = partitions.named(week)
            if self.ask(f"SELECT EXISTS (SELECT FROM {table})")[0][0]:
                self._kept.add(week)  # what is kept for ever, and what came when its time had gone
            else:
                with contextlib.suppress(TransientError), self.transaction() as run:
                    run.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
                    run.execute(f"DROP TABLE {table}")
                    self._weeks.discard(week)

    def close(self) -> None:
        """See `Database`."""
        if self._connection is not None:
            self._connection.close()

    # ------------------------------------------------------------ connecting

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._opened()
            try:
                self._renewed(self)
                self._look_around()
            except BaseException:
                self._connection.close()
                self._connection = None
                raise
        return self._connection

    def _opened(self) -> Connection:
        limit = max(1, round(self._settings.timeout))
        connection: Connection = psycopg.connect(
            self._settings.url,
            autocommit=True,
            password=self._settings.password,
            connect_timeout=limit,
            tcp_user_timeout=limit * 1000,
            application_name="sukusuku",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        connection.execute("SELECT set_config('search_path', %s, false)", (self.schema,))
        if not self._owner:
            connection.read_only = True
            connection.execute("SET default_transaction_read_only = on")
            return connection
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        try:
            with connection.transaction():  # a session's lock outlives it
                connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
                connection.execute(_TAKE, (_LOCK,))
        except errors.LockNotAvailable:
            connection.close()
            kind = PermanentError if self._revision is None else TransientError
            raise kind(f"{self.name}: another collector is writing to this store; stop it first") from None
        return connection

    def _look_around(self) -> None:
        """Note whether the collector makes partitions, and that nobody else has written."""
        kind = self.ask("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('reading')")
        self._partitioned = kind == [(True,)]
        if self._owner:
            found = int(self.ask("SELECT number FROM revision")[0][0])
            if self._revision is not None and found not in {self._revision, self._revision + 1}:  # a commit unheard of
                raise self._overtaken()
            self._revision = found

    def _step(self, connection: Connection) -> int:
        """Within a transaction: tell others that something is new, unless somebody else has."""
        step = "UPDATE revision SET number = number + 1 WHERE number = %s RETURNING number"
        found = connection.execute(step, (self._revision,)).fetchone()
        if found is None:
            raise self._overtaken()
        return int(found[0])

    def _overtaken(self) -> PermanentError:
        return PermanentError(f"{self.name}: another collector has written to this store; start this one again")


def is_owned(settings: Postgres) -> bool:
    """Whether a collector writes to the store. Raises TransientError when the server does not answer."""
    database = PostgresDatabase(settings, owner=False, renewed=lambda _: None)
    try:
        with database.translated() as connection:
            return connection.execute(_HELD, (_LOCK, settings.schema)).fetchone() is not None
    finally:
        database.close()


def _stored(value: Value | None) -> tuple[float | None, int | None, bytes | None]:
    if isinstance(value, float):
        return value, None, None
    if isinstance(value, str):
        return None, None, value.encode()
    return None, None if value is None else int(value), None


@functools.lru_cache
def _translated(statement: str) -> str:
    return statement.replace("?", "%s")


def _said(error: psycopg.Error) -> str:
    """Return what the server says, on one line."""
    return " ".join(str(error).split())
