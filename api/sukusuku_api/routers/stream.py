"""The live stream."""

import contextlib
from collections.abc import AsyncIterator, Hashable
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse

from sukusuku_api.dependencies import Context, UnitsContext, authenticated, units_context
from sukusuku_api.live_stream import Broadcast
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.schemas.live import LiveOut

router = APIRouter(tags=["stream"])


def _broadcast(request: Request) -> Broadcast:
    return cast("Broadcast", request.app.state.broadcast)


BroadcastDep = Annotated[Broadcast, Depends(_broadcast)]


def _who(context: UnitsContext, broadcast: BroadcastDep) -> Hashable:
    """Return whose stream it is. Raises ProblemError (503) when they have too many."""
    who = None if context.principal is None else context.principal.actor.reference
    broadcast.may_listen(who)
    return who


WhoDep = Annotated[Hashable, Depends(_who)]


@router.get(
    "/stream",
    summary="Live stream",
    response_class=EventSourceResponse,
    response_description="Server-sent events",
    responses=documented(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def stream(request: Request, broadcast: BroadcastDep, who: WhoDep) -> AsyncIterator[LiveOut | int]:
    """Server-sent events. `state` carries all units, rooms and open alerts that you may see (schema `LiveOut`).

    It is sent at once and again whenever one of them changes, or what you may see; it ends when you may see nothing.
    Values that only grow older cause no event.
    After ten seconds without one comes a comment and an event `beat` whose data is the server's time in UTC ms.
    """

    def look() -> Context | None:
        try:
            return units_context(request, authenticated(request))  # its headers are sent: no token could be changed
        except ProblemError:
            return None

    async with contextlib.aclosing(broadcast.events(look, who)) as events:
        async for event in events:
            yield event  # type: ignore[misc] # FastAPI describes the data by the annotation, and takes whole events as well
