"""One's own account: name, what one may do, password, second factor, devices, and what is kept of oneself."""

from http import HTTPStatus
from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from sukusuku_api import routes
from sukusuku_api.access.authentication import Authentication, client_address
from sukusuku_api.access.sign_in import Refusal, SignInError
from sukusuku_api.dependencies import Context, as_oneself
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base, desk, forms
from sukusuku_api.web.account import qr_code
from sukusuku_api.web.people.action_texts import action
from sukusuku_api.web.people.view_model import grant_lines
from sukusuku_api.web.sign_in.page import Typed, provider, with_cookie
from sukusuku_api.web.sign_in.texts import objected, refused
from sukusuku_core.time import japan_time
from sukusuku_server.access import passwords, second_factor
from sukusuku_server.access.records import Account
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.audit_log import AuditLog
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.sign_in_attempts import SignInAttempts
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Language

PATH = "/account"
_MOST_ENTRIES = 10_000

router = APIRouter(include_in_schema=False, prefix=PATH)


class Entry(BaseModel):
    """The fields of the page's forms; each form has some of them."""

    name: Annotated[forms.Line, Field(max_length=80)] = ""
    language: Language = "ja"
    present: Typed = ""
    password: Typed = ""
    again: Typed = ""
    secret: Annotated[forms.Line, Field(max_length=64)] = ""
    code: Annotated[forms.Line, Field(max_length=32)] = ""


OwnContext = Annotated[Context, Depends(as_oneself)]


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get("")
def account(request: Request, context: OwnContext, lang: base.Lang = "ja", refusal: str = "") -> HTMLResponse:
    """Return the page. `refusal` is why the account was not connected with the provider."""
    if refusal not in set(Refusal):
        return shown(request, context, lang)
    return shown(request, context, lang, refused(SignInError(Refusal(refusal)), base.texts(lang).gettext))


