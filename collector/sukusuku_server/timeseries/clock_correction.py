"""The statements that correct what was stored by a wrong clock, as SQLite and PostgreSQL both understand them."""

from collections.abc import Sequence

from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import sql_writes
from sukusuku_server.timeseries.database import Transaction, typed

_RETURNING = """
SELECT moved.series, moved.original, moved.time, moved.quality, {} FROM moved
JOIN reading ON reading.time = moved.time AND reading.series = moved.series
WHERE moved.time >= ? AND moved.time <= ? AND moved.quality IS NOT NULL AND moved.original >= ? AND moved.original <= ?
"""
_FUTURE = """
SELECT asset, min(time), max(time) FROM derived JOIN derived_series ON derived_series.id = derived.series
WHERE time > ? GROUP BY asset
"""


def bring_back(run: Transaction, since: int, until: int, earliest: int, now: int) -> Sequence[Row]:
    """Return moved readings of since <= time <= until to their own time and quality; tell which they are now.

    Only a time between `earliest` and `now` is one of its own. All are UTC ms.
    """
    found = run.execute(_RETURNING.format(", ".join(run.values)), (since, until, earliest, now)).fetchall()
    rows: list[Row] = []
    for series, original, time, quality, *value in found:
        run.execute("DELETE FROM reading WHERE time = ? AND series = ?", (time, series))
        run.execute("DELETE FROM moved WHERE series = ? AND original = ?", (series, original))
        rows.append((original, series, typed(value), quality))
    kept = list(run.insert(rows))
    sql_writes.newest_again(run, {series for series, *_ in found}, now)
    return kept


def derived_after(run: Transaction, now: int) -> Sequence[tuple[str, int, int]]:
    """Return of which assets something was derived for a time after `now`: the asset, the first and the last time."""
    return run.execute(_FUTURE, (now,)).fetchall()
