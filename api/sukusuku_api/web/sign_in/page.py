"""Sign in and out. A GET changes nothing, except that a display's link begins what the display shows."""

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from sukusuku_api import routes
from sukusuku_api.access import session_cookie
from sukusuku_api.access.authentication import Authentication, client_address
from sukusuku_api.access.sign_in import Newcomer, Refusal, SignIn, SignInError
from sukusuku_api.dependencies import Context, PublicContext
from sukusuku_api.web import base, forms
from sukusuku_api.web.sign_in.texts import refused
from sukusuku_server.access.passwords import LONGEST, SHORTEST
from sukusuku_server.access.records import OneTimeLink, Purpose
from sukusuku_server.access.rights import Act
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.settings import Language
from sukusuku_server.settings.mail_address import MailAddress

if TYPE_CHECKING:
    from sukusuku_api.access.oidc.provider import Provider

PATH = "/sign-in"
WELCOME = "/welcome"
PROVIDER = f"{PATH}/provider"
CALLBACK = f"{PROVIDER}/callback"
DISPLAY = "/d"
Typed = Annotated[str, Field(max_length=1024)]
"""A field; what is longer is no login and no password."""
_OWN_PAGE = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")
"""A page of this server, to which the sign-in leads back: never another host."""

router = APIRouter(include_in_schema=False)


class Entry(BaseModel):
    """What is typed into the form of the sign-in."""

    login: Typed = ""
    password: Typed = ""
    next: Typed = ""


class Welcome(BaseModel):
    """What is typed by whoever opens a one-time link."""

    login: Annotated[forms.Line, Field(max_length=254)] = ""
    name: Annotated[forms.Line, Field(max_length=80)] = ""
    password: Typed = ""
    again: Typed = ""


def install(app: FastAPI) -> None:
    """Add the pages."""
    routes.add(app, router)


@router.get(PATH)
def form(
    request: Request,
    context: PublicContext,
    lang: base.Lang = "ja",
    next: str = "",  # noqa: A002 - the name in the address
    refusal: str = "",
) -> Response:
    """Return the form; whoever is signed in goes on at once. `refusal` is why the provider's way did not lead in."""
    if authentication(request).principal(request) is not None and own_page(next):
        return RedirectResponse(own_page(next), HTTPStatus.SEE_OTHER)
    entry = Entry(next=own_page(next))
    if refusal not in set(Refusal):
        return _form(request, context, lang, entry)
    error = refused(SignInError(Refusal(refusal)), base.texts(lang).gettext)
    return _form(request, context, lang, entry, error, HTTPStatus.FORBIDDEN)


