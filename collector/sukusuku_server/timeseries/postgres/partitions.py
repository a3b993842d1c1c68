"""Which partition of the readings a time belongs to. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from sukusuku_core.time import DAY_MS
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import FAULT_CODE

WEEK_MS = 7 * DAY_MS


def weeks(rows: Sequence[Row]) -> set[int]:
    """Return the weeks that rows are of, counted from 1970."""
    times = [row[0] for row in rows]
    first, last = min(times) // WEEK_MS, max(times) // WEEK_MS
    return {first} if first == last else {time // WEEK_MS for time in times}


def making(week: int) -> Iterator[str]:
    """Yield the statements that make the partition of a week, unless it is there.

    It is attached rather than made in its place: that does not wait for whoever reads others.
    """
    begin, end = week * WEEK_MS, (week + 1) * WEEK_MS
    yield f"CREATE TABLE {named(week)} (LIKE reading INCLUDING ALL)"
    yield f"ALTER TABLE reading ATTACH PARTITION {named(week)} FOR VALUES FROM ({begin}) TO ({end})"


def emptying(week: int, begin: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield the statements (and their parameters) that empty the partition of a week without touching every row.

    What is before `begin` (UTC ms) stays, and fault codes.
    """
    table = named(week)
    keeping = f"""
    CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM {table}
    WHERE time < ? OR series IN (SELECT id FROM series WHERE metric = ?)
    """
    yield keeping, (begin, FAULT_CODE)
    yield f"TRUNCATE {table}", ()
    yield f"INSERT INTO {table} SELECT * FROM kept", ()


def named(week: int) -> str:
    """Return the name of the partition of a week."""
    return f"reading_{week}"


def ended(names: Iterable[str], before: int) -> Iterator[int]:
    """Yield the weeks of partitions, given by their names, that ended before a time (UTC ms)."""
    for name in names:
        week = int(name.rpartition("_")[2])
        if (week + 1) * WEEK_MS <= before:
            yield week
