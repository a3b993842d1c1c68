"""The schema of the PostgreSQL store: numbered files, applied in order, each in a transaction of its own."""

from sukusuku_core.errors import TransientError
from sukusuku_server.timeseries import migrations
from sukusuku_server.timeseries.postgres.database import PostgresDatabase

_SCRIPTS = migrations.scripts(__package__)


def version(database: PostgresDatabase) -> int:
    """Return the version of the tables; 0: there are none."""
    [(there,)] = database.ask("SELECT to_regclass('schema_version') IS NOT NULL")
    return int(database.ask("SELECT number FROM schema_version")[0][0]) if there else 0


def check(database: PostgresDatabase) -> None:
    """Raise PermanentError when the tables are newer than this program, TransientError when older or missing."""
    found = version(database)
    migrations.refuse_newer(found, len(_SCRIPTS), database.name)
    if found == 0:
        raise TransientError(f"{database.name}: there is no store yet; start the collector, it makes the tables")
    if found < len(_SCRIPTS):
        raise TransientError(f"{database.name}: has an older schema; start the collector, it upgrades the tables")


def migrate(database: PostgresDatabase) -> None:
    """Bring the tables to the newest schema. Raises PermanentError when they are newer than that."""
    before = version(database)
    migrations.refuse_newer(before, len(_SCRIPTS), database.name)
    for number, script in enumerate(_SCRIPTS[before:], start=before + 1):
        with database.translated() as connection, connection.transaction():
            connection.execute(script)
            connection.execute("CREATE TABLE IF NOT EXISTS schema_version (number integer NOT NULL)")
            connection.execute("DELETE FROM schema_version")
            connection.execute("INSERT INTO schema_version VALUES (%s)", (number,))
