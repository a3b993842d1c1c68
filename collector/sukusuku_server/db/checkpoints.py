"""States of derivations at moments, from which they go on after a restart or when late readings arrive."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from sukusuku_core.time import DAY_MS
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import checkpoint

_WEEK_MS = 7 * DAY_MS
RECENT_DAYS = 7
"""For so many days there are several checkpoints a day: late readings mostly belong there."""
PER_DAY = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The encoded state of an asset's derivation at a time (UTC ms)."""

    time: int
    state: bytes


class Checkpoints:
    """The checkpoints of all assets. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def put(self, asset: str, time: int, version: int, state: bytes) -> None:
        """Keep a state, in place of one at the same time."""
        with self._operations.writing() as connection:
            same = (checkpoint.c.asset == asset) & (checkpoint.c.time == time)
            connection.execute(delete(checkpoint).where(same))
            connection.execute(insert(checkpoint).values(asset=asset, time=time, version=version, state=state))

    def latest(self, asset: str, version: int, until: int | None = None) -> Checkpoint | None:
        """Return the newest state of this version, not later than `until`; None: begin anew."""
        columns = checkpoint.c
        query = select(columns.time, columns.state).where(columns.asset == asset, columns.version == version)
        if until is not None:
            query = query.where(columns.time <= until)
        with self._operations.reading() as connection:
            row = connection.execute(query.order_by(columns.time.desc()).limit(1)).first()
            return None if row is None else Checkpoint(row.time, bytes(row.state))

    def newest(self, version: int, until: int) -> dict[str, Checkpoint]:
        """Return the same of all assets that have one, by asset."""
        columns = checkpoint.c
        mine = (columns.version == version) & (columns.time <= until)
        last = (
            select(columns.asset, func.max(columns.time).label("time")).where(mine).group_by(columns.asset).subquery()
        )
        query = select(columns.asset, columns.time, columns.state).join(
            last, (columns.asset == last.c.asset) & (columns.time == last.c.time)
        )
        with self._operations.reading() as connection:
            rows = connection.execute(query.where(columns.version == version)).all()
        return {row.asset: Checkpoint(row.time, bytes(row.state)) for row in rows}

    def forget(self, asset: str, after: int) -> None:
        """Delete the states of an asset later than a time: they do not hold any more."""
        with self._operations.writing() as connection:
            connection.execute(delete(checkpoint).where(checkpoint.c.asset == asset, checkpoint.c.time > after))

    def thin(self, asset: str, version: int, now: int) -> None:
        """Keep `PER_DAY` of each of the last `RECENT_DAYS` days, one of each week before; none of another version."""
        with self._operations.writing() as connection:
            columns = checkpoint.c
            query = select(columns.time, columns.version).where(columns.asset == asset).order_by(columns.time.desc())
            taken: dict[tuple[str, int], int] = {}
            for time, written in connection.execute(query).all():
                recent = time > now - RECENT_DAYS * DAY_MS
                slot = ("day", time // DAY_MS) if recent else ("week", time // _WEEK_MS)
                taken[slot] = taken.get(slot, 0) + (written == version)
                if written != version or taken[slot] > (PER_DAY if recent else 1):
                    connection.execute(delete(checkpoint).where(columns.asset == asset, columns.time == time))
