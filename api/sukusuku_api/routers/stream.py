"""The live stream."""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse

from sukusuku_api.dependencies import Context, UnitsContext, units_context, who_asks
from sukusuku_api.live_stream import Broadcast
from sukusuku_api.problems import ProblemError
from sukusuku_api.schemas.live import LiveOut

router = APIRouter(tags=["stream"])


def _broadcast(request: Request) -> Broadcast:
    return cast("Broadcast", request.app.state.broadcast)


BroadcastDep = Annotated[Broadcast, Depends(_broadcast)]


@router.get(
    "/stream",
    summary="Live stream",
    response_class=EventSourceResponse,
    response_description="Server-sent events",
)
async def stream(request: Request, broadcast: BroadcastDep, _: UnitsContext) -> AsyncIterator[LiveOut | int]:
    """Server-sent events. `state` carries all units, rooms and open alerts that you may see (schema `LiveOut`).

    It is sent at once and again whenever one of them changes, or what you may see; it ends when you may see nothing.
    Values that only grow older cause no event.
    After ten seconds without one comes a comment and an event `beat` whose data is the server's time in UTC ms.
    """

    def look() -> Context | None:
        try:
            return units_context(request, who_asks(request))
        except ProblemError:
            return None

    async for event in broadcast.events(look):
        yield event  # type: ignore[misc] # FastAPI describes the data by the annotation, and takes whole events as well
