"""What a request for a thousand readings costs, against the same in FastAPI as one writes it first.

    python -m bench.rows [--requests 100]

Both applications answer in process, from a file: ours `GET /api/v1/readings`, with qualities, the other one time and
value, with a connection for each request, rows as dictionaries and FastAPI's own encoding. They take turns; of each the
median of the processor time is told. Exits with 1 when the goal is missed. Takes about ten seconds.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from tests.api import two_centres
from tests.api.applications import create_app, office

from bench.in_process import ask
from bench.results import at_least, conclude
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from sukusuku_core.time import MINUTE_MS

GOAL = 10.0
ROWS = 1000
UNIT, METRIC = "tobu-unit-1", "Temperature"
WARM = 10
_TABLE = "CREATE TABLE reading (asset TEXT, metric TEXT, time INTEGER, value REAL, PRIMARY KEY (asset, metric, time))"
_QUESTION = "SELECT time, value FROM reading WHERE asset = ? AND metric = ? AND time >= ? ORDER BY time"


def plain(path: Path, readings: Sequence[Reading]) -> FastAPI:
    """Return the application as one writes it first, over a table of these readings."""
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute(_TABLE)
        rows = [(it.asset, it.metric, it.time, it.value) for it in readings]
        file.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", rows)
    app = FastAPI()

    @app.get("/readings", response_model=None)  # FastAPI's own encoding, as without a declared type
    def answer(asset: str, metric: str, since: int) -> list[dict[str, Any]]:
        with contextlib.closing(sqlite3.connect(path)) as file:
            file.row_factory = sqlite3.Row
            rows = [dict(row) for row in file.execute(_QUESTION, (asset, metric, since))]
        return [{**row, "time": datetime.fromtimestamp(row["time"] / 1000, UTC)} for row in rows]

    return app


async def measure(apps: Mapping[str, tuple[FastAPI, str, str, str]], rounds: int) -> dict[str, list[float]]:
    """Return the processor time (ms) of each request, by application."""
    found: dict[str, list[float]] = {name: [] for name in apps}
    for turn in range(-WARM, rounds):
        for name, (app, host, path, query) in apps.items():
            begun = time.process_time()
            size = await ask(app, host, path, query)
            if turn >= 0:
                found[name].append((time.process_time() - begun) * 1000)
            assert size > ROWS * 40, f"{name} answers {size} bytes"
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100, help="of each application")
    rounds = parser.parse_args(argv).requests
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        world = two_centres.make(Path(name))
        since = now_ms() - ROWS * MINUTE_MS
        readings = [Reading(UNIT, METRIC, since + n * MINUTE_MS, 20 + n % 50 / 10) for n in range(ROWS)]
        world.commit(*readings)
        store = LazyStore(world.path)
        app = create_app(world.facility, store, world.operations, visitor=office)
        host, about = urlsplit(app.state.context.facility.web.url).netloc, f"asset={UNIT}&metric={METRIC}"
        apps = {
            "ours": (app, host, "/api/v1/readings", f"{about}&from={since}&resolution=raw"),
            "FastAPI's default": (
                plain(Path(name) / "plain.db", readings),
                host,
                "/readings",
                f"{about}&since={since}",
            ),
        }
        found = asyncio.run(measure(apps, rounds))
        store.close()
        world.close()
    for name, times in found.items():
        print(f"{name:18} median {statistics.median(times):6.2f} ms, {min(times):.2f} to {max(times):.2f}")
    ours, default = (statistics.median(times) for times in found.values())
    beside = f"ours {ours:.2f} ms, the default {default:.2f} ms of processor time"
    return conclude([at_least(f"a GET of {ROWS:,} rows against FastAPI's default", default / ours, GOAL, "x", beside)])


if __name__ == "__main__":
    sys.exit(main())
