"""Film cassettes and bags on the shelves of the centres."""

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import Field

from sukusuku_api.dependencies import Context, ContextDep, known_site
from sukusuku_api.problems import documented
from sukusuku_api.schemas import collection
from sukusuku_core.time import japan_time
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.kpi.stock_levels import SiteShelf, shelves

router = APIRouter(prefix="/stock", tags=["stock"])


class ShelfOut(collection.Shape):
    """A shelf. null: nobody has said what is on it, or nothing was used lately."""

    site: str
    kind: StockKind
    left: int | None = Field(description="Below 0: more was used than there can have been; somebody should count")
    counted: datetime | None = Field(description="When it was last counted; null: only deliveries are known")
    used: int | None = Field(description="Since then")
    days: float | None = Field(description="Days that it lasts at the pace of the last four weeks")


class StockOut(collection.Shape):
    """All shelves."""

    time: datetime
    shelves: list[ShelfOut]


class Counting(collection.Asked):
    """How many, of what, where."""

    site: str = Field(examples=["tobu"])
    kind: StockKind
    count: int = Field(ge=0, le=100_000)


_STATUSES = documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


@router.get("", summary="Stock")
def stock(context: ContextDep) -> StockOut:
    """Every shelf. Bags are used by emptyings, film cassettes by units whose film is suddenly longer again."""
    return _all(context)


@router.post("/count", summary="Count a shelf", responses=_STATUSES)
def count(context: ContextDep, body: Counting) -> StockOut:
    """There are so many. Answers with all shelves."""
    known_site(context, body.site)
    Stock(context.operations).count(body.site, body.kind, body.count, body.by, context.clock())
    return _all(context)


@router.post("/deliver", summary="Put a delivery on a shelf", responses=_STATUSES)
def deliver(context: ContextDep, body: Counting) -> StockOut:
    """So many more have come. Answers with all shelves."""
    known_site(context, body.site)
    Stock(context.operations).deliver(body.site, body.kind, body.count, body.by, context.clock())
    return _all(context)


def _all(context: Context) -> StockOut:
    now = context.clock()
    return StockOut(
        time=japan_time(now),
        shelves=[_out(item) for item in shelves(context.operations, context.store.history, context.facility.site, now)],
    )


def _out(item: SiteShelf) -> ShelfOut:
    if item.shelf is None:
        return ShelfOut(site=item.site, kind=item.kind, left=None, counted=None, used=None, days=None)
    shelf = item.shelf
    return ShelfOut(
        site=item.site,
        kind=item.kind,
        left=shelf.left,
        counted=collection.at(shelf.counted),
        used=shelf.used,
        days=None if shelf.days is None else round(shelf.days, 1),
    )
