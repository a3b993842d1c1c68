"""Requests under a name that is not ours are refused: a page of others could lead a browser here by its own name.

The browser of somebody at a desk would then take our answers for those of that page (DNS rebinding). An address in
numbers is no name that others could point here, and loopback is this machine.
"""

from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from sukusuku_api import problems
from sukusuku_server.settings import Web

if TYPE_CHECKING:
    from sukusuku_api.dependencies import Context


def known(host: str, web: Web) -> bool:
    """Whether a `Host` header names this server: an address in numbers, loopback, or a name of the settings."""
    name = name_of(host)
    return name is not None and (_is_everybodys(name) or name in names(web) or name == web.host.lower())


def name_of(host: str) -> str | None:
    """Return the name in a `Host` header, without port; None: there is none."""
    return _name(f"//{host}")


@lru_cache(1024)  # asked for each request, of each operator
def names(web: Web) -> frozenset[str]:
    """Return the names of the settings that belong to this server alone."""
    found = {_name(web.url), *(item.lower() for item in web.hosts)}
    return frozenset(name for name in found if name is not None and not _is_everybodys(name))


def _is_everybodys(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or _is_address(name)


def _name(url: str) -> str | None:
    try:
        found = urlsplit(url).hostname
    except ValueError:
        return None
    return None if found is None else found.rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class HostNames:
    """Middleware that answers 421 to requests under a name that is none of this server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = HTTPConnection(scope).headers.get("host", "")
        web = cast("Context", scope["app"].state.context).facility.web
        if known(host, web):
            await self._app(scope, receive, send)
            return
        answer = problems.response(
            HTTPStatus.MISDIRECTED_REQUEST,
            f"This server is not called {host[:100]!r}. If it is, put the name into `hosts` of [web] in facility.toml.",
        )
        await answer(scope, receive, send)
