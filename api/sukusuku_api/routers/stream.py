"""The live stream."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

from fastapi import Request
from fastapi.sse import EventSourceResponse

from sukusuku_api.listening import BroadcastDep, WhoDep, looking
from sukusuku_api.live_changes import JSON
from sukusuku_api.problems import documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas.live import LiveChangeOut, LiveOut

router = resource(tag="stream")


@router.get(
    "/stream",
    summary="Live stream",
    response_class=EventSourceResponse,
    response_description="Server-sent events",
    responses=documented(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def stream(
    request: Request, broadcast: BroadcastDep, who: WhoDep
) -> AsyncIterator[LiveOut | LiveChangeOut | int]:
    """Server-sent events. `state` carries all units, rooms and open alerts that you may see (schema `LiveOut`).

    It is sent at once, and again when you may see something else. From then on `change` carries those of them that
    have changed (schema `LiveChangeOut`). Who comes back within some seconds with the id of the last event
    (`Last-Event-ID`, as browsers do) gets only what has changed meanwhile. The stream ends when you may see nothing.
    Values that only grow older cause no event.
    After ten seconds without one comes a comment and an event `beat` whose data is the server's time in UTC ms.
    """
    last = request.headers.get("last-event-id", "")
    async with contextlib.aclosing(broadcast.events(looking(request), JSON, who, last)) as events:
        async for event in events:
            yield event  # type: ignore[misc] # FastAPI describes the data by the annotation, and takes whole events as well
