"""The shelves of the centres: what people counted, held against what was used since."""

from dataclasses import dataclass
from itertools import pairwise

from sukusuku_api.context import Context
from sukusuku_collector.derive.model import EmptyingState
from sukusuku_collector.derive.stock import LOOK_BACK_DAYS, Shelf, shelf
from sukusuku_collector.opening import DAY_MS
from sukusuku_collector.operations.emptyings import Emptyings
from sukusuku_collector.operations.stock import Stock, StockKind
from sukusuku_collector.settings import Site

NEW_FILM_PERCENT = 30.0
"""The film remaining rises by at least so much from one hour to a later one when a new cassette is put in."""


@dataclass(frozen=True, slots=True)
class SiteShelf:
    """What lies on a shelf of a centre; None: nobody has ever said."""

    site: str
    kind: StockKind
    shelf: Shelf | None


def shelves(context: Context, sites: list[Site], now: int) -> list[SiteShelf]:
    """Both shelves of each centre."""
    book = Stock(context.operations)
    found = []
    for site in sites:
        for kind in StockKind:
            entries = book.entries(site.id, kind)
            since = min([now - LOOK_BACK_DAYS * DAY_MS, *(entry.time for entry in entries)])
            uses = _bags(context, site, since, now) if kind is StockKind.BAG else _films(context, site, since, now)
            found.append(SiteShelf(site.id, kind, shelf(entries, uses, now) if entries else None))
    return found


def _bags(context: Context, site: Site, since: int, now: int) -> list[int]:
    book = Emptyings(context.operations)
    found = [emptying for unit in site.unit for emptying in book.of(unit.id, since, now + 1)]
    return [emptying.time for emptying in found if emptying.state is not EmptyingState.REJECTED]


def _films(context: Context, site: Site, since: int, now: int) -> list[int]:
    found = []
    for unit in site.unit:
        hours = context.store.hourly(unit.id, "Film/Remaining", since, now)
        found += [later.time for one, later in pairwise(hours) if later.last - one.last >= NEW_FILM_PERCENT]
    return found
