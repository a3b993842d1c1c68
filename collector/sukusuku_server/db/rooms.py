"""What is kept of rooms beside their series: corrections of their counts, and the counts that staff entered."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import delete, insert, select, update

from sukusuku_core.errors import SukusukuError
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.revisions import speak
from sukusuku_server.db.tables_rooms import occupancy_correction, room_calibration
from sukusuku_server.model.collection import Calibration, Correction, CorrectionKind

_FIELDS = ("asset", "time", "kind", "channel", "before", "after", "detail")
_CORRECTION = tuple(occupancy_correction.c[name] for name in _FIELDS)
_CALIBRATION = tuple(
    room_calibration.c[name]
    for name in ("asset", "time", "children", "staff", "by", "note", "id", "withdrawn", "withdrawn_by")
)
MOST = 1000
DOUBTFUL = 1.5
"""A count of more than so many times the places of a room is asked back: a slip of the finger is likelier."""


class WrongCountError(SukusukuError):
    """A count that no room can have, or of a time that has not come."""


class UnknownCountError(SukusukuError):
    """There is no such count of that room."""


def doubtful(children: int, capacity: int) -> bool:
    """Tell whether a count is so far beyond the places of a room that it must be said twice."""
    return children > DOUBTFUL * capacity


class RoomRecords:
    """Corrections and calibrations of all rooms. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def replace(self, asset: str, after: int, until: int, found: Sequence[Correction]) -> None:
        """Replace what is stored of after < time <= until by what derivation has found there."""
        table = occupancy_correction
        with self._operations.writing() as connection:
            within = (table.c.asset == asset) & (table.c.time > after) & (table.c.time <= until)
            connection.execute(delete(table).where(within))
            if found:
                connection.execute(insert(table), [asdict(item) for item in found])

    def corrections(self, asset: str, start: int, end: int) -> list[Correction]:
        """Corrections with start <= time < end, in order."""
        table = occupancy_correction
        query = select(*_CORRECTION).where(table.c.asset == asset, table.c.time >= start, table.c.time < end)
        with self._operations.reading() as connection:
            rows = connection.execute(query.order_by(table.c.time, table.c.id))
            return [Correction(**{**row._asdict(), "kind": CorrectionKind(row.kind)}) for row in rows]

    def enter(self, said: Calibration, now: int) -> Calibration:
        """Keep what a member of staff counted, and have the room derived anew from then on. Raises WrongCountError."""
        if not 0 <= said.children <= MOST or not 0 <= (said.staff or 0) <= MOST:
            raise WrongCountError(
                f"children and staff are counted from 0 to {MOST}, found {said.children}, {said.staff}"
            )
        if said.time > now:
            raise WrongCountError("the time of a count must not be in the future")
        said = replace(said, by=said.by[:120])
        values = asdict(said)
        del values["id"]
        with self._operations.writing() as connection:
            result = connection.execute(insert(room_calibration).values(values).returning(room_calibration.c.id))
            stored = replace(said, id=result.scalar_one())
            audit_entry.note(connection, now, said.by, "room.calibrate", f"{said.asset} {stored.id}")
            speak(connection, said.asset, said.time)
        return stored

    def withdraw(self, asset: str, ident: int, who: str, now: int) -> Calibration:
        """Take a count back, and have the room derived anew from then on. Once withdrawn it stays so.

        Raises UnknownCountError.
        """
        table = room_calibration
        own = (table.c.id == ident) & (table.c.asset == asset)
        with self._operations.writing() as connection:
            row = connection.execute(select(*_CALIBRATION).where(own)).first()
            if row is None:
                raise UnknownCountError(f"{asset} has no count {ident}")
            known = Calibration(*row)
            if known.withdrawn is not None:
                return known
            withdrawn = replace(known, withdrawn=now, withdrawn_by=who[:120])
            values = {"withdrawn": now, "withdrawn_by": withdrawn.withdrawn_by}
            connection.execute(update(table).where(own).values(values))
            audit_entry.note(connection, now, who, "room.withdraw", f"{asset} {ident}")
            speak(connection, asset, known.time)
        return withdrawn

    def counts(self, asset: str, start: int, end: int) -> list[Calibration]:
        """Return every count that staff entered, with start <= time < end, in order; withdrawn ones too."""
        table = room_calibration
        query = select(*_CALIBRATION).where(table.c.asset == asset, table.c.time >= start, table.c.time < end)
        with self._operations.reading() as connection:
            return [Calibration(*row) for row in connection.execute(query.order_by(table.c.time, table.c.id))]

    def counted(self, after: int, until: int) -> set[str]:
        """Return the rooms of which staff entered a count around after < time <= until."""
        start, end = _minutes(after, until)
        table = room_calibration
        with self._operations.reading() as connection:
            query = select(table.c.asset).where(table.c.time >= start, table.c.time < end)
            return set(connection.scalars(query))

    def said(self, asset: str, after: int, until: int) -> list[Calibration]:
        """Return the counts by staff that hold, with after < time <= until, in order.

        What was withdrawn does not count. Of several about one minute the one entered last holds.
        """
        around = [item for item in self.counts(asset, *_minutes(after, until)) if item.withdrawn is None]
        last: dict[int, int] = {}
        for item in around:
            minute = item.time // MINUTE_MS
            last[minute] = max(item.id, last.get(minute, 0))
        return [item for item in around if after < item.time <= until and last[item.time // MINUTE_MS] == item.id]


def _minutes(after: int, until: int) -> tuple[int, int]:
    """Return the whole minutes around a stretch: an entry at its edge may have been replaced beyond it."""
    return (after + 1) // MINUTE_MS * MINUTE_MS, (until // MINUTE_MS + 1) * MINUTE_MS
