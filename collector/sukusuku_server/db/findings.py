"""Findings about units, as derivation gave them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import finding
from sukusuku_server.model.collection import Finding, FindingName

_COLUMNS = (finding.c.asset, finding.c.name, finding.c.since, finding.c.until, finding.c.detail)


class Findings:
    """The findings of all units. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def replace(self, asset: str, after: int, until: int, found: Sequence[Finding]) -> None:
        """`found` are all findings that were open at any moment of after < time <= until, with their true `since`.

        What was stored as open there and is not among them is deleted, or ends at `after` when it began earlier.
        """
        with self._operations.writing() as connection:
            open_then = (finding.c.asset == asset) & (finding.c.since <= until)
            open_then &= finding.c.until.is_(None) | (finding.c.until > after)
            stored = list(connection.execute(select(finding.c.id, *_COLUMNS).where(open_then)))
            new = {(item.name, item.since): item for item in found}
            for row in stored:
                item = new.pop((FindingName(row.name), row.since), None)
                own = finding.c.id == row.id
                if item is not None:
                    if (item.until, item.detail) != (row.until, row.detail):
                        connection.execute(update(finding).where(own).values(until=item.until, detail=item.detail))
                elif row.since > after:
                    connection.execute(delete(finding).where(own))
                else:
                    connection.execute(update(finding).where(own).values(until=after))
            for item in new.values():
                connection.execute(insert(finding).values(asdict(item)))

    def open(self, asset: str | None = None) -> list[Finding]:
        """Return findings that still hold, the oldest first."""
        query = select(*_COLUMNS).where(finding.c.until.is_(None))
        if asset is not None:
            query = query.where(finding.c.asset == asset)
        with self._operations.reading() as connection:
            return [_to_finding(row) for row in connection.execute(query.order_by(finding.c.since, finding.c.id))]

    def of(self, asset: str | None, start: int, end: int) -> list[Finding]:
        """Return findings that held at any moment of start <= time < end, in order of their beginning."""
        query = select(*_COLUMNS).where(finding.c.since < end, finding.c.until.is_(None) | (finding.c.until > start))
        if asset is not None:
            query = query.where(finding.c.asset == asset)
        with self._operations.reading() as connection:
            return [_to_finding(row) for row in connection.execute(query.order_by(finding.c.since, finding.c.id))]


def _to_finding(row: Row[*tuple[Any, ...]]) -> Finding:
    return Finding(row.asset, FindingName(row.name), row.since, row.until, row.detail)
