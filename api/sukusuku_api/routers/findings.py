"""Findings about units and rooms."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from sukusuku_api.dependencies import FROM, TO, Time, UnitsContext, between, invalid, known_room, known_unit
from sukusuku_api.problems import documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.db.findings import Findings

router = resource("/findings", "findings")


@router.get("", summary="Findings", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
def findings(
    context: UnitsContext,
    unit: Annotated[str | None, Query(description="Only those of one unit")] = None,
    room: Annotated[str | None, Query(description="Only those of one room")] = None,
    only_open: Annotated[bool, Query(alias="open", description="Only open findings")] = False,  # noqa: FBT002 - a query parameter
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
) -> collection.FindingsOut:
    """List findings of the last 30 days or of the given period: sensors that disagree or cannot be right."""
    if unit is not None:
        known_unit(context, unit)
    if room is not None:
        known_room(context, room)
    if unit is not None and room is not None:
        raise invalid("query.room", "no finding is about a unit and a room; leave one of them out")
    now = context.clock()
    book = Findings(context.operations)
    asset = unit if unit is not None else room
    found = book.open(asset) if only_open else book.of(asset, *between(start, end, now + 1, 30 * DAY_MS))
    return collection.FindingsOut(
        time=japan_time(now), findings=[collection.finding(item) for item in found if context.sees(item.asset)]
    )
