"""How long the pages with charts take for whoever opens them first, when nothing of them is kept yet.

    python -m bench.pages

Two rooms with five weeks of readings, and two units with eight weeks: their pages are asked in process, cold, each from
an application of its own. Measured is processor time, so that other work on the machine does not count. Exits with 1
when a goal is missed: 1.5 s for a page, 1 s for all charts of one room over a year.
"""

import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.api import eight_weeks
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.api.web.rooms import used_room

from bench.results import at_most, conclude
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.db import Operations
from sukusuku_server.timeseries.sqlite import SqliteStore

PAGES = (
    ("/rooms", 1.5),
    ("/rooms/tobu-room", 1.0),
    ("/rooms/tobu-room?days=365", 1.0),
    ("/units/tobu-unit-1", 1.0),
    ("/units/tobu-unit-1?days=365", 1.0),
    ("/collection", 1.5),
)
"""With the seconds that each may take."""


def main() -> int:
    """Measure, tell, and return 1 when a goal is missed."""
    lines = []
    with tempfile.TemporaryDirectory() as name, closing(worlds.make(Path(name), fill=_filled)) as world:
        for path, goal in PAGES:
            lines.append(at_most(f"processor time of `{path}`, cold", _taken(world, path), goal, "s"))
    return conclude(lines)


def _taken(world: World, path: str) -> float:
    with closing(LazyStore(world.path)) as store:
        app = create_app(worlds.always_open(world.facility), store, world.operations, lambda: used_room.NOW)
        with client(app) as api:
            api.get("/vacancy")  # the libraries are loaded
            begun = time.process_time()
            answer = api.get(path)
            taken = time.process_time() - begun
    if not answer.is_success:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return taken


def _filled(store: SqliteStore, operations: Operations) -> None:
    used_room.five_weeks(store, operations)
    eight_weeks.live(store, operations)
    eight_weeks.forecast(operations)


if __name__ == "__main__":
    raise SystemExit(main())
