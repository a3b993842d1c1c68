"""What is withheld outside, as it was decided. A decision is never taken back: what was told cannot be untold."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_reports import withheld
from sukusuku_server.model.withheld import CountKey, Decision


class WithheldCounts:
    """The decisions of fiscal years. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def of(self, year: int) -> Decision:
        """Return what was decided of a fiscal year so far."""
        query = select(withheld.c.who, withheld.c.part, withheld.c.told).where(withheld.c.year == year)
        with self._operations.reading() as connection:
            rows = connection.execute(query).all()
        return Decision(_cells(rows, told=False), _cells(rows, told=True))

    def keep(self, year: int, decision: Decision, now: int) -> None:
        """Keep a decision about a fiscal year; it includes what was decided before."""
        known = self.of(year)
        rows = [
            {"year": year, "part": part, "who": who, "told": told, "decided": now}
            for told, found, before in (
                (False, decision.withheld, known.withheld),
                (True, decision.told, known.told),
            )
            for who, part in sorted(found - before)
        ]
        if not rows:
            return
        with self._operations.writing() as connection:
            for row in rows:
                if (row["who"], row["part"]) in known.told:  # what was told has become small through later readings
                    own = (withheld.c.year == year) & (withheld.c.part == row["part"]) & (withheld.c.who == row["who"])
                    connection.execute(delete(withheld).where(own))
            connection.execute(insert(withheld), rows)


def _cells(rows: Iterable[tuple[str, str, bool]], *, told: bool) -> frozenset[CountKey]:
    return frozenset((who, part) for who, part, is_told in rows if is_told == told)
