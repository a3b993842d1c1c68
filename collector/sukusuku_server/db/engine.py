"""The SQLAlchemy engine of the operations data: how SQLite is opened, and bringing the tables up to date."""

import contextlib
import os
import re
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.schema import CreateSchema

from sukusuku_core.errors import ConfigError

BUSY_TIMEOUT_MS = 10_000
"""How long a process waits for another one's transaction; the longest is a migration."""
_AGAIN_SECONDS = 0.02
_LATEST = max(path.name[:4] for path in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
"""The revision of the tables that this version writes: its migrations are numbered."""
_ADVISORY_LOCK = 0x5375_6B75
"""Number of the PostgreSQL lock under which one process at a time migrates: "Suku"."""

_WRITE_LOCK = text(
    f"SELECT set_config('lock_timeout', '{BUSY_TIMEOUT_MS}', true),"
    f" set_config('idle_in_transaction_session_timeout', '{2 * BUSY_TIMEOUT_MS}', true),"
    f" pg_advisory_xact_lock({_ADVISORY_LOCK + 1}, current_schema()::regnamespace::oid::integer)"
)
"""One transaction writes at a time, as in SQLite. Whoever stops in the middle of one does not hold it for ever."""
_MIGRATING = threading.Lock()
"""Alembic keeps what it works at in module globals: threads must not migrate at the same time."""
_SEARCH_PATH = re.compile(r"-csearch_path=([a-z_][a-z0-9_]*)")
"""How a URL says in which schema its tables are (`OperationsSettings.address`)."""

_MODELS: dict[URL, Engine] = {}
"""The first engine of each PostgreSQL server. Others of the same one, for other schemas, need not ask what it is, and
share its compiled statements, none of which names a schema: this was 40 % of what opening an operator took."""

_NOTICE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""After how long PostgreSQL's library takes a server for away (s; `tcp_user_timeout` in ms), unless the URL says it."""


class NewerSchemaError(Exception):
    """The tables have a revision that this version does not know."""


def open_engine(url: str, session: str | None = None, *, key: str = "operations.url") -> Engine:
    """Return the engine for an SQLAlchemy URL, its tables made or brought up to date.

    `session` is what PostgreSQL calls its connections, `key` is where the address stands, for messages.
    Several processes may do this at the same time: the first one migrates, the others wait.
    Raises ConfigError when the URL is wrong, the database cannot be opened, or a newer version has written it.
    """
    try:
        engine = _made(make_url(url), session)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        examples = "sqlite:///operations.db or postgresql+psycopg://USER:PASSWORD@db/NAME"
        raise ConfigError(f"{key}: not usable: {error}; for example {examples}") from error
    except ValueError as error:  # what was found may be a part of the password
        raise ConfigError(f"{key}: not usable: its port is no number; write @ in a password as %40") from error
    shown = engine.url.render_as_string(hide_password=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        _make_for_owner(engine.url.database)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin_postgresql)
    try:
        with engine.begin() as connection:
            current = _revision(connection) == _LATEST
        if not current:
            _upgrade(engine)
    except DBAPIError as error:
        engine.dispose()
        raise ConfigError(f"{key}: {shown} cannot be opened: {error.orig}") from error
    except NewerSchemaError as error:
        engine.dispose()
        raise ConfigError(
            f"{key}: {shown} was written by a newer version of Sukusuku; install that one ({error})"
        ) from error
    if engine.dialect.name == "postgresql":
        _MODELS.setdefault(_server(engine.url), engine)
    return engine


def writing(engine: Engine) -> Engine:
    """Return the same engine, whose transactions take the write lock when they begin: what they read stays true.

    Otherwise SQLite refuses to turn a reader into a writer once another process has written in between, and in
    PostgreSQL two could both find a place that is free, a guess that is allowed or one more administrator.
    """
    return engine.execution_options(write=True)


def _made(url: URL, session: str | None) -> Engine:
    """Return an engine that has not connected, with what another one of its server has learnt and compiled."""
    options = _options(url, session)
    model = _MODELS.get(_server(url))
    if model is None:
        return create_engine(url, **options)
    dialect = model.dialect
    places, named = dialect.create_connect_args(url)
    named |= options["connect_args"]
    pool = QueuePool(lambda: dialect.connect(*places, **named), pre_ping=True, dialect=dialect)
    prepare = dialect.on_connect_url(url)
    if prepare is not None:
        event.listen(pool, "connect", lambda connection, _: prepare(connection))
    return Engine(pool, dialect, url, execution_options={"compiled_cache": model._compiled_cache})  # noqa: SLF001


def _server(url: URL) -> URL:
    """Return the address without the schema, by which operators of one database differ."""
    return url.difference_update_query(["options"])


def _options(url: URL, session: str | None) -> dict[str, Any]:
    """Return how an engine connects: a PostgreSQL server that went away is noticed, also where nothing comes back."""
    if url.get_backend_name() != "postgresql" or url.get_driver_name() not in {"psycopg", "psycopg2"}:
        return {}
    arguments: dict[str, Any] = {name: value for name, value in _NOTICE.items() if name not in url.query}
    if session is not None:
        arguments["application_name"] = session
    return {"connect_args": arguments, "pool_pre_ping": True}


def _make_for_owner(file: str | None) -> None:
    """Give a file that root would make to whom its folder belongs: a command may be there before the service is."""
    if not file or file == ":memory:" or os.geteuid() != 0 or not Path(file).parent.is_dir() or Path(file).exists():
        return
    owner = Path(file).parent.stat()
    with contextlib.suppress(OSError):  # another process was first, or SQLite will say what is wrong
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.fchown(handle, owner.st_uid, owner.st_gid)
        os.close(handle)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours; the driver of Python 3.11 begins too late
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _log_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _log_ahead(connection: Any) -> None:
    """WAL, once nobody else makes the file: for this one change SQLite does not wait, whatever its busy timeout is."""
    end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= end:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("write", False):
        connection.execute(_WRITE_LOCK)


def _revision(connection: Connection) -> str | None:
    """Return the revision of the tables; None: there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _make_schema(connection: Connection, url: URL) -> None:
    """Make the schema that a URL leads to, where it is missing."""
    named = _SEARCH_PATH.fullmatch(str(url.query.get("options", "")))
    if named is not None and connection.execute(text("SELECT current_schema()")).scalar() is None:
        connection.execute(CreateSchema(named[1]))


def _upgrade(engine: Engine) -> None:
    # Most starts have nothing to bring up to date, and the library takes a third of the time of a start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "sukusuku_server.db:migrations")
    with _MIGRATING, writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            _make_schema(connection, engine.url)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise NewerSchemaError(str(error)) from error
