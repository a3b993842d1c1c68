"""Totals and the device counters that they follow: the outbox's table `counter`. Runs inside its transactions."""

import sqlite3
from collections.abc import Mapping

import msgspec

from sukusuku_core.counters import CounterState
from sukusuku_core.message_order import NOTHING, Seen
from sukusuku_edge.binding import Counter, Series


def put(file: sqlite3.Connection, counters: Mapping[Series, Counter]) -> None:
    """Replace the totals of these series."""
    file.executemany(
        "INSERT OR REPLACE INTO counter (asset, metric, origin, total, raw, lower, seen) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (*series, counter.origin, counter.state.total, counter.state.raw, counter.state.lower, _json(counter.state))
            for series, counter in counters.items()
        ],
    )


def load(file: sqlite3.Connection) -> dict[Series, Counter]:
    """Return all totals."""
    rows = file.execute("SELECT asset, metric, origin, total, raw, lower, seen FROM counter")
    return {(asset, metric): Counter(origin, _state(*state)) for asset, metric, origin, *state in rows}


def _json(state: CounterState) -> str | None:
    return None if state.seen == NOTHING else msgspec.json.encode(state.seen).decode()


def _state(total: int, raw: int | None, lower: int | None, seen: str | None) -> CounterState:
    try:
        return CounterState(total, raw, lower, NOTHING if seen is None else msgspec.json.decode(seen, type=Seen))
    except msgspec.DecodeError:  # a damaged page: the total is worth more than the memory of the messages
        return CounterState(total, raw)
