"""What lies on the shelf of a site: film cassettes and bags, counted or delivered by people."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, insert, select

from sukusuku_core.errors import SukusukuError
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import stock
from sukusuku_server.model.collection import Entry


class StockKind(StrEnum):
    """What is in stock."""

    FILM = "film"
    BAG = "bag"


class UnknownEntryError(SukusukuError):
    """There is no count and no delivery with this id."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a shelf: so many were there (`counted`), or so many came. `time` is UTC ms."""

    id: int
    site: str
    kind: StockKind
    time: int
    count: int
    counted: bool
    who: str


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

    def shelves(self) -> dict[tuple[str, StockKind], list[Entry]]:
        """Return countings and deliveries in order of time, by site and kind: of all shelves of which there are any."""
        query = select(stock.c.site, stock.c.kind, stock.c.time, stock.c.count, stock.c.counted)
        found: dict[tuple[str, StockKind], list[Entry]] = {}
        with self._operations.reading() as connection:
            for site, kind, *entry in connection.execute(query.order_by(stock.c.time, stock.c.id)):
                found.setdefault((site, StockKind(kind)), []).append(Entry(*entry))
        return found

    def said(self) -> list[Said]:
        """Return who said what of all shelves, the newest first."""
        query = select(stock).order_by(stock.c.time.desc(), stock.c.id.desc())
        with self._operations.reading() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return [Said(**{**row, "kind": StockKind(row["kind"])}) for row in rows]

    def withdraw(self, ident: int, who: str, now: int) -> None:
        """Take a count or delivery back; the audit log keeps what it said. Raises UnknownEntryError.

        Who said it stands in the entry of that time.
        """
        with self._operations.writing() as connection:
            row = connection.execute(delete(stock).where(stock.c.id == ident).returning(*stock.c)).first()
            if row is None:
                raise UnknownEntryError(f"there is no entry {ident}")
            word = "count" if row.counted else "deliver"
            target = f"{row.site}/{row.kind}: {word} {row.count} of {row.time}"
            audit_entry.note(connection, now, who, "stock.withdraw", target)

    def _enter(self, site: str, kind: StockKind, count: int, who: str, now: int, *, counted: bool) -> None:
        values = {"site": site, "kind": kind, "time": now, "count": count, "counted": counted, "who": who[:120]}
        action = f"stock.{'count' if counted else 'deliver'}"
        with self._operations.writing() as connection:
            connection.execute(insert(stock).values(values))
            audit_entry.note(connection, now, who, action, f"{site}/{kind.value}: {count}")
