"""Whether PostgreSQL is there and keeps what it has committed; said in words."""

from collections.abc import Iterator

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries.postgres import migrations
from sukusuku_server.timeseries.postgres.database import PostgresDatabase
from sukusuku_server.timeseries.verdict import Verdict

OLDEST = 150_000
"""The first version that the tests run with, as the server numbers it."""
_SERVER = """
SELECT current_setting('server_version_num')::integer, current_setting('server_version'), pg_is_in_recovery(),
    EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
"""
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
_CHUNKS = "chunks by TimescaleDB: back up the whole database, for a dump of the schema alone has no readings in it"


def examine(settings: Postgres) -> Iterator[Verdict]:
    """Yield one verdict after the other; ends early where nothing more can be said."""
    database = PostgresDatabase(settings, owner=False, renewed=lambda _: None)
    try:
        yield from _examined(database)
    except TransientError as error:
        yield Verdict(good=False, text=f"{error}; is it started, and are `url` and `password` right?")
    finally:
        database.close()


def _examined(database: PostgresDatabase) -> Iterator[Verdict]:
    [(number, version, follows, timescale)] = database.ask(_SERVER)
    parts = _CHUNKS if timescale else "partitions of a week"
    yield Verdict(good=number >= OLDEST, text=f"{database.name} is PostgreSQL {version} (15 or newer); {parts}")
    if follows:
        yield Verdict(good=False, text="the server is a standby, which takes nothing; name the primary in `url`")
    for name in _DURABLE:
        [(value,)] = database.ask("SELECT current_setting(?)", (name,))
        if value == "off":
            yield Verdict(good=False, text=f"`{name}` is off: a power cut loses readings that were acknowledged")
    try:
        migrations.check(database)
    except TransientError as error:
        yield Verdict(good=True, text=str(error))
    except PermanentError as error:
        yield Verdict(good=False, text=str(error))
    else:
        yield Verdict(good=True, text=f"schema {database.schema} can be read")