@router.post(PATH)
def sign_in(
    request: Request, context: PublicContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Sign in; then to the page that was asked for, or to the second factor."""
    if not forms.is_own(request):
        return _again(request, context, lang, entry, base.texts(lang).gettext("This form must be sent from this page."))
    try:
        signed_in = _sign_in(request, context).with_password(entry.login, entry.password, *whence(request))
    except SignInError as error:
        return _again(request, context, lang, entry, refused(error, base.texts(lang).gettext))
    if signed_in.waits:
        where = f"{PATH}/code?lang={lang}&next={quote(own_page(entry.next))}"
    else:
        where = own_page(entry.next) or f"/?lang={lang}"
    return with_cookie(request, signed_in.token, where)


@router.get(f"{PATH}/code")
def code_form(context: PublicContext, lang: base.Lang = "ja", next: str = "") -> HTMLResponse:  # noqa: A002
    """Return the form for the code of the second factor."""
    return shown(context, lang, "sign_in_code.html", {"next": own_page(next), "error": ""})


@router.post(f"{PATH}/code")
def code(
    request: Request,
    context: PublicContext,
    code: Annotated[str, Form(max_length=32)] = "",
    next: Annotated[str, Form(max_length=1024)] = "",  # noqa: A002
    lang: base.Lang = "ja",
) -> Response:
    """Take the code of the second factor; then to the page that was asked for."""
    session = authentication(request).session(request) if forms.is_own(request) else None
    try:
        signed_in = _sign_in(request, context).with_code(session, code, client_address(request))
    except SignInError as error:
        values = {"next": own_page(next), "error": refused(error, base.texts(lang).gettext)}
        return shown(context, lang, "sign_in_code.html", values, HTTPStatus.UNPROCESSABLE_ENTITY)
    return with_cookie(request, signed_in.token, own_page(next) or f"/?lang={lang}")


@router.get(WELCOME + "/{token}")
def welcome(request: Request, context: PublicContext, token: str, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the form of a one-time link. Nothing is used up."""
    link = _sign_in(request, context).link(token)
    if link is None:
        return _over(context, lang)
    return _welcome(context, lang, link, Welcome(), "")


@router.post(WELCOME + "/{token}")
def set_password(
    request: Request, context: PublicContext, token: str, entry: Annotated[Welcome, Form()], lang: base.Lang = "ja"
) -> Response:
    """Set the password, for the first account its login and name too; then sign in."""
    translate, ways = base.texts(lang).gettext, _sign_in(request, context)
    link = ways.link(token)
    if link is None:
        return _over(context, lang)
    wrong = _wrong(link, entry, lang) if forms.is_own(request) else translate("This form must be sent from this page.")
    if wrong:
        return _welcome(context, lang, link, entry, wrong)
    newcomer = Newcomer(entry.password, entry.login, entry.name, lang)
    try:
        signed_in = ways.with_link(token, newcomer, *whence(request))
    except SignInError as error:
        return _welcome(context, lang, link, entry, refused(error, translate))
    if signed_in.waits:
        return with_cookie(request, signed_in.token, f"{PATH}/code?lang={lang}")
    return with_cookie(request, signed_in.token, f"/?lang={lang}")


@router.get(DISPLAY + "/{token}")
def display(
    request: Request,
    context: PublicContext,
    token: str,
    lang: base.Lang = "ja",
    site: Annotated[str, Query(max_length=63)] = "",
    theme: Literal["light", "dark", ""] = "",
) -> Response:
    """Show what the link of a display allows: the wall, or that of one centre; light or dark, if it says so."""
    found = _sign_in(request, context).by_display_link(token, *whence(request))
    if found is None:
        return _over(context, lang)
    signed_in, rights = found
    wall = f"/wall/{site}" if site in context.index.sites and rights.may(Act.VIEW_UNITS, site) else "/wall"
    where = f"{wall}?lang={lang}{f'&theme={theme}' if theme else ''}"
    return with_cookie(request, signed_in.token, where, lasts=10 * 365 * 86_400)


def own_page(path: str) -> str:
    """Return a path of this server; empty for anything that could lead elsewhere."""
    return path if _OWN_PAGE.fullmatch(path) else ""


def _wrong(link: OneTimeLink, entry: Welcome, language: Language) -> str:
    translate = base.texts(language).gettext
    if entry.password != entry.again:
        return translate("The two passwords differ.")
    if link.account is None:
        if not entry.name:
            return translate("Please enter your name.")
        try:
            MailAddress(entry.login)
        except ValueError:
            return translate("Please enter your mail address; you sign in with it.")
    return ""


def _welcome(context: Context, language: Language, link: OneTimeLink, entry: Welcome, error: str) -> HTMLResponse:
    account = None if link.account is None else Accounts(context.operations).one(link.account)
    values = {
        "over": False,
        "account": account,
        "first": link.purpose is Purpose.SETUP,
        "reset": link.purpose is Purpose.RESET,
        "entry": entry,
        "error": error,
        "shortest": SHORTEST,
        "longest": LONGEST,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return shown(context, language, "welcome.html", values, status)


def _over(context: Context, language: Language) -> HTMLResponse:
    return shown(context, language, "welcome.html", {"over": True, "error": ""}, HTTPStatus.NOT_FOUND)


def _again(request: Request, context: Context, language: Language, entry: Entry, error: str) -> HTMLResponse:
    kept = Entry(login=entry.login[:254], next=own_page(entry.next))
    return _form(request, context, language, kept, error, HTTPStatus.UNPROCESSABLE_ENTITY)


def _form(
    request: Request,
    context: Context,
    language: Language,
    entry: Entry,
    error: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    known = provider(request)
    values = {
        "entry": entry,
        "error": error,
        "provider": "" if known is None else known.settings.label[language],
        "away": known is not None and known.away and not error,
        "passwords": known is None or known.settings.passwords,
    }
    return shown(context, language, "sign_in.html", values, status)


def shown(
    context: Context,
    language: Language,
    template: str,
    values: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """Return a page that is seen before anybody has signed in."""
    common = {
        "operator": context.facility.operator,
        "language": language,
        "path": PATH,
    }
    html = base.environment(language).get_template(template).render(common | values)
    return HTMLResponse(html, status, headers=forms.HEADERS)


def with_cookie(
    request: Request, token: str, where: str, lasts: int = session_cookie.LASTS_SECONDS
) -> RedirectResponse:
    """Lead to a page, with the token of a session in the cookie."""
    known = authentication(request)
    known.forget()
    answer = RedirectResponse(where, HTTPStatus.SEE_OTHER, headers=forms.HEADERS)
    cookie = session_cookie.header(known.cookie, token, secure=known.secure, lasts=lasts)
    answer.headers.append("set-cookie", cookie)
    return answer


def whence(request: Request) -> tuple[str, str]:
    """Return the address that a request comes from, and what its browser calls itself."""
    return client_address(request), request.headers.get("user-agent", "")


def authentication(request: Request) -> Authentication:
    """Return what finds out who asks."""
    return cast("Authentication", request.app.state.authentication)


def provider(request: Request) -> "Provider | None":
    """Return the OpenID provider; None: people sign in with passwords only."""
    return cast("Provider | None", request.app.state.provider)


def _sign_in(request: Request, context: Context) -> SignIn:
    known = provider(request)
    passwords = known is None or known.settings.passwords
    return SignIn(context.operations, context.clock, authentication(request), passwords=passwords)
