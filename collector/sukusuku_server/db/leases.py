"""Which of several collectors works for an operator: a lease in PostgreSQL, by the clock of that server.

One holds it and renews it; the others stand by and look. Each time that it goes to somebody its epoch grows by one. A
writing transaction of a holder takes a share of the row (`is_newest`), so that the lease cannot go to anybody between
that look and its commit; whoever takes over cuts off the sessions of the holder before, which may have stopped in the
middle of one. Renewing does not wait for such transactions.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, Update, cast, delete, func, select, text, update

from sukusuku_core.time import SECOND_MS
from sukusuku_server.db.database import Operations, translated
from sukusuku_server.db.engine import open_engine
from sukusuku_server.db.tables_lease import collector_lease, collector_standby

NOTE_MS = 4 * SECOND_MS
"""How often one that stands by notes that it does."""
SEEN_MS = 4 * NOTE_MS
"""After so long without a note it is there no more."""
ANSWER_MS = 2 * SECOND_MS
"""How long a statement about the lease may take."""
_LEASE, _STANDBY = collector_lease.c, collector_standby.c
_CUT_OFF = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ANY(:sessions)"
    " AND datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
)

DatabaseClock = Callable[[Connection], int]
"""Tells the time of the database, in UTC ms."""


def database_time(connection: Connection) -> int:
    """Return the time of a PostgreSQL server, which goes on within a transaction."""
    time = func.extract("epoch", func.clock_timestamp()) * SECOND_MS
    found: int = connection.execute(select(cast(time, BigInteger))).scalar_one()
    return found


def open_leases(url: str) -> Engine:
    """Return the connections for leases. Raises ConfigError as `open_engine`."""
    return open_engine(url, "sukusuku lease")


@contextmanager
def transaction(database: Engine, *, lasting: bool = False) -> Iterator[Connection]:
    """Provide a transaction; only one that must outlive this server waits for a synchronous standby."""
    with translated(), database.begin() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = {ANSWER_MS}"))
        if not lasting:
            connection.execute(text("SET LOCAL synchronous_commit = local"))
        yield connection


def session_of(instance: str) -> str:
    """Return the name that sessions of a collector have at the server."""
    return f"sukusuku collector {instance}"


@dataclass(frozen=True, slots=True)
class Collector:
    """A collector that holds the lease or stands by, since when (UTC ms). `name`: which process, and where.

    `trouble` is why it would not take over; None: it would.
    """

    name: str
    since: int
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Collectors:
    """The collectors of an operator. `holder` is None while nobody works: the last one may have died just now."""

    holder: Collector | None
    standbys: tuple[Collector, ...]


class Leases:
    """The lease of a shard, as one collector sees it (`instance`, and its `name` for people), for `term` ms at a time.

    `database` is `open_leases`, used for nothing else, so that neither work nor a lock of another transaction delays a
    renewal. `schema` is where the tables are for whoever has another one in front; None: where those of the operations
    data are. Methods raise TransientError when the database does not answer.
    """

    def __init__(
        self,
        database: Engine,
        shard: str,
        instance: str,
        name: str,
        term: int,
        now: DatabaseClock = database_time,
        schema: str | None = None,
    ) -> None:
        self.term = term
        self._engine = database
        self._schema = schema
        self._own = _LEASE.shard == shard
        self.shard, self.instance = shard, instance
        self._name = name
        self._now = now
        self._noted: int | None = None

    def close(self) -> None:
        """Give back the connection."""
        self._engine.dispose()

    def take(self) -> int | None:
        """Take the lease if nobody holds it, and return its epoch; None: somebody does, and this one stands by."""
        with self._transaction() as connection:
            found, now = connection.execute(select(collector_lease).where(self._own)).first(), self._now(connection)
            if found is not None and found.until > now:
                self._note(connection, now)
                return None
        if found is not None:
            cut_off(self._engine, [found.holder])
        with self._transaction(lasting=True) as connection:
            return self._taken(connection)

    def renew(self, epoch: int) -> bool:
        """Hold the lease for another term; False: it has gone to somebody else."""
        with self._transaction(lasting=True) as connection:
            until = self._now(connection) + self.term
            return bool(connection.execute(self._held(epoch).values(until=until)).rowcount)

    def release(self, epoch: int) -> None:
        """Let whoever stands by take over at once."""
        with self._transaction() as connection:
            connection.execute(self._held(epoch).values(until=self._now(connection)))

    def leave(self) -> None:
        """Stand by no more."""
        with self._transaction() as connection:
            connection.execute(
                delete(collector_standby).where(_STANDBY.instance == self.instance, _STANDBY.shard == self.shard)
            )

    def is_newest_now(self, epoch: int) -> bool:
        """Whether an epoch is the newest at this moment."""
        with self._transaction() as connection:
            return self.is_newest(connection, epoch)

    def is_newest(self, connection: Connection, epoch: int) -> bool:
        """Whether an epoch is the newest, and stays that until the end of this transaction."""
        query = select(_LEASE.epoch).where(self._own, _LEASE.epoch == epoch)
        asked = query.with_for_update(read=True, key_share=True).execution_options(**_within(self._schema))
        return connection.execute(asked).first() is not None

    # ------------------------------------------------------------ inside

    def _transaction(self, *, lasting: bool = False) -> AbstractContextManager[Connection]:
        return transaction(self._engine, lasting=lasting)

    def _taken(self, connection: Connection) -> int | None:
        make_rows(connection, [self.shard])
        epoch, until = connection.execute(
            select(_LEASE.epoch, _LEASE.until).where(self._own).with_for_update()  # waits for shares of the row
        ).one()
        now = self._now(connection)
        if until > now:
            return None
        taken = {"epoch": epoch + 1, "holder": self.instance, "name": self._name, "since": now}
        connection.execute(update(collector_lease).where(self._own).values(until=now + self.term, **taken))
        own = (_STANDBY.instance == self.instance) & (_STANDBY.shard == self.shard)
        gone = own | (_STANDBY.seen < now - SEEN_MS)
        connection.execute(delete(collector_standby).where(gone))
        return int(epoch) + 1

    def _held(self, epoch: int) -> Update:
        return update(collector_lease).where(self._own, _LEASE.epoch == epoch)

    def _note(self, connection: Connection, now: int) -> None:
        if self._noted is not None and 0 <= now - self._noted < NOTE_MS:
            return
        standing = {"instance": self.instance, "shard": self.shard, "name": self._name, "since": now, "seen": now}
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 - as above

        noted = insert(collector_standby).values(standing)
        connection.execute(
            noted.on_conflict_do_update(index_elements=[_STANDBY.instance, _STANDBY.shard], set_={"seen": now})
        )
        connection.execute(delete(collector_standby).where(_STANDBY.seen < now - SEEN_MS))  # killed before they could
        self._noted = now


def cut_off(database: Engine, holders: Iterable[str]) -> None:
    """End the sessions of holders whose time is over. What they have not committed is undone."""
    with transaction(database) as connection:
        connection.execute(_CUT_OFF, {"sessions": [session_of(holder) for holder in holders]})


def make_rows(connection: Connection, shards: Iterable[str]) -> None:
    """Have shards that nobody has held yet in the table, too."""
    from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 - takes long to load; SQLite has no leases

    nobody = {"epoch": 0, "holder": "", "name": "", "since": 0, "until": 0}
    rows = [{"shard": shard} | nobody for shard in sorted(shards)]  # two that make the same do not block each other
    connection.execute(insert(collector_lease).on_conflict_do_nothing(), rows)


def collectors(
    operations: Operations, shard: str, schema: str | None = None, clock: DatabaseClock = database_time
) -> Collectors | None:
    """Return who works for a shard and who stands by; None: its collectors have no lease (as with SQLite).

    `schema` is as with `Leases`.
    """
    where = _within(schema)
    query = select(_LEASE.name, _LEASE.since, _LEASE.until).where(_LEASE.shard == shard)
    with operations.reading() as connection:
        found = connection.execute(query.execution_options(**where)).first()
        if found is None:
            return None
        now = clock(connection)
        there = select(_STANDBY.name, _STANDBY.since, _STANDBY.trouble).where(
            _STANDBY.shard == shard, _STANDBY.seen > now - SEEN_MS
        )
        ordered = there.order_by(_STANDBY.since, _STANDBY.instance)
        standbys = connection.execute(ordered.execution_options(**where))
        holder = Collector(found.name, found.since) if found.until > now else None
        return Collectors(holder, tuple(Collector(*standby) for standby in standbys))


def _within(schema: str | None) -> dict[str, Any]:
    """Return the options of a statement whose tables are in a schema."""
    return {} if schema is None else {"schema_translate_map": {None: schema}}
