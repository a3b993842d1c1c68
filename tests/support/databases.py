"""Databases for a test, copied from ones that were made once: it is the migrations that cost, not the opening."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

from sukusuku_server.db import Operations
from sukusuku_server.timeseries.sqlite import SqliteStore

READINGS, OPERATIONS = "readings.db", "operations.db"

Fill = Callable[[SqliteStore, Operations], object]
"""Puts into both databases what several tests want to find in them."""


def nothing(_: SqliteStore, __: Operations) -> None:
    """Leaves both databases empty."""


def both(folder: Path, fill: Fill = nothing) -> tuple[SqliteStore, Operations]:
    """Readings and operations data of a facility in a folder; new ones have in them what `fill` puts there.

    `fill` is called once in a process.
    """
    _copy(folder, READINGS, fill)
    _copy(folder, OPERATIONS, fill)
    return _opened(folder)


def store(folder: Path) -> SqliteStore:
    """The readings of a folder; new ones are empty."""
    return SqliteStore.open(readings(folder))


def readings(folder: Path) -> Path:
    """The file of the readings of a folder; a new one is empty."""
    return _copy(folder, READINGS)


def migrate_operations(folder: Path) -> None:
    """Leave empty operations data in a folder, for a program that is about to start there.

    A first start without any is tried by the demo and in `tests/server/db`.
    """
    _copy(folder, OPERATIONS)


_open: list[Operations] = []


def operations(folder: Path) -> Operations:
    """Open the operations data of a folder, until the test ends; new ones are empty."""
    _open.append(Operations(f"sqlite:///{_copy(folder, OPERATIONS)}"))
    return _open[-1]


def close_operations() -> None:
    """Close what `operations` opened: Python 3.13 warns of a connection that is left open, in a later test."""
    while _open:
        _open.pop().close()


def _copy(folder: Path, name: str, fill: Fill = nothing) -> Path:
    path = folder / name
    if not path.exists():
        path.write_bytes(_contents(fill)[name])
    return path


@functools.cache
def _contents(fill: Fill) -> dict[str, bytes]:
    """The files of both databases, by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        opened = _opened(folder) if fill is nothing else both(folder)
        fill(*opened)
        for database in opened:
            database.close()
        return {name: (folder / name).read_bytes() for name in (READINGS, OPERATIONS)}


def _opened(folder: Path) -> tuple[SqliteStore, Operations]:
    return SqliteStore.open(folder / READINGS), Operations(f"sqlite:///{folder / OPERATIONS}")
