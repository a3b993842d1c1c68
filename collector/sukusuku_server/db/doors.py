"""How it stands with the sources of doors, in the operations data."""

from collections.abc import Mapping

from sqlalchemy import insert, select, update

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_doors import door_source
from sukusuku_server.model.doors import Exchanged

_LONGEST = 300


class DoorRecords:
    """Written by one door each. Methods raise TransientError when the database does not answer. Times are UTC ms."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def taken(self, door: str, source: str, now: int) -> None:
        """Note that something was taken. What is wrong with other things stays noted."""
        self._note(door, source, {"taken": now})

    def well(self, door: str, source: str) -> None:
        """Note that nothing is wrong."""
        self._note(door, source, {"failing": None, "reason": ""})

    def failed(self, door: str, source: str, now: int, reason: str) -> None:
        """Note why the newest exchange failed. Since when stays what it was."""
        before = self.all().get((door, source), Exchanged()).failing
        since = now if before is None else min(before, now)
        self._note(door, source, {"failing": since, "reason": reason[:_LONGEST]})

    def all(self) -> Mapping[tuple[str, str], Exchanged]:
        """Return what is noted, by door and source; of some that are no longer in the settings too."""
        with self._operations.reading() as connection:
            return {
                (row.door, row.source): Exchanged(row.taken, row.failing, row.reason)
                for row in connection.execute(select(door_source))
            }

    def _note(self, door: str, source: str, values: Mapping[str, object]) -> None:
        own = (door_source.c.door == door) & (door_source.c.source == source)
        with self._operations.writing() as connection:
            if not connection.execute(update(door_source).where(own).values(values)).rowcount:
                connection.execute(insert(door_source).values({"door": door, "source": source, "reason": "", **values}))
