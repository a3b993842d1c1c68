"""The cookie of a session: how it is set, and that it gets a new token when the rights of its account have changed."""

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, cast

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from sukusuku_api.access.authentication import Authentication

LASTS_SECONDS = 14 * 86_400
_TURNED = "session_token"


def header(name: str, token: str, *, secure: bool, lasts: int = LASTS_SECONDS) -> str:
    """Return the value of `Set-Cookie` for a token; with an empty one, the cookie goes."""
    cookie: SimpleCookie = SimpleCookie()
    cookie[name] = token
    cookie[name].update({"path": "/", "max-age": str(lasts if token else 0), "samesite": "lax"})
    for flag in ("httponly", "secure") if secure else ("httponly",):
        cookie[name][flag] = True
    return cookie[name].OutputString()


def turned(request: HTTPConnection, token: str) -> None:
    """Let the answer to a request bring a new token."""
    setattr(request.state, _TURNED, token)


class SessionCookie:
    """Middleware that puts a new token into the answer, whatever kind of answer that is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def with_cookie(message: Message) -> None:
            token = scope.get("state", {}).get(_TURNED)
            if message["type"] == "http.response.start" and token:
                authentication = cast("Authentication", scope["app"].state.authentication)
                value = header(authentication.cookie, token, secure=authentication.secure)
                MutableHeaders(scope=message).append("set-cookie", value)
            await send(message)

        await self._app(scope, receive, with_cookie if scope["type"] == "http" else send)
