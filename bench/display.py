"""What a display carries that shows the wall of two hundred centres: its first paint, and its memory as time goes by.

    python -m bench.display [--centres 200] [--minutes 30]

A real Chromium shows the wall of a real server over real databases; once a second a unit of another centre has a new
level. Every minute the garbage is collected and the heap of the page read. It is flat when the median of its last third
is no more than a tenth above that of its middle third. Exits with 1 when a goal is missed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import CDPSession, Page
from tests.api import two_centres
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.two_centres import World
from tests.api.web.wall.test_many_centres import many, told
from tests.support.browser import chromium, profile

from bench.results import at_most, conclude
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms

GOAL_PAINT_S, GOAL_GROWTH = 1.5, 0.1
WARM_MINUTES = 3
_NODES = "document.querySelectorAll('*').length"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, tell, and return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.display", description=__doc__)
    parser.add_argument("--centres", type=int, default=200)
    parser.add_argument("--minutes", type=int, default=30)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        world = two_centres.make(Path(name))
        told(world, options.centres, full=9)
        store = LazyStore(world.path)
        with (
            serving(create_app(many(options.centres), store, world.operations)) as url,
            chromium() as browser,
            profile(browser, viewport={"width": 1920, "height": 1080}) as context,
        ):
            page = context.new_page()
            page.goto(f"{url}/wall")
            paint = _painted(page)
            heaps = list(_heaps(page, context.new_cdp_session(page), world, options))
        store.close()
        world.close()
    later = heaps[WARM_MINUTES:] or heaps
    third = max(len(later) // 3, 1)
    growth = statistics.median(later[-third:]) / statistics.median(later[-2 * third : -third] or later) - 1
    beside = f"{heaps[0]:.2f} MB at first, {heaps[-1]:.2f} MB at the end"
    return conclude(
        (
            at_most(f"first paint of a wall, {options.centres} centres", paint, GOAL_PAINT_S, "s"),
            at_most("its memory, growth in the last third", 100 * growth, 100 * GOAL_GROWTH, "%", beside),
        )
    )


def _painted(page: Page) -> float:
    """Return the seconds until the first paint, which the browser may tell after the load; 30 when it tells of none."""
    for _ in range(300):
        told = page.evaluate(_PAINT)
        if told:
            return float(told) / 1000
        page.wait_for_timeout(100)
    return 30.0


def _heaps(page: Page, session: CDPSession, world: World, options: argparse.Namespace) -> Iterator[float]:
    """Change a level every second; yield the heap of the page in MB each minute."""
    for second in range(options.minutes * 60 + 1):
        if not second % 60:
            session.send("HeapProfiler.collectGarbage")
            used = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
            print(f"minute {second // 60}: {used:.2f} MB, {page.evaluate(_NODES)} nodes")
            yield used
        begun = time.monotonic()
        world.commit(*two_centres.unit(f"s{second % options.centres}-unit-1", now_ms(), level=20.0 + second % 60))
        page.wait_for_timeout(max(0.0, 1000 - 1000 * (time.monotonic() - begun)))


if __name__ == "__main__":
    raise SystemExit(main())
