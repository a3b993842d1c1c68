"""Which parts of the document a running process cannot change: where it keeps data and whom it listens to. Pure."""

from typing import Any

import msgspec

from sukusuku_server.settings import Facility
from sukusuku_server.settings.shard import same_division

NEEDS_RESTART = (
    "operator.id",
    "host_id",
    "broker",
    "limits",
    "store.kind",
    "store.path",
    "store.acknowledge",
    "store.influx",
    "store.postgres",
    "operations",
    "group",
    "web.host",
    "web.port",
)
"""Keys that are read at the start only. Of `group`, a new site may come into one at any time."""


def held_back(running: Facility, new: Facility) -> tuple[Facility, tuple[str, ...]]:
    """Return what a running process can take of new settings, and the key paths of what waits for a restart."""
    changed = (key for key in NEEDS_RESTART if _at(running, key) != _at(new, key))
    waiting = tuple(key for key in changed if key != "group" or not same_division(running, new))
    for key in waiting:
        new = _with(new, key.split("."), _at(running, key))
    return new, waiting


def _at(settings: Any, key: str) -> Any:
    for part in key.split("."):
        settings = getattr(settings, part)
    return settings


def _with(settings: Any, parts: list[str], value: Any) -> Any:
    first, *rest = parts
    inner = _with(getattr(settings, first), rest, value) if rest else value
    return msgspec.structs.replace(settings, **{first: inner})
