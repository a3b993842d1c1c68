"""The statements about derived series and late readings, as SQLite and PostgreSQL both understand them."""

from collections.abc import Mapping, Sequence

from sukusuku_core.model import Reading
from sukusuku_server.timeseries.database import Transaction

LATEST = """
SELECT asset, metric, time, value FROM derived_series CROSS JOIN derived WHERE derived.series = derived_series.id
AND derived.time = (SELECT max(newest.time) FROM derived AS newest WHERE newest.series = derived_series.id)
"""
"""Asks for asset, metric, time and value of the newest point of every derived series. CROSS JOIN keeps the order: two
seeks per series. Left to itself, SQLite reads every point ever derived."""
_LATE = """
INSERT INTO late VALUES (?, ?, 1) ON CONFLICT (asset) DO UPDATE SET
    since = CASE WHEN excluded.since < late.since THEN excluded.since ELSE late.since END, changed = late.changed + 1
"""


def replace(run: Transaction, asset: str, after: int, until: int, points: Sequence[Reading]) -> None:
    """Everything derived of an asset in after < time <= until becomes these points."""
    known = dict(run.execute("SELECT metric, id FROM derived_series WHERE asset = ?", (asset,)).fetchall())
    for metric in {point.metric for point in points}.difference(known):
        new = run.execute("INSERT INTO derived_series (asset, metric) VALUES (?, ?) RETURNING id", (asset, metric))
        known[metric] = new.fetchall()[0][0]
    run.executemany(
        "DELETE FROM derived WHERE series = ? AND time > ? AND time <= ?",
        [(series, after, until) for series in known.values()],
    )
    run.executemany(
        "INSERT INTO derived VALUES (?, ?, ?) ON CONFLICT (series, time) DO UPDATE SET value = excluded.value",
        [(known[point.metric], point.time, point.value) for point in points],
    )


def mark_late(run: Transaction, since: Mapping[str, int]) -> None:
    """Remember from when on assets must be derived again."""
    run.executemany(_LATE, since.items())
