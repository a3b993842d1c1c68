"""The schema of the SQLite store: numbered files, applied in order, each in a transaction of its own."""

import sqlite3
from functools import lru_cache
from importlib.resources import files

from sukusuku_core.errors import PermanentError, TransientError


@lru_cache
def _scripts() -> tuple[str, ...]:
    folder = files(__package__).joinpath("schema")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def version(connection: sqlite3.Connection) -> int:
    """Return the schema version of a file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def newest() -> int:
    """Return the schema version that this program writes."""
    return len(_scripts())


def check(connection: sqlite3.Connection, name: str) -> None:
    """Raise PermanentError when the file is newer than this program, TransientError when it is older."""
    _refuse_newer(connection, name)
    if version(connection) < newest():
        raise TransientError(f"{name}: has an older schema; start the collector, it upgrades the file")


def _refuse_newer(connection: sqlite3.Connection, name: str) -> None:
    found, known = version(connection), newest()
    if found > known:
        raise PermanentError(
            f"{name}: written by a newer Sukusuku (schema {found}, this one knows {known}); "
            "update this installation, or point [store] path to another file"
        )


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a file to the newest schema. Raises PermanentError when it is newer than that."""
    _refuse_newer(connection, name)
    for number, script in enumerate(_scripts(), start=1):
        if number > version(connection):
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
