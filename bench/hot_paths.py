"""How much work the hot paths do for a reading: instructions of Python and of SQLite, counted instead of timed.

`python -m bench.hot_paths` prints them. A count is the same on every machine, whatever else runs there, so it can guard
what a clock cannot: `tests/bench/test_hot_paths.py` fails when a path gets a quarter dearer than `BASELINE` says (or
cheaper, so that the baseline follows). Each is told in units of a yardstick that is counted in the same run, so that
another version of Python or SQLite, which has other instructions, changes both.

Counted are the Python instructions of all that a path calls, but for asyncio and the other machinery of threads: how
often that wakes is chance. Work inside of libraries in C is not seen, but for SQLite's steps.
"""

import asyncio
import contextlib
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from bench.collector import METRICS, NOW, facility, payloads
from bench.results import Line, conclude
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import sparkplug
from sukusuku_core.model import Reading, Value
from sukusuku_edge.outbox import Outbox
from sukusuku_mqtt import Message
from sukusuku_server.timeseries.sqlite import SqliteStore

MARGIN = 1.25
"""So many times the baseline a path may cost."""
BASELINE: Mapping[str, float] = {
    "encode": 2.04,
    "decode": 7.36,
    "ingest": 3.26,
    "store": 2.75,
    "store, SQLite": 2.83,
    "outbox": 8.29,
    "outbox, SQLite": 4.64,
}
"""What each path costs, in units of its yardstick. Whoever makes one cheaper, or dearer for a reason, changes this."""
MESSAGES, BATCH = 96, 32
STEPS = 10
"""SQLite tells of every so many of its steps."""
_MACHINERY = ("asyncio", "concurrent", "threading", "selectors", "contextvars")


@dataclass(slots=True)
class Work:
    """What was counted."""

    python: int = 0
    sqlite: int = 0

    def stepped(self) -> int:
        """Count steps of SQLite, which goes on."""
        self.sqlite += STEPS
        return 0


@contextlib.contextmanager
def counted() -> Iterator[Work]:
    """Count the Python instructions of the block, of this thread and of those that begin in it."""
    work = Work()

    def entered(frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in _MACHINERY or frame.f_code is Work.stepped.__code__:
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return inside

    def inside(_frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        work.python += event == "opcode"
        return inside

    before = sys.gettrace()
    threading.settrace(entered)
    sys.settrace(entered)
    try:
        yield work
    finally:
        sys.settrace(before)
        threading.settrace(None)


def decoded_plainly(data: Sequence[Message]) -> list[tuple[str, int, Any]]:
    """Return what messages carry as one reads it first: the yardstick of whatever runs in Python."""
    return [
        (metric.name, metric.timestamp, getattr(metric, metric.WhichOneof("value")))
        for message in data
        for metric in sparkplug.parse(message.payload).metrics
        if metric.WhichOneof("value") is not None and not metric.is_null
    ]


def inserted_plainly(path: Path, rows: Sequence[Sequence[Any]], batch: int) -> Work:
    """Return SQLite's steps for as many rows in a plain table: the yardstick of whatever is stored."""
    work = Work()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("CREATE TABLE reading (time INTEGER, series INTEGER, value, quality INTEGER)")
        file.set_progress_handler(work.stepped, STEPS)
        for start in range(0, len(rows), batch):
            file.execute("BEGIN")
            file.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", rows[start : start + batch])
            file.execute("COMMIT")
    return work


def measure() -> dict[str, float]:
    """Return what each path costs in units of its yardstick."""
    births, data = payloads(10, MESSAGES)
    with counted():  # Python 3.13 begins to tell of instructions with the second function
        decoded_plainly(data[:1])
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with counted() as plain:
            readings = decoded_plainly(data)
        rows = [(time, number, value, 192) for number, (_, time, value) in enumerate(readings)]
        plain_rows = inserted_plainly(folder / "plain.db", rows, BATCH * 10)
        taken, stored = _collector(folder, births, data)
        found = {"encode": _encode(data), "decode": _decode(data), "ingest": taken.python, "store": stored.python}
        kept = asyncio.run(_outbox(folder, readings))
        found["outbox"] = kept.python
        steps = {"store, SQLite": stored.sqlite, "outbox, SQLite": kept.sqlite}
    return {path: count / plain.python for path, count in found.items()} | {
        path: count / plain_rows.sqlite for path, count in steps.items()
    }


def _encode(data: Sequence[Message]) -> int:
    bodies = [sparkplug.decode(message.payload) for message in data]
    with counted() as work:
        for body in bodies:
            sparkplug.encode(body)
    return work.python


def _decode(data: Sequence[Message]) -> int:
    with counted() as work:
        for message in data:
            sparkplug.decode(message.payload)
    return work.python


def _collector(folder: Path, births: Sequence[Message], data: Sequence[Message]) -> tuple[Work, Work]:
    """Return the work of ingest without that of the store, and that of the store."""
    store = SqliteStore.open(folder / "readings.db")
    ingest = Ingest(facility(), store, lambda: NOW)
    with counted():  # what is made once is not counted
        ingest.process([*births, *data[:BATCH]])
    commit = store.commit_rows
    inside = Work()

    def commit_rows(*arguments: Any) -> Any:
        before = whole.python
        try:
            return commit(*arguments)
        finally:
            inside.python += whole.python - before

    store.commit_rows = commit_rows  # type: ignore[assignment,method-assign]
    store._database.connection.set_progress_handler(inside.stepped, STEPS)  # noqa: SLF001 - counted where it happens
    with counted() as whole:
        for start in range(BATCH, len(data), BATCH):
            ingest.process(data[start : start + BATCH])
    store.close()
    return Work(whole.python - inside.python), inside


async def _outbox(folder: Path, readings: Sequence[tuple[str, int, Value]]) -> Work:
    """Return the work of keeping readings, sending them from memory and forgetting them."""
    with counted() as work:
        async with Outbox(folder / "outbox.db", ballast=0) as outbox:
            await outbox._do(outbox._file.set_progress_handler, work.stepped, STEPS)  # noqa: SLF001 - likewise
            begun = work.python
            for start in range(0, len(readings), len(METRICS)):
                some = [Reading("unit-0", *it) for it in readings[start : start + len(METRICS)]]
                rows = await outbox.add(some, {})
                await outbox.peek(rows[0][0] - 1, len(rows))
                await outbox.delete([row for row, _ in rows])
            begun = work.python - begun
            await outbox._do(outbox._file.set_progress_handler, None, 0)  # noqa: SLF001 - likewise
    return Work(begun, work.sqlite)


def strayed(found: Mapping[str, float]) -> Iterator[str]:
    """Yield the paths that cost too much, or so much less that the guard would not notice when that is lost again."""
    for path, cost in found.items():
        if not BASELINE[path] / MARGIN <= cost <= BASELINE[path] * MARGIN:
            yield f"{path} costs {cost:.2f} times its yardstick, and {BASELINE[path]:g} before"


def main() -> int:
    """Count and print; 1 when a path has become too dear."""
    return conclude(
        Line(path, f"{cost:.3f} x", f"<= {MARGIN * BASELINE[path]:.3f} x", cost <= MARGIN * BASELINE[path])
        for path, cost in measure().items()
    )


if __name__ == "__main__":
    sys.exit(main())
