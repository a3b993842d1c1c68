"""The live stream."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from sukusuku_api.live_stream import Broadcast

router = APIRouter(tags=["stream"])

_EXAMPLE = 'event: state\ndata: {"time":"2026-11-20T09:15:30+09:00","units":[],"rooms":[],"alerts":[]}\n\n'


def _broadcast(request: Request) -> Broadcast:
    return cast("Broadcast", request.app.state.broadcast)


BroadcastDep = Annotated[Broadcast, Depends(_broadcast)]


@router.get(
    "/stream",
    summary="Live stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def stream(broadcast: BroadcastDep) -> StreamingResponse:
    """Server-sent events. `state` carries all units, rooms and open alerts (schema `LiveOut`).

    It comes at once, and again whenever one of them changed; values that merely grow older make no event.
    After ten seconds without one comes a comment and an event `beat` whose data is the server's time in UTC ms.
    """
    return StreamingResponse(
        broadcast.events(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )
