"""What lies on the shelf of a site: film cassettes and bags, counted or delivered by people."""

from enum import StrEnum

from sqlalchemy import insert, select

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_alerts import audit
from sukusuku_server.db.tables_collection import stock
from sukusuku_server.model.collection import Entry


class StockKind(StrEnum):
    """What is in stock."""

    FILM = "film"
    BAG = "bag"


class Stock:
    """The shelves of all sites. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def count(self, site: str, kind: StockKind, count: int, who: str, now: int) -> None:
        """Somebody has counted: there are so many."""
        self._enter(site, kind, count, who, now, counted=True)

    def deliver(self, site: str, kind: StockKind, count: int, who: str, now: int) -> None:
        """So many more have come."""
        self._enter(site, kind, count, who, now, counted=False)

    def entries(self, site: str, kind: StockKind) -> list[Entry]:
        """Return countings and deliveries in order of time."""
        query = select(stock.c.time, stock.c.count, stock.c.counted)
        query = query.where(stock.c.site == site, stock.c.kind == kind).order_by(stock.c.time, stock.c.id)
        with self._operations.reading() as connection:
            return [Entry(*row) for row in connection.execute(query)]

    def _enter(self, site: str, kind: StockKind, count: int, who: str, now: int, *, counted: bool) -> None:
        values = {"site": site, "kind": kind, "time": now, "count": count, "counted": counted, "who": who[:120]}
        action = f"stock.{'count' if counted else 'deliver'}"
        entry = {"time": now, "who": who[:120], "action": action, "target": f"{site}/{kind.value}: {count}"}
        with self._operations.writing() as connection:
            connection.execute(insert(stock).values(values))
            connection.execute(insert(audit).values(entry))
