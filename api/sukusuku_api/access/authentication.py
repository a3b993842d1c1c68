"""From a request to whoever it comes from: by a key in its header, or by the cookie of a session.

What is found is kept for a second: a page asks many times at once, and what was revoked must not last.
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from sukusuku_api.access import principal
from sukusuku_api.access.principal import Principal
from sukusuku_api.cache import TtlCache
from sukusuku_api.problems import ProblemError
from sukusuku_core.clock import Clock
from sukusuku_server.access import tokens
from sukusuku_server.access.records import KeyKind, Session, UnknownAccountError
from sukusuku_server.db import Operations
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.sessions import Limits, Sessions

KEPT_SECONDS = 1.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "

Visitor = Callable[[HTTPConnection], Principal | None]
"""Who a request without any proof comes from; nobody, except in the demo."""


class Authentication:
    """Finds out who asks."""

    def __init__(self, operations: Operations, clock: Clock, url: str, visitor: Visitor | None = None) -> None:
        self.secure = urlsplit(url).scheme == "https"
        self.cookie = "__Host-sukusuku" if self.secure else "sukusuku"
        self.sessions = Sessions(operations, Limits())
        self._keys = AccessKeys(operations)
        self._accounts = Accounts(operations)
        self._grants = Grants(operations)
        self._clock = clock
        self._visitor = visitor
        self._kept = TtlCache(KEPT_SECONDS)

    def principal(self, request: HTTPConnection) -> Principal | None:
        """Return who asks; None: nobody who could be found. Raises ProblemError for a wrong key and a foreign form."""
        address = client_address(request)
        header = request.headers.get("authorization", "")
        if header[: len(_BEARER)].lower() == _BEARER:
            token = header[len(_BEARER) :].strip()
            who = self._kept.get(("key", tokens.digest(token), address), lambda: self._by_key(token, address))
            if who is None:
                raise ProblemError(
                    HTTPStatus.UNAUTHORIZED,
                    "This key opens nothing: it was revoked, has expired, or was cut off when it was copied.",
                    headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
                )
            return who
        token = request.cookies.get(self.cookie, "")
        who = self._kept.get(("session", tokens.digest(token), address), lambda: self._by_cookie(token, address))
        judged = who is not None or _tells_origin(request)  # a visitor may be a program, which tells nothing
        if who is None and self._visitor is not None:
            who = self._visitor(request)
        foreign = judged and request.scope.get("method", "GET") not in _SAFE and not self.is_same_origin(request)
        if who is not None and foreign:
            raise ProblemError(HTTPStatus.FORBIDDEN, "This was sent from a page of another site.")
        return who

    def turn(self, session: Session) -> str | None:
        """Return a new token for a session; None: somebody has just given it one, or it is over."""
        self.forget()
        return self.sessions.turn(session, self._clock())

    def is_same_origin(self, request: HTTPConnection) -> bool:
        """Whether a browser tells that a request was made by a page of this server; what tells nothing is not believed.

        `Sec-Fetch-Site` comes over HTTPS and from the own machine only; without it the origin must be the host asked.
        A page that came over plain HTTP is not ours where ours come over HTTPS: anybody on the way can have made it.
        """
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            return site == "same-origin"
        scheme, _, host = (origin or "").partition("://")
        return host == request.headers.get("host") and (scheme == "https" or not self.secure)

    def forget(self) -> None:
        """Look everybody up anew."""
        self._kept.forget()

    def session(self, request: HTTPConnection) -> Session | None:
        """Return the session of a request's cookie, also while it waits for its second factor."""
        return self.sessions.find(request.cookies.get(self.cookie, ""), self._clock())

    def _by_key(self, token: str, address: str) -> Principal | None:
        now = self._clock()
        key = self._keys.find(token, now)
        if key is None or key.kind is not KeyKind.API:
            return None
        return principal.of_key(key, self._grants.of_key(key.id), now, address, None)

    def _by_cookie(self, token: str, address: str) -> Principal | None:
        now = self._clock()
        session = self.sessions.find(token, now) if token else None
        if session is None or session.waits:
            return None
        try:
            return self._of_display(session, now, address) or self._of_person(session, now, address)
        except UnknownAccountError:
            return None

    def _of_display(self, session: Session, now: int, address: str) -> Principal | None:
        if session.key is None or not (key := self._keys.one(session.key)).holds(now):
            return None
        return principal.of_key(key, self._grants.of_key(key.id), now, address, session)

    def _of_person(self, session: Session, now: int, address: str) -> Principal | None:
        if session.account is None or (account := self._accounts.one(session.account)).disabled is not None:
            return None
        return principal.of_account(account, self._grants.of(account), now, address, session)


def client_address(request: HTTPConnection) -> str:
    """Return the address that a request comes from, as the server knows it (behind a proxy: what that says)."""
    return "" if request.client is None else request.client.host


def _tells_origin(request: HTTPConnection) -> bool:
    return "sec-fetch-site" in request.headers or "origin" in request.headers
