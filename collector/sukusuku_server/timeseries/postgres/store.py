"""The store in a PostgreSQL database: the statements of the SQLite store, readings by COPY."""

from collections.abc import Callable
from typing import Self

from sukusuku_core.errors import TransientError
from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries import PRUNED, pruning, sql_writes
from sukusuku_server.timeseries.postgres import migrations
from sukusuku_server.timeseries.postgres.database import LOCK_MS, PostgresDatabase
from sukusuku_server.timeseries.postgres.partitions import WEEK_MS, emptying
from sukusuku_server.timeseries.sql_store import QUARANTINE_ROWS, UNASSIGNED_BYTES, SqlStore

MANY = 1_000_000
"""Readings of a week from which on it is emptied rather than pruned row by row."""


class PostgresStore(SqlStore):
    """One connection. `open` makes the only writer, `open_reader` any number of readers."""

    _database: PostgresDatabase

    @classmethod
    def open(
        cls,
        settings: Postgres,
        quarantine_rows: int = QUARANTINE_ROWS,
        unassigned_bytes: int = UNASSIGNED_BYTES,
        entitled: Callable[[], bool] | None = None,
    ) -> Self:
        """Return the writer; makes or upgrades the tables.

        The quarantine keeps so many rows, unassigned messages take so much. For `entitled` see `PostgresDatabase`.

        Raises PermanentError when another collector writes to it, or a newer one has; TransientError when the server
        does not answer.
        """

        def renewed(database: PostgresDatabase) -> None:
            migrations.migrate(database)
            store.load()

        store = cls(
            PostgresDatabase(settings, owner=True, renewed=renewed, entitled=entitled),
            quarantine_rows,
            unassigned_bytes,
        )
        store._database.connect()
        return store

    @classmethod
    def open_reader(cls, settings: Postgres) -> Self:
        """Return a reader, which cannot write.

        Raises TransientError when the server does not answer or there are no tables (or older ones), PermanentError
        when they are newer ones.
        """
        database = PostgresDatabase(settings, owner=False, renewed=migrations.check)
        database.connect()
        return cls(database)

    @property
    def database(self) -> PostgresDatabase:
        """Return its connection."""
        return self._database

    def compact(self, before: int) -> bool:
        """See Store. Partitions that are empty then go. TimescaleDB's chunks are left to that extension."""
        return self._database.partitioned and super().compact(before)

    def _end_round(self, before: int) -> bool:
        self._database.drop_empty_partitions(before, again=True)
        return super()._end_round(before)

    def prune(self, before: int, rows: int) -> int:
        """See Store. A week with very many readings goes at once, and they are estimated; empty partitions go too."""
        begin = self.noted(PRUNED) or 0
        gone = self._empty_week(begin, before) or super().prune(before, rows)
        self._database.drop_empty_partitions(self.noted(PRUNED) or 0)
        return gone

    def _empty_week(self, begin: int, before: int) -> int:
        """Delete what is left of the oldest week, when it is whole and has very many readings; 0: it is not so."""
        week = self._database.oldest_week(begin, before)
        estimate = 0 if week is None else self._database.estimate(week)
        if week is None or estimate < MANY:
            return 0
        if pruning.next_day(self._database.ask, begin, (week + 1) * WEEK_MS) is not None:  # its chunks go with the rows
            return 0
        try:
            with self._database.transaction() as run:
                run.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
                for statement, parameters in emptying(week, begin):
                    run.execute(statement, parameters)
                pruning.forget_moved(run, begin, (week + 1) * WEEK_MS)
                self._packed.removals += 1
                sql_writes.note(run, {PRUNED: (week + 1) * WEEK_MS})
        except TransientError:  # somebody reads there
            return 0
        return estimate
