"""The statements that delete old readings, as SQLite and PostgreSQL both understand them."""

from sukusuku_core.time import day_number, midnight
from sukusuku_server.timeseries import FAULT_CODE, packed
from sukusuku_server.timeseries.database import Ask, Transaction

_FAULT_CODES = "SELECT id FROM series WHERE metric = ?"
_NEXT_DAY = "SELECT min(day) FROM chunk WHERE pruned = 0 AND day >= ? AND day < ?"
_KEPT = "SELECT asset, id FROM series WHERE metric = ?"
_OF_DAY = "SELECT asset, readings FROM chunk WHERE pruned = 0 AND day = ? ORDER BY asset"


def prune(run: Transaction, start: int, before: int, rows: int) -> tuple[int, int]:
    """Delete the oldest readings of start <= time < before, about `rows` of them; tells where to go on, how many went.

    All of one millisecond go together, and those of a chunk once its whole day is over. Fault codes stay.
    """
    mark, gone = start, 0
    while gone < rows:
        day = next_day(run.execute, mark, before)
        until = before if day is None else midnight(day + 1)
        mark, went = _loose(run, mark, until, rows - gone)
        gone += went
        if day is None or mark < until:
            break
        went, whole = _packed(run, day, rows - gone)
        gone += went
        if not whole:
            return max(start, midnight(day)), gone
    return mark, gone


def next_day(ask: Ask, start: int, before: int) -> int | None:
    """Return the first day of start <= time < before that is over by then and has chunks to be pruned."""
    [(day,)] = ask(_NEXT_DAY, (day_number(start), day_number(before)))
    return None if day is None else int(day)


def _loose(run: Transaction, start: int, before: int, rows: int) -> tuple[int, int]:
    found = run.execute(
        "SELECT time FROM reading WHERE time >= ? AND time < ? ORDER BY time LIMIT 1 OFFSET ?",
        (start, before, max(0, rows - 1)),
    ).fetchone()
    mark = max(start, before) if found is None else int(found[0]) + 1
    gone = run.execute(
        f"DELETE FROM reading WHERE time >= ? AND time < ? AND series NOT IN ({_FAULT_CODES})",  # noqa: S608
        (start, mark, FAULT_CODE),
    ).rowcount
    forget_moved(run, start, mark)
    return mark, gone


def forget_moved(run: Transaction, start: int, before: int) -> None:
    """Forget the original times of moved readings that are deleted; of fault codes, which stay, they are kept."""
    run.execute(
        f"DELETE FROM moved WHERE time >= ? AND time < ? AND series NOT IN ({_FAULT_CODES})",  # noqa: S608
        (start, before, FAULT_CODE),
    )


def _packed(run: Transaction, day: int, rows: int) -> tuple[int, bool]:
    """Delete packed readings of a day; tells how many went, and whether those were all."""
    kept: dict[str, set[int]] = {}
    for asset, series in run.execute(_KEPT, (FAULT_CODE,)):
        kept.setdefault(asset, set()).add(series)
    gone = 0
    for asset, readings in run.execute(_OF_DAY, (day,)).fetchall():
        if gone >= rows:
            return gone, False
        gone += readings - packed.prune(run, asset, day, kept.get(asset, ()))
    return gone, True
