"""Requests for a visit."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from sukusuku_api.dependencies import ContextDep, known_unit
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.schemas import collection
from sukusuku_core.time import japan_time
from sukusuku_server.db.visit_requests import Requests

router = APIRouter(prefix="/requests", tags=["rounds"])

RequestId = Annotated[int, Path(description="Id of a request", ge=0, lt=2**63, examples=[3])]


class Request(collection.Asked):
    """Who asks, and for which unit."""

    unit: str = Field(examples=["tobu-unit-1"])


@router.get("", summary="Requests for a visit")
def requests(context: ContextDep) -> collection.RequestsOut:
    """Requests that stand, the oldest first. The next round stops there."""
    found = Requests(context.operations).standing()
    return collection.RequestsOut(
        time=japan_time(context.clock()), requests=[collection.request(item) for item in found]
    )


@router.post(
    "",
    summary="Ask for a visit",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def ask(context: ContextDep, body: Request) -> collection.RequestOut:
    """The next round stops at the unit, whatever its level. Asking again answers the request that stands."""
    known_unit(context, body.unit)
    return collection.request(Requests(context.operations).ask(body.unit, body.by, context.clock()))


@router.post(
    "/{request_id}/withdraw",
    summary="Take a request back",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def withdraw(context: ContextDep, request_id: RequestId) -> collection.RequestsOut:
    """The visit is not needed after all. 404 when no such request stands. Answers with those that still stand."""
    book = Requests(context.operations)
    if request_id not in {item.id for item in book.standing()}:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"No request {request_id} stands.")
    book.withdraw(request_id, context.clock())
    return requests(context)
