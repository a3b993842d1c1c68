"""What is kept of rooms beside their series: corrections of their counts, and the counts that staff entered."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import delete, insert, select

from sukusuku_core.errors import SukusukuError
from sukusuku_server.db.database import Operations
from sukusuku_server.db.revisions import speak
from sukusuku_server.db.tables_alerts import audit
from sukusuku_server.db.tables_rooms import occupancy_correction, room_calibration
from sukusuku_server.model.collection import Calibration, Correction, CorrectionKind

_FIELDS = ("asset", "time", "kind", "channel", "before", "after", "detail")
_CORRECTION = tuple(occupancy_correction.c[name] for name in _FIELDS)
_CALIBRATION = tuple(room_calibration.c[name] for name in ("asset", "time", "children", "staff", "by", "note", "id"))
MOST = 1000


class WrongCountError(SukusukuError):
    """A count that no room can have, or of a time that has not come."""


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
            entry = {"time": now, "who": said.by, "action": "room.calibrate", "target": f"{said.asset} {stored.id}"}
            connection.execute(insert(audit).values(entry))
            speak(connection, said.asset, said.time)
        return stored

    def said(self, asset: str, after: int, until: int) -> list[Calibration]:
        """Count that staff entered, with after < time <= until, in order."""
        table = room_calibration
        query = select(*_CALIBRATION).where(table.c.asset == asset, table.c.time > after, table.c.time <= until)
        with self._operations.reading() as connection:
            return [Calibration(*row) for row in connection.execute(query.order_by(table.c.time, table.c.id))]
