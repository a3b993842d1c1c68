"""Requests for a visit."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path
from pydantic import Field

from sukusuku_api.dependencies import RequestingContext, RoundsContext, known_unit
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_core.time import japan_time
from sukusuku_server.db.visit_requests import Requests

router = resource("/requests", "rounds")

RequestId = Annotated[int, Path(description="Id of a request", ge=0, lt=2**63, examples=[3])]


class Request(collection.Asked):
    """Who asks, and for which unit."""

    unit: str = Field(examples=["tobu-unit-1"])


@router.get("", summary="Requests for a visit")
def requests(context: RoundsContext) -> collection.RequestsOut:
    """List open requests, the oldest first. The next round stops there."""
    found = [item for item in Requests(context.operations).standing() if context.sees(item.asset)]
    return collection.RequestsOut(
        time=japan_time(context.clock()), requests=[collection.request(item) for item in found]
    )


@router.post(
    "",
    summary="Request a visit",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def ask(context: RequestingContext, body: Request) -> collection.RequestOut:
    """Request a visit: the next round stops at the unit at any fill level. A second call returns the open request."""
    known_unit(context, body.unit)
    return collection.request(Requests(context.operations).ask(body.unit, context.name(body.by), context.clock()))


@router.post(
    "/{request_id}/withdraw",
    summary="Withdraw a request",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def withdraw(
    context: RequestingContext, request_id: RequestId, body: collection.Asked | None = None
) -> collection.RequestsOut:
    """Withdraw a request. 404 when it is not open. Returns the requests that are still open."""
    book = Requests(context.operations)
    if request_id not in {item.id for item in book.standing() if context.sees(item.asset)}:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no open request {request_id}.")
    book.withdraw(request_id, context.name(body.by) if body is not None else context.account_name, context.clock())
    return requests(context)
