"""Copies of running databases, all as they were at the same moment.

Files of a running SQLite database must not be copied: what was committed last is in its log (-wal), and a copy without
it passes every check of SQLite. Here SQLite itself copies, inside transactions that were begun together.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.errors import PermanentError, TransientError

_TRIES = 200
_PAGES = 4096
"""Copied in one step; nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy, with the rows that each table had in the running database when it was made."""

    path: Path
    rows: Mapping[str, int]


def copy_together(databases: Mapping[str, Path], folder: Path) -> dict[str, Copied]:
    """Copy databases into a folder under their names here; what was committed to any of them before is in the copies.

    Raises TransientError when one does not answer, PermanentError when a copy is not whole.
    """
    with _translated(), contextlib.ExitStack() as opened:
        sources = {name: opened.enter_context(closing(_open(path, "mode=ro"))) for name, path in databases.items()}
        watches = [opened.enter_context(closing(_open(path, "mode=ro"))) for path in databases.values()]
        _begin_together([*sources.values()], watches)
        return {name: _copy(source, folder / name) for name, source in sources.items()}


def rows_of(path: Path) -> dict[str, int]:
    """Return the rows of each table of a copy. Raises PermanentError when it is damaged."""
    with _translated(), closing(_open(path, "mode=ro&immutable=1")) as connection:
        said = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if said != "ok":
            raise PermanentError(f"{path}: the copy is damaged: {said}")
        return _count(connection)


def _open(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=20, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _begin_together(sources: Sequence[sqlite3.Connection], watches: Sequence[sqlite3.Connection]) -> None:
    """Begin to read all of them at one moment: nobody has committed between the first and the last beginning."""
    for _ in range(_TRIES):
        before = [_version(watch) for watch in watches]
        for source in sources:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if [_version(watch) for watch in watches] == before:
            return
        for source in sources:
            source.execute("ROLLBACK")
    raise TransientError("the databases are written to so often that no moment was found to copy them; try again")


def _version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when somebody else commits."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _copy(source: sqlite3.Connection, path: Path) -> Copied:
    """Copy what the transaction of `source` sees."""
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as target:
        target.execute("PRAGMA journal_mode = OFF")  # a copy that is killed is thrown away
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, pages=_PAGES)
    rows = _count(source)
    if (found := rows_of(path)) != rows:
        raise PermanentError(f"{path}: the copy has other rows than the database: {found}, expected {rows}")
    return Copied(path, rows)


def _count(connection: sqlite3.Connection) -> dict[str, int]:
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - a name of our own schema
        for (name,) in sorted(tables.fetchall())
    }


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise TransientError(f"a database cannot be copied: {error}") from error
    except sqlite3.DatabaseError as error:
        raise PermanentError(f"a database cannot be copied, it is damaged: {error}") from error
