"""The schema of the SQLite store: numbered files, applied in order, each in a transaction of its own."""

import contextlib
import sqlite3
from functools import lru_cache
from importlib.resources import files

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_server.timeseries.sqlite_database import SqliteDatabase


@lru_cache
def scripts(package: str) -> tuple[str, ...]:
    """Return the files of the folder `schema` of a package, in order."""
    folder = files(package).joinpath("schema")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def _scripts() -> tuple[str, ...]:
    return scripts(__package__)


def version(connection: sqlite3.Connection) -> int:
    """Return the schema version of a file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def newest() -> int:
    """Return the schema version that this program writes."""
    return len(_scripts())


def checked(database: SqliteDatabase) -> SqliteDatabase:
    """Return an open file when it has the schema of this program; otherwise close it.

    Raises PermanentError when it is newer than this program, TransientError when it is older.
    """
    with contextlib.ExitStack() as failing:
        failing.callback(database.close)
        with database.translated():
            refuse_newer(version(database.connection), newest(), database.name)
            if version(database.connection) < newest():
                raise TransientError(f"{database.name}: has an older schema; start the collector, it upgrades the file")
        failing.pop_all()
    return database


def refuse_newer(found: int, known: int, name: str) -> None:
    """Raise PermanentError when the schema that was found is newer than the one that this program knows."""
    if found > known:
        raise PermanentError(
            f"{name}: written by a newer Sukusuku (schema {found}, this one knows {known}); "
            "update this installation, or point [store] to another place"
        )


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a file to the newest schema. Raises PermanentError when it is newer than that."""
    refuse_newer(version(connection), newest(), name)
    for number, script in enumerate(_scripts(), start=1):
        if number > version(connection):
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
