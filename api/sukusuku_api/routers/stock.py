"""Film cassettes and bags on the shelves of the centres."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Path
from pydantic import Field

from sukusuku_api.dependencies import Context, EmptyingContext, UnitsContext, known_site
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_core.time import japan_time
from sukusuku_server.db.stock import Stock, StockKind, UnknownEntryError
from sukusuku_server.kpi.stock_levels import SiteShelf, shelves

router = resource("/stock", "stock")


class ShelfOut(collection.Shape):
    """The stock of one kind at a centre. null: never counted, or nothing was used lately."""

    site: str
    kind: StockKind
    left: int | None = Field(description="Below 0: more was used than was in stock; it should be counted")
    counted: datetime | None = Field(description="Time of the last count; null: only deliveries are known")
    used: int | None = Field(description="Used since then")
    days: float | None = Field(description="Days until it runs out, at the pace of the last four weeks")


class StockOut(collection.Shape):
    """All stock."""

    time: datetime
    shelves: list[ShelfOut]


class EntryOut(collection.Shape):
    """A count, or a delivery."""

    id: int
    site: str
    kind: StockKind
    time: datetime
    count: int
    counted: bool = Field(description="true: that many were there; false: that many came")
    by: str


class EntriesOut(collection.Shape):
    """Counts and deliveries, the newest first."""

    entries: list[EntryOut]


EntryId = Annotated[int, Path(description="Id of a count or delivery", ge=0, lt=2**63, examples=[3])]


class Counting(collection.Asked):
    """How many, of what, where."""

    site: str = Field(examples=["tobu"])
    kind: StockKind
    count: int = Field(ge=0, le=100_000)


_STATUSES = documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


@router.get("", summary="Stock")
def stock(context: UnitsContext) -> StockOut:
    """List the stock. An emptying uses a bag; a sudden rise of the film remaining uses a film cassette."""
    return _all(context)


@router.post("/count", summary="Record a count", responses=_STATUSES)
def count(context: EmptyingContext, body: Counting) -> StockOut:
    """Record a count. Returns the stock of all centres."""
    known_site(context, body.site)
    Stock(context.operations).count(body.site, body.kind, body.count, context.name(body.by), context.clock())
    return _all(context)


@router.post("/deliver", summary="Record a delivery", responses=_STATUSES)
def deliver(context: EmptyingContext, body: Counting) -> StockOut:
    """Record a delivery. Returns the stock of all centres."""
    known_site(context, body.site)
    Stock(context.operations).deliver(body.site, body.kind, body.count, context.name(body.by), context.clock())
    return _all(context)


@router.get("/entries", summary="Counts and deliveries")
def entries(context: UnitsContext) -> EntriesOut:
    """List counts and deliveries of all centres, the newest first."""
    return EntriesOut(
        entries=[
            EntryOut(
                id=item.id,
                site=item.site,
                kind=item.kind,
                time=japan_time(item.time),
                count=item.count,
                counted=item.counted,
                by=item.who,
            )
            for item in Stock(context.operations).said()
            if context.sees(item.site)
        ]
    )


@router.post("/entries/{entry_id}/withdraw", summary="Withdraw a count or delivery", responses=_STATUSES)
def withdraw(context: EmptyingContext, entry_id: EntryId, body: collection.Asked) -> StockOut:
    """Take a count or delivery back; the audit log keeps it. Returns the stock of all centres."""
    try:
        known = {item.id: item.site for item in Stock(context.operations).said()}
        if entry_id in known and not context.sees(known[entry_id]):
            raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no entry {entry_id}.")
        Stock(context.operations).withdraw(entry_id, context.name(body.by), context.clock())
    except UnknownEntryError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no entry {entry_id}.") from error
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
