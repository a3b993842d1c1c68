"""Who asks for the pages of rooms."""

import contextlib
from collections.abc import Iterator

import httpx

from sukusuku_api.lazy_store import LazyStore
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.api.web.rooms.used_room import NOW


@contextlib.contextmanager
def asking(rooms: World, now: int = NOW) -> Iterator[httpx.Client]:
    """A client of the application over these rooms, at `now`."""
    store = LazyStore(rooms.path)
    with client(create_app(rooms.facility, store, rooms.operations, lambda: now)) as found:
        yield found
    store.close()
