"""A store whose readings are all in chunks, however young they are."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from sukusuku_server.timeseries.sql_store import SqlStore

LATER = 1 << 60


def pack(store: SqlStore) -> None:
    """Pack everything there is, hours that came late as well."""
    store._hours = None
    while store.compact(LATER):
        pass


def packing(store: SqlStore) -> SqlStore:
    """Let a store pack everything whenever readings have come in."""
    for name in ("commit_rows", "keep_import", "undo_import", "correct_clock"):
        setattr(store, name, _then_packed(store, getattr(store, name)))
    return store


def _then_packed(store: SqlStore, change: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(change)
    def changed(*arguments: Any, **named: Any) -> Any:
        result = change(*arguments, **named)
        pack(store)
        return result

    return changed
