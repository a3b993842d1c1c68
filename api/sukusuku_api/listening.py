"""Who listens to the live state, as the streams of the API and of the wall have them."""

from collections.abc import Callable, Hashable
from typing import Annotated, cast

from fastapi import Depends, Request

from sukusuku_api.dependencies import Context, UnitsContext, authenticated, units_context
from sukusuku_api.live_stream import Broadcast
from sukusuku_api.problems import ProblemError


def broadcast(request: Request) -> Broadcast:
    """Return the one that tells."""
    return cast("Broadcast", request.app.state.broadcast)


BroadcastDep = Annotated[Broadcast, Depends(broadcast)]


def _who(context: UnitsContext, broadcast: BroadcastDep) -> Hashable:
    """Return whose stream it is. Raises ProblemError (503) when they have too many."""
    who = None if context.principal is None else context.principal.actor.reference
    broadcast.may_listen(who)
    return who


WhoDep = Annotated[Hashable, Depends(_who)]


def looking(request: Request) -> Callable[[], Context | None]:
    """Return how to find out what the listener sees now; None: nothing any more."""

    def look() -> Context | None:
        try:
            who = authenticated(request)  # its headers are sent: no token could be changed
            return units_context.context(request, who)
        except ProblemError:
            return None

    return look
