"""The statements that correct what was stored by a wrong clock, as SQLite and PostgreSQL both understand them."""

from collections.abc import Sequence

from sukusuku_server.model.series import Row
from sukusuku_server.timeseries.database import Transaction
from sukusuku_server.timeseries.packed import Key, Packed

_RETURNING = """
SELECT series, original, time, quality FROM moved
WHERE time >= ? AND time <= ? AND quality IS NOT NULL AND original >= ? AND original <= ?
"""
_FUTURE = """
SELECT asset, min(time), max(time) FROM derived JOIN derived_series ON derived_series.id = derived.series
WHERE time > ? GROUP BY asset
"""


def bring_back(run: Transaction, packed: Packed, since: int, until: int, earliest: int, now: int) -> Sequence[Row]:
    """Return moved readings of since <= time <= until to their own time and quality; tell which they are now.

    Only a time between `earliest` and `now` is one of its own. All are UTC ms.
    """
    keys: list[Key] = []
    rows: list[Row] = []
    for series, original, time, quality in run.execute(_RETURNING, (since, until, earliest, now)).fetchall():
        for _, _, value, _ in packed.rows(run, series, time, time + 1):
            run.execute("DELETE FROM moved WHERE series = ? AND original = ?", (series, original))
            keys.append((time, series))
            rows.append((original, series, value, quality))
    packed.remove(run, keys)
    kept = list(packed.insert(run, rows))
    packed.newest_again(run, {series for _, series in keys}, now)
    return kept


def derived_after(run: Transaction, now: int) -> Sequence[tuple[str, int, int]]:
    """Return of which assets something was derived for a time after `now`: the asset, the first and the last time."""
    return run.execute(_FUTURE, (now,)).fetchall()
