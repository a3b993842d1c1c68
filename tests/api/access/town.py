"""The application over two neighbouring centres, asked in process; its database is put back after each change."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from tests.api.access import neighbours
from tests.api.access.callers import Caller, Cast
from tests.api.access.neighbours import Things
from tests.api.access.rows import Row
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import lone_client
from tests.support.databases import OPERATIONS, READINGS

from sukusuku_api.lazy_store import LazyStore

Rows = dict[str, set[tuple[Any, ...]]]
"""All rows of a database, by table."""


@dataclass
class Town:
    """An operator with one or two centres. Of the first one, ids are the same with or without the second."""

    app: FastAPI
    api: httpx.Client
    things: dict[str, Things]
    callers: dict[str, Caller]
    untouched: Rows
    _live: sqlite3.Connection
    _kept: sqlite3.Connection
    known: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Answers that a test keeps to ask less."""

    def ask(self, caller: Caller, row: Row, about: Things, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send the request of a row about the things of a centre."""
        return self.api.request(**_request(row, about, caller), headers=caller.headers if headers is None else headers)

    def version(self) -> int:
        """Return a number that changes whenever anything is written."""
        found: int = self._live.execute("PRAGMA data_version").fetchone()[0]
        return found

    def rows(self) -> Rows:
        """Return everything that is in the database."""
        return _rows(self._live)

    def restore(self) -> None:
        """Put the database back as it was at the beginning."""
        self._kept.backup(self._live)
        self.app.state.authentication.forget()


@contextmanager
def town(folder: Path, sites: Sequence[str]) -> Iterator[Town]:
    """Yield the town of these centres. People of the second one come last, so that ids of the others stay."""
    folder.mkdir()
    made = neighbours.make(folder, sites)
    cast = Cast(made.operations)
    callers = [*cast.of_site(sites[0]), *cast.of_operator()]
    things = {}
    for n, site in enumerate(sites):
        if n:
            callers += cast.of_site(site)
        things[site] = Things(site, made.things[site].ids | cast.managed(site))
    store = LazyStore(folder / READINGS)
    app = create_app(made.facility, store, made.operations, lambda: NOW, visitor=None)
    with lone_client(app) as api, _database(folder / OPERATIONS) as live, closing(sqlite3.connect(":memory:")) as kept:
        live.backup(kept)
        yield Town(app, api, things, {caller.name: caller for caller in callers}, _rows(kept), live, kept)
    store.close()
    made.store.close()
    made.operations.close()


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, check_same_thread=False)) as found:
        found.execute("PRAGMA synchronous = OFF")
        yield found


def _rows(database: sqlite3.Connection) -> Rows:
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: set(database.execute(f'SELECT * FROM "{name}"')) for name in names}  # noqa: S608


def _request(row: Row, about: Things, caller: Caller) -> dict[str, Any]:
    method, _, path = row.route.partition(" ")
    said, by = about.path, {"by": "窓口"} if caller.shared else {}
    values = {name: _filled(text, said) for name, text in row.path.items()}
    found: dict[str, Any] = {
        "method": method,
        "url": path.format(**(said | values)),
        "params": _filled(row.query, said),
    }
    if row.json is not None:
        found["json"] = _filled(row.json, said) | by
    if row.form is not None:
        found["data"] = _filled(row.form, said) | by
    if row.content is not None:
        found["content"] = row.content.format(**said).encode()
        found["params"] |= by
    if row.file is not None:
        found["files"], found["data"] = {"file": ("a.csv", row.file.format(**said).encode())}, by
    return found


def _filled(value: Any, said: Mapping[str, object]) -> Any:
    """Return a value with its `{...}` replaced; an id alone stays a number."""
    if isinstance(value, Mapping):
        return {key: _filled(item, said) for key, item in value.items() if item is not None}
    if isinstance(value, str) and value.startswith("{") and value.endswith("}") and value[1:-1] in said:
        return said[value[1:-1]]
    return value.format(**said) if isinstance(value, str) else value


def same_question(row: Row, one: Things, other: Things, caller: Caller) -> bool:
    """Whether a row asks the same of both centres: it names nothing of either."""
    return _request(row, one, caller) == _request(row, other, caller)