@router.post("/name")
def rename(context: OwnContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja") -> Response:
    """Change name and language."""
    own = own_account(context)
    values = {"name": entry.name or own.name, "language": entry.language}
    Accounts(context.operations).describe(own.id, values, context.clock(), own.name)
    return back(lang)


@router.post("/password")
def set_password(
    request: Request, context: OwnContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Set a new password; everywhere else the account is signed out."""
    translate, own = base.texts(lang).gettext, own_account(context)
    if unproved := not_proved(request, context, entry, translate):
        return shown(request, context, lang, unproved)
    if entry.password != entry.again:
        return shown(request, context, lang, translate("The two passwords differ."))
    wrong = passwords.objection(entry.password, (*own.login.split("@"), own.name, "sukusuku"))
    if wrong is not None:
        return shown(request, context, lang, objected(wrong, translate))
    kept = passwords.hashed(entry.password)
    Accounts(context.operations).set_password(own.id, kept, context.clock(), own.name)
    return _anew(request, context, lang)


@router.post("/second-factor")
def second_factor_on(
    request: Request, context: OwnContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Show a secret for an authenticator app; with its code, switch the second factor on."""
    translate, own = base.texts(lang).gettext, own_account(context)
    if own.second_factor:
        return shown(request, context, lang, translate("The second factor is on already; switch it off first."))
    if not second_factor.is_secret(entry.secret):
        return shown(request, context, lang, secret=second_factor.new())
    step = second_factor.step(entry.secret, entry.code, context.clock(), None)
    if step is None:
        return shown(request, context, lang, translate("The code is not right. Please try the next one."), entry.secret)
    accounts = Accounts(context.operations)
    accounts.set_totp(own.id, entry.secret, context.clock(), own.name)
    accounts.use_totp_step(own.id, step)
    return _anew(request, context, lang)


@router.post("/second-factor/off")
def second_factor_off(
    request: Request, context: OwnContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Switch the second factor off; it takes the password."""
    own = own_account(context)
    if unproved := not_proved(request, context, entry, base.texts(lang).gettext):
        return shown(request, context, lang, unproved)
    Accounts(context.operations).set_totp(own.id, None, context.clock(), own.name)
    return _anew(request, context, lang)


@router.post("/devices/end")
def sign_out_elsewhere(request: Request, context: OwnContext, lang: base.Lang = "ja") -> Response:
    """Sign out on all other devices."""
    session = None if context.principal is None else context.principal.session
    _authentication(request).sessions.end_all(own_account(context).id, None if session is None else session.id)
    _authentication(request).forget()
    return back(lang)


@router.get("/data.json")
def data(request: Request, context: OwnContext) -> Response:
    """Return what is kept of oneself, as a file."""
    own, now = own_account(context), context.clock()
    entries = [
        {"time": japan_time(it.time), "action": it.action, "target": it.target, "address": it.address}
        for _, it in AuditLog(context.operations).newest(_MOST_ENTRIES, actor=own.reference)
    ]
    kept = {
        "account": {
            "login": own.login,
            "name": own.name,
            "language": own.language,
            "made": japan_time(own.created),
            "provider": own.subject,
        },
        "roles": [
            {"role": it.role, "site": it.site, "since": japan_time(it.since), "given_by": it.given_by}
            for it in Grants(context.operations).of(own)
        ],
        "sessions": [
            {"address": it.address, "agent": it.agent, "seen": japan_time(it.seen)}
            for it in _authentication(request).sessions.of(own.id, now)
        ],
        "done": entries,
    }
    headers = {"Content-Disposition": 'attachment; filename="account.json"', "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(kept), media_type="application/json", headers=headers)


def _anew(request: Request, context: Context, language: Language) -> Response:
    """Go on with a new token: every session of the account has ended."""
    own, authentication = own_account(context), _authentication(request)
    agent = request.headers.get("user-agent", "")
    _, token = authentication.sessions.begin(
        context.clock(), client_address(request), agent, account=own.id, who=own.name
    )
    return with_cookie(request, token, f"{PATH}?lang={language}")


def not_proved(request: Request, context: Context, entry: Entry, translate: Translate) -> str:
    """Return why the present password does not prove who sends a form; empty: it does."""
    own, whence, attempts = own_account(context), client_address(request), SignInAttempts(context.operations)
    if attempts.admit(own.login, whence, context.clock()):
        return translate("Too many attempts. Please try again in a minute.")
    if not passwords.verify(entry.present, Accounts(context.operations).password(own.id)):
        return translate("The present password is not right.")
    attempts.succeeded(own.login, whence)
    return ""


def own_account(context: Context) -> Account:
    """Return the account that asks. Raises ProblemError (403) for keys and displays."""
    if context.principal is None or context.principal.account is None:
        raise ProblemError(HTTPStatus.FORBIDDEN, "This is for accounts; keys and displays have none.")
    return context.principal.account


def back(language: Language) -> RedirectResponse:
    """Lead to the page again."""
    return RedirectResponse(f"{PATH}?lang={language}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def shown(request: Request, context: Context, language: Language, error: str = "", secret: str = "") -> HTMLResponse:
    """Return the page, with what is wrong, or with the secret of a second factor that is being set up."""
    own, now = Accounts(context.operations).one(own_account(context).id), context.clock()
    reader = base.Locale(language, base.texts(language).gettext, now)
    session = None if context.principal is None else context.principal.session
    sessions = _authentication(request).sessions.of(own.id, now)
    known = provider(request)
    uri = second_factor.uri(secret, own.login, "Sukusuku") if secret else ""
    values = {
        "provider": "" if known is None else known.settings.label[language],
        "passwords": own.has_password and (known is None or known.settings.passwords),
        "own": own,
        "grants": grant_lines(context, Grants(context.operations).of(own), reader),
        "devices": [
            (it.agent, it.address, f"{japan_time(it.seen):%Y-%m-%d %H:%M}", session is not None and it.id == session.id)
            for it in sessions
        ],
        "done": [
            (f"{japan_time(entry.time):%Y-%m-%d %H:%M}", entry, action(entry.action, reader.translate))
            for _, entry in AuditLog(context.operations).newest(20, actor=own.reference)
        ],
        "secret": secret,
        "uri": uri,
        "code": qr_code.svg(uri) if uri else "",
        "error": error,
        "shortest": passwords.SHORTEST,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return desk.page(context, language, "account.html", PATH, values, status)


def _authentication(request: Request) -> Authentication:
    return cast("Authentication", request.app.state.authentication)
