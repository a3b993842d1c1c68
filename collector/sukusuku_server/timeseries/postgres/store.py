"""The store in a PostgreSQL database: the statements of the SQLite store, readings by COPY."""

from typing import Self

from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries import PRUNED
from sukusuku_server.timeseries.postgres import migrations
from sukusuku_server.timeseries.postgres.database import PostgresDatabase
from sukusuku_server.timeseries.sql_store import QUARANTINE_ROWS, UNASSIGNED_BYTES, SqlStore


class PostgresStore(SqlStore):
    """One connection. `open` makes the only writer, `open_reader` any number of readers."""

    _database: PostgresDatabase

    @classmethod
    def open(
        cls,
        settings: Postgres,
        quarantine_rows: int = QUARANTINE_ROWS,
        unassigned_bytes: int = UNASSIGNED_BYTES,
    ) -> Self:
        """Return the writer; makes or upgrades the tables.

        The quarantine keeps so many rows, unassigned messages take so much.

        Raises PermanentError when another collector writes to it, or a newer one has; TransientError when the server
        does not answer.
        """

        def renewed(database: PostgresDatabase) -> None:
            migrations.migrate(database)
            store.load()

        store = cls(PostgresDatabase(settings, owner=True, renewed=renewed), quarantine_rows, unassigned_bytes)
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

    def prune(self, before: int, rows: int) -> int:
        """See Store. Partitions in which nothing is left go too."""
        gone = super().prune(before, rows)
        self._database.drop_empty_partitions(self.noted(PRUNED) or 0)
        return gone
