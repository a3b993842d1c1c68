"""The shelves of the centres: what people counted, held against what was used since."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sukusuku_core.time import DAY_MS
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.model.collection import EmptyingState, Entry
from sukusuku_server.settings import Site
from sukusuku_server.timeseries.protocols import HistoryReader
from sukusuku_server.units.consumables import LOOK_BACK_DAYS, Shelf, shelf

NEW_FILM_PERCENT = 30.0
"""The film remaining rises by at least so much from one hour to a later one when a new cassette is put in."""


@dataclass(frozen=True, slots=True)
class SiteShelf:
    """What lies on a shelf of a centre; None: nobody has ever said."""

    site: str
    kind: StockKind
    shelf: Shelf | None


def shelves(operations: Operations, history: HistoryReader, sites: Sequence[Site], now: int) -> list[SiteShelf]:
    """Both shelves of each centre. Raises TransientError when a database does not answer."""
    said = Stock(operations).shelves()

    def found(site: Site, kind: StockKind) -> Shelf | None:
        entries = said.get((site.id, kind))
        return None if entries is None else _shelf(operations, history, site, kind, entries, now)

    return [SiteShelf(site.id, kind, found(site, kind)) for site in sites for kind in StockKind]


def _shelf(
    operations: Operations, history: HistoryReader, site: Site, kind: StockKind, entries: Sequence[Entry], now: int
) -> Shelf | None:
    since = min([now - LOOK_BACK_DAYS * DAY_MS, *(entry.time for entry in entries)])
    uses = _bags(operations, site, since, now) if kind is StockKind.BAG else _films(history, site, since, now)
    return shelf(entries, uses, now)


def _bags(operations: Operations, site: Site, since: int, now: int) -> list[int]:
    book = Emptyings(operations)
    found = [emptying for unit in site.unit for emptying in book.of(unit.id, since, now + 1)]
    return [emptying.time for emptying in found if emptying.state is not EmptyingState.REJECTED]


def _films(history: HistoryReader, site: Site, since: int, now: int) -> list[int]:
    found = []
    for unit in site.unit:
        rolled = history.hourly(unit.id, "Film/Remaining", since, now)
        found += [later.time for one, later in pairwise(rolled) if later.last - one.last >= NEW_FILM_PERCENT]
    return found
