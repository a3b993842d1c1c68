"""A connection to PostgreSQL: how it is made, made again, and who may write over it."""

import contextlib
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import errors, sql

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries.postgres import partitions
from sukusuku_server.timeseries.postgres.transaction import Connection, PostgresTransaction, translated

_LOCK = 0x5375_6B75
"""First number of the advisory lock of the only writer of a schema: "Suku". The second is the schema's own."""
_TAKE = "SELECT pg_advisory_lock(%s, current_schema()::regnamespace::oid::integer)"
_HELD = """
SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s
AND objid = to_regnamespace(%s) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_HOLDER = "sukusuku holder"
"""Name of the session of a writer that holds a lease."""
_CUT_OFF = """
SELECT pg_terminate_backend(pid, %s) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE application_name = %s
AND locktype = 'advisory' AND granted AND classid = %s AND objid = to_regnamespace(%s)
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_PARTITIONS = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'reading'::regclass"
LOCK_MS = 500
"""How long is waited for a connection that has just ended, or, to drop a partition, for whoever reads."""


class PostgresDatabase:
    """See `Database`. It connects when it is asked, again when the connection was lost.

    `owner`: nobody else may write; `renewed` is called after each connecting, when memory may be behind the tables.
    Raises PermanentError when another one has written since. `entitled` tells whether this owner holds a lease: then an
    owner that held it before is cut off, which may hang and keep the lock of its session.
    """

    values: Sequence[str] = PostgresTransaction.values
    each = PostgresTransaction.each

    def __init__(
        self,
        settings: Postgres,
        *,
        owner: bool,
        renewed: Callable[["PostgresDatabase"], None],
        entitled: Callable[[], bool] | None = None,
    ) -> None:
        self.name = settings.shown
        self.schema = settings.schema
        self._settings = settings
        self._owner = owner
        self._renewed = renewed
        self._entitled = entitled
        self._connection: Connection | None = None
        self._lock = threading.RLock()
        self._weeks: set[int] = set()  # that have a partition
        self._kept: set[int] = set()  # old weeks whose partitions are not empty
        self.partitioned = True
        """Whether the readings are in partitions of ours."""
        self._writer = random.getrandbits(63)  # by which its own commits are told from those of others
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
                yield PostgresTransaction(connection, self._weeks if self.partitioned else None)
                after = self._step(connection)
            self._revision = after

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Database`."""
        with self._lock:
            self.ask("SELECT 1")  # a reader connects again, where it must, before the transaction begins
            with self._of_one_moment():
                yield

    @contextlib.contextmanager
    def _of_one_moment(self) -> Iterator[None]:
        with self.translated() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    def ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `Database`. A reader whose connection was lost since the last question asks again, over a new one."""
        with self._lock:
            connected = self._connection is not None
            try:
                return self._answered(sql, parameters)
            except TransientError:
                if self._owner or not connected or self._connection is not None:
                    raise
            return self._answered(sql, parameters)

    def _answered(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self.translated() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(translated(sql), parameters).fetchall()
            return rows

    def version(self) -> int:
        """See `Database`. While it owns the schema nobody else writes there."""
        return 0 if self._owner else int(self.ask("SELECT number FROM revision")[0][0])

    def oldest_week(self, begin: int, before: int) -> int | None:
        """Return the oldest week with a partition that ends between two times (UTC ms)."""
        weeks = partitions.ended(self._partition_names(), before)
        return min((week for week in weeks if (week + 1) * partitions.WEEK_MS > begin), default=None)

    def estimate(self, week: int) -> int:
        """Return about how many readings the partition of a week has; 0 when the server has never counted."""
        found = self.ask("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(?)", (partitions.named(week),))
        return int(max(0, *(row[0] for row in found)))

    def _partition_names(self) -> list[str]:
        return [row[0] for row in self.ask(_PARTITIONS)] if self.partitioned else []

    def drop_empty_partitions(self, before: int, *, again: bool = False) -> None:
        """Drop partitions of weeks before a time (UTC ms) that hold nothing any more, unless somebody is reading.

        `again`: also look at those that held something when that was looked at last.
        """
        if again:
            self._kept.clear()
        for week in set(partitions.ended(self._partition_names(), before)) - self._kept:
            table = partitions.named(week)
            with self._lock:  # nothing comes between looking and dropping
                if self.ask(f"SELECT EXISTS (SELECT FROM {table})")[0][0]:
                    self._kept.add(week)  # what is kept for ever, and what came when its time had gone
                else:
                    self._drop(week, table)

    def _drop(self, week: int, table: str) -> None:
        with contextlib.suppress(TransientError), self.transaction() as run:
            run.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
            run.execute(f"DROP TABLE {table}")
            self._weeks.discard(week)

    def close(self) -> None:
        """See `Database`."""
        if self._connection is not None:
            self._connection.close()

    # ------------------------------------------------------------ connecting

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._connection = self._opened()
            try:
                self._renewed(self)
                self._look_around()
            except BaseException:
                connection.close()
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
            application_name="sukusuku" if self._entitled is None else _HOLDER,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        connection.execute("SELECT set_config('search_path', %s, false)", (self.schema,))
        if not self._owner:
            connection.execute("SET default_transaction_read_only = on")
            return connection
        if connection.execute("SELECT to_regnamespace(%s)", (self.schema,)).fetchall() == [(None,)]:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.schema)))
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        if self._entitled is not None and self._entitled():
            connection.execute(_CUT_OFF, (LOCK_MS, _HOLDER, _LOCK, self.schema))
        try:
            with connection.transaction():  # a session's lock outlives it
                connection.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
                connection.execute(_TAKE, (_LOCK,))
        except errors.LockNotAvailable:
            connection.close()
            kind = PermanentError if self._revision is None else TransientError
            raise kind(f"{self.name}: another collector is writing to this store; stop it first") from None
        return connection

    def _look_around(self) -> None:
        """Note whether the collector makes partitions, and that nobody else has written."""
        kind = self.ask("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('reading')")
        self.partitioned = kind == [(True,)]
        if self._owner:
            [(found, writer)] = self.ask("SELECT number, writer FROM revision")
            unheard = self._revision is not None and (found, writer) == (self._revision + 1, self._writer)
            if self._revision not in {None, found} and not unheard:
                raise self._overtaken()
            self._revision = found

    def _step(self, connection: Connection) -> int:
        """Within a transaction: tell others that something is new, unless somebody else has."""
        step = "UPDATE revision SET number = number + 1, writer = %s WHERE number = %s RETURNING number"
        found = connection.execute(step, (self._writer, self._revision)).fetchone()
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


def _said(error: psycopg.Error) -> str:
    """Return what the server says, on one line."""
    return " ".join(str(error).split())
