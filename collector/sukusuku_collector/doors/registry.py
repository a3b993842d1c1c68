"""Finds the doors: each folder beside this file with a module `door`."""

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from sukusuku_collector import doors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sukusuku_collector.doors.protocol import Door, World


def opened(world: "World") -> "dict[str, Callable[[], Awaitable[None]]]":
    """Return the jobs of the doors that the settings ask for, by folder. Raises ConfigError."""
    found: dict[str, Callable[[], Awaitable[None]]] = {}
    for folder in sorted(item.name for item in pkgutil.iter_modules(doors.__path__) if item.ispkg):
        open_door: Door = import_module(f"{doors.__name__}.{folder}.door").open_door
        job = open_door(world)
        if job is not None:
            found[f"door {folder}"] = job
    return found
