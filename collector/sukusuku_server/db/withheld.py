"""What is withheld outside, as it was decided. What was withheld stays so; what was told may be withheld later."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, insert, select

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_reports import withheld
from sukusuku_server.model.withheld import Content, CountKey, Decision


class WithheldCounts:
    """The decisions of fiscal years. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def of(self, year: int) -> Decision:
        """Return what was decided of a fiscal year so far."""
        query = select(withheld).where(withheld.c.year == year)
        with self._operations.reading() as connection:
            rows = connection.execute(query).all()
        cells = {(row.who, row.part): row for row in rows}
        return Decision(
            frozenset(cell for cell, row in cells.items() if not row.told),
            frozenset(cell for cell, row in cells.items() if row.told),
            contents={
                cell: Content(row.told_count, frozenset(row.rooms.split()))
                for cell, row in cells.items()
                if row.told_count is not None
            },
        )

    def settle(self, year: int, decide: Callable[[Decision], Decision], now: int) -> Decision:
        """Decide about a fiscal year from what was decided before, keep it and return it, all in one transaction.

        Of two that decide at once, the later one decides from what the earlier one has kept.
        """
        with self._operations.together():
            kept = self.of(year)
            decided = decide(kept)
            before = _rows(kept)
            rows = [
                {"year": year, "who": cell[0], "part": cell[1], "decided": now, **values}
                for cell, values in sorted(_rows(decided).items())
                if before.get(cell) != values
            ]
            with self._operations.writing() as connection:
                for row in rows:
                    if (row["who"], row["part"]) in before:
                        own = (withheld.c.part == row["part"]) & (withheld.c.who == row["who"])
                        connection.execute(delete(withheld).where((withheld.c.year == year) & own))
                if rows:
                    connection.execute(insert(withheld), rows)
        return decided


def _rows(decision: Decision) -> dict[CountKey, dict[str, Any]]:
    found: dict[CountKey, dict[str, Any]] = {}
    for told, cells in ((True, decision.told), (False, decision.withheld)):
        for cell in cells:
            content = decision.contents.get(cell)
            found[cell] = {
                "told": told,
                "told_count": None if content is None else content.count,
                "rooms": None if content is None else " ".join(sorted(content.rooms)),
            }
    return found
