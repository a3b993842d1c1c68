"""Single sign-on: the way to the OpenID provider and back. The way there changes nothing here."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import RedirectResponse

from sukusuku_api import routes
from sukusuku_api.access import session_cookie
from sukusuku_api.access.oidc import flow as flows
from sukusuku_api.access.oidc.errors import ProviderAwayError, ProviderRefusedError
from sukusuku_api.access.oidc.flow import Flow
from sukusuku_api.access.sign_in import Refusal, SignInError
from sukusuku_api.access.single_sign_on import SingleSignOn
from sukusuku_api.dependencies import Context, PublicContext
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base, forms
from sukusuku_api.web.sign_in import page
from sukusuku_server.access.records import Account
from sukusuku_server.access.single_sign_on import BY
from sukusuku_server.db.sign_in_attempts import SignInAttempts

if TYPE_CHECKING:
    from sukusuku_api.access.oidc.provider import Provider

log = logging.getLogger(__name__)

_COOKIE = "sign-in"
Answer = Annotated[str, Query(max_length=4096)]

router = APIRouter(include_in_schema=False, prefix=page.PROVIDER)


def install(app: FastAPI) -> None:
    """Add the two addresses."""
    routes.add(app, router)


def prepare(app: FastAPI) -> None:
    """Let the application know the provider of its settings, if there is one.

    What is known of it stays known when something else has changed: it may be away just now.
    """
    app.state.provider = _opened(app.state.context, app.state.provider)


@router.get("")
def there(
    request: Request,
    context: PublicContext,
    lang: base.Lang = "ja",
    next: Annotated[str, Query(max_length=1024)] = "",  # noqa: A002
) -> Response:
    """Lead to the provider; the browser keeps a cookie that the way back is compared with."""
    provider = known(request)
    flow = flows.begin(page.own_page(next), lang, context.clock())
    try:
        address = provider.address(flow)
    except ProviderAwayError:
        return _again(flow, Refusal.AWAY)
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER, headers=forms.HEADERS)
    answer.headers.append("set-cookie", cookie(request, flows.written(flow)))
    return answer


@router.get("/callback")
def back(
    request: Request,
    context: PublicContext,
    state: Answer = "",
    code: Answer = "",
    error: Answer = "",
    iss: Answer = "",
) -> Response:
    """Take what the provider sends back, once; then to the page that was asked for."""
    provider, now = known(request), context.clock()
    flow = flows.read(request.cookies.get(_name(request), ""))
    if flow is None or not flow.holds(state, now) or iss not in {"", provider.settings.issuer}:
        return _again(flow or flows.begin("", "ja", now), Refusal.EXPIRED)
    if error or not code:
        answer = _again(flow, Refusal.CANCELLED if error == "access_denied" else Refusal.REFUSED)
    else:
        answer = _signed_in(request, context, provider, code, flow)
    answer.headers.append("set-cookie", cookie(request, ""))
    return answer


def _signed_in(request: Request, context: Context, provider: "Provider", code: str, flow: Flow) -> Response:
    address, agent = page.whence(request)
    way = SingleSignOn(context.operations, context.clock, page.authentication(request), provider.settings)
    then = page.own_page(flow.then) or f"/?lang={flow.language}"
    try:
        own = _own(request, flow) if flow.account else None
        claims, token = _redeemed(context, provider, code, flow, address)
        if own is not None:
            way.link(own, claims, address)
            page.authentication(request).forget()
            return RedirectResponse(then, HTTPStatus.SEE_OTHER, headers=forms.HEADERS)
        signed_in = way.signed_in(claims, token, flow.language, address, agent)
    except SignInError as error:
        return _again(flow, error.refusal or Refusal.REFUSED)
    return page.with_cookie(request, signed_in.token, then)


def _own(request: Request, flow: Flow) -> Account:
    """Return the account that is to be linked; it must still be the one that is signed in. Raises SignInError."""
    who = page.authentication(request).principal(request)
    if who is None or who.account is None or who.account.id != flow.account:
        raise SignInError(Refusal.EXPIRED)
    return who.account


def _redeemed(
    context: Context, provider: "Provider", code: str, flow: Flow, address: str
) -> tuple[Mapping[str, Any], str]:
    attempts, attempt = SignInAttempts(context.operations), f"{BY} {flow.state}"
    if attempts.admit(attempt, address, context.clock()):
        raise SignInError(Refusal.LATER)
    try:
        claims, token = provider.redeem(code, flow)
    except ProviderAwayError as error:
        raise SignInError(Refusal.AWAY) from error
    except ProviderRefusedError as error:
        log.warning("somebody from %s is not signed in by the OpenID provider: %s", address, error)
        raise SignInError(Refusal.REFUSED) from error
    attempts.succeeded(attempt, address)
    return claims, token


def _again(flow: Flow, refusal: Refusal) -> Response:
    """Lead back to the form, which says why: a reason stands in the address, and no text."""
    path, then = ("/account", {}) if flow.account else (page.PATH, {"next": page.own_page(flow.then)})
    where = {"lang": flow.language, "refusal": refusal} | then
    return RedirectResponse(f"{path}?{urlencode(where)}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def known(request: Request) -> "Provider":
    """Return the provider. Raises ProblemError (404) when there is none."""
    found = page.provider(request)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "There is no single sign-on here.")
    return found


def _opened(context: Context, before: "Provider | None") -> "Provider | None":
    facility = context.facility
    if facility.oidc is None:
        return None
    from sukusuku_api.access.oidc.provider import Provider  # noqa: PLC0415 - its libraries load for a third of a second

    opened = Provider(facility.oidc, f"{facility.web.url.rstrip('/')}{page.CALLBACK}", context.clock)
    return before if before is not None and before.is_like(opened) else opened


def _name(request: Request) -> str:
    return f"{page.authentication(request).cookie}-{_COOKIE}"


def cookie(request: Request, value: str) -> str:
    """Return the header that lets a browser remember a sign-in that has begun; with an empty value, forget it."""
    lasts = flows.LASTS_MS // 1000
    return session_cookie.header(_name(request), value, secure=page.authentication(request).secure, lasts=lasts)
