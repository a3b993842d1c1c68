"""The statements about derived series and late readings, on a connection of the store."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from sukusuku_core.model import Reading

LATEST = """
SELECT asset, metric, time, value FROM derived_series CROSS JOIN derived ON derived.series = derived_series.id
AND derived.time = (SELECT max(newest.time) FROM derived AS newest WHERE newest.series = derived_series.id)
WHERE ?1 IS NULL OR asset IN (SELECT value FROM json_each(?1))
"""
"""CROSS JOIN keeps the order: two seeks per series. Left to itself, SQLite reads every point ever derived."""


def replace(run: sqlite3.Connection, asset: str, after: int, until: int, points: Sequence[Reading]) -> None:
    """Everything derived of an asset in after < time <= until becomes these points."""
    known = dict(run.execute("SELECT metric, id FROM derived_series WHERE asset = ?", (asset,)))
    for metric in {point.metric for point in points}.difference(known):
        cursor = run.execute("INSERT INTO derived_series (asset, metric) VALUES (?, ?)", (asset, metric))
        known[metric] = cursor.lastrowid
    run.executemany(
        "DELETE FROM derived WHERE series = ? AND time > ? AND time <= ?",
        [(series, after, until) for series in known.values()],
    )
    run.executemany(
        "INSERT OR REPLACE INTO derived VALUES (?, ?, ?)",
        [(known[point.metric], point.time, point.value) for point in points],
    )


def latest(run: sqlite3.Connection, assets: Iterable[str] | None = None) -> Iterable[tuple[str, str, int, float]]:
    """Asset, metric, time and value of the newest point of every derived series: of these assets, of all when None."""
    return run.execute(LATEST, (None if assets is None else json.dumps([*assets]),))


def mark_late(run: sqlite3.Connection, since: Mapping[str, int]) -> None:
    """Remember from when on assets must be derived again."""
    run.executemany(
        "INSERT INTO late VALUES (?, ?, 1) ON CONFLICT (asset) DO UPDATE SET "
        "since = min(since, excluded.since), changed = changed + 1",
        since.items(),
    )
