"""Each request has an id: in the answer (`X-Request-ID`), and in every line of the log that is written for it.

Paths are never logged, because some are links that open something; the pattern of the route is.
"""

import logging
import secrets
import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sukusuku_core import logs

HEADER = "X-Request-ID"
SLOW_SECONDS = 3.0
"""An answer that begins later than this is worth a line."""

_log = logging.getLogger("sukusuku_api.requests")


class RequestIds:
    """Middleware that gives ids, and logs which answers were slow or failed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ident, begin = secrets.token_hex(8), time.monotonic()
        logs.REQUEST.set(ident)  # not taken back: Uvicorn logs an error of the program after this has ended

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (HEADER.lower().encode(), ident.encode())]}
                _tell(scope, message["status"], time.monotonic() - begin)
            await send(message)

        await self._app(scope, receive, answer)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or seconds >= SLOW_SECONDS:
        route, handler = scope.get("route"), scope.get("endpoint")
        path = getattr(route, "path", "(no route)")
        module, name = getattr(handler, "__module__", "-"), getattr(handler, "__qualname__", "-")
        _log.warning("%s %s (%s.%s): status %d after %.1f s", scope["method"], path, module, name, status, seconds)
