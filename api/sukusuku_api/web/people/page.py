"""Manage people: invite them, give and take roles, end accounts; partners, displays, keys; the audit log."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from sukusuku_api import routes, timestamps
from sukusuku_api.dependencies import AuditContext, Context, PeopleContext
from sukusuku_api.web import base, desk, forms
from sukusuku_api.web.people import invitations, view_model
from sukusuku_api.web.people.action_texts import action
from sukusuku_api.web.people.management import Invitation, NotYoursError, People
from sukusuku_core.time import day_start, japan_time
from sukusuku_server.access.records import AccountKind, KeyKind, LastAdminError, LoginTakenError, UnknownAccountError
from sukusuku_server.access.rights import Role
from sukusuku_server.db.audit_log import AuditLog
from sukusuku_server.i18n import Translate
from sukusuku_server.model.alerts import AuditEntry
from sukusuku_server.settings import Language
from sukusuku_server.settings.mail_address import MailAddress

PATH = "/people"
SHOWN_ENTRIES = 100
_COLUMNS = ("time", "who", "actor", "address", "action", "target", "before", "after")

Ident = Annotated[int, Path(ge=0, lt=2**63)]

router = APIRouter(include_in_schema=False, prefix=PATH)


class Entry(BaseModel):
    """The fields of the page's forms; each form has some of them."""

    name: Annotated[forms.Line, Field(max_length=80)] = ""
    login: Annotated[forms.Line, Field(max_length=254)] = ""
    language: Language = "ja"
    shared: bool = False
    role: Role | None = None
    site: Annotated[forms.Line, Field(max_length=63)] = ""
    until: Annotated[forms.Line, Field(max_length=10)] = ""
    partner: Annotated[int, Field(ge=0, lt=2**63)] = 0


class WrongEntryError(Exception):
    """What is wrong with a form, in the reader's words."""


class FormResult(BaseModel):
    """What the page answers: an error, or a link or key that is shown once."""

    error: str = ""
    about: str = ""
    secret: str = ""
    mailed: bool = False


def install(app: FastAPI) -> None:
    """Add the pages."""
    routes.add(app, router)


@router.get("")
def people(context: PeopleContext, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the page."""
    return _shown(context, lang, FormResult())


@router.post("")
def invite(context: PeopleContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja") -> Response:
    """Invite somebody. Their link is mailed where a mail server is set, and shown once."""
    translate = base.texts(lang).gettext

    def act() -> FormResult:
        if not entry.name:
            raise WrongEntryError(translate("Please enter a name."))
        try:
            login = MailAddress(entry.login)
        except ValueError as error:
            raise WrongEntryError(translate("Please enter a mail address.")) from error
        invitation = Invitation(
            login=login,
            name=entry.name,
            language=entry.language,
            kind=AccountKind.SHARED if entry.shared else AccountKind.PERSON,
            role=None if entry.partner else entry.role,
            site=entry.site or None,
            until=_until(entry.until, translate),
            organisation=entry.partner or None,
        )
        account, token = _people(context).invite(invitation)
        url = invitations.address(context.facility, token, entry.language)
        mailed = invitations.send(context, account, url)
        return FormResult(about=account.name, secret=url, mailed=mailed)

    return _done(context, lang, act)


@router.post("/{account}/{action}")
def change(
    context: PeopleContext,
    account: Ident,
    action: str,
    entry: Annotated[Entry, Form()],
    lang: base.Lang = "ja",
) -> Response:
    """Change an account: `give` a role, make a `link`, `disable`, `enable`, `second-factor-off`, `erase`."""
    translate, book = base.texts(lang).gettext, _people(context)

    def act() -> FormResult:
        match action:
            case "give":
                book.give(account, _role(entry, translate), entry.site or None, _until(entry.until, translate))
            case "link":
                found, token = book.link(account)
                url = invitations.address(context.facility, token, found.language)
                return FormResult(about=found.name, secret=url, mailed=invitations.send(context, found, url))
            case "disable":
                book.disable(account)
            case "enable":
                book.enable(account)
            case "second-factor-off":
                book.second_factor_off(account)
            case "erase":
                book.erase(account)
            case _:
                raise UnknownAccountError(action)
        return FormResult()

    return _done(context, lang, act)


@router.post("/grants/{grant}/revoke/")
def revoke(context: PeopleContext, grant: Ident, lang: base.Lang = "ja") -> Response:
    """Take a role back."""

    def act() -> FormResult:
        _people(context).revoke(grant)
        return FormResult()

    return _done(context, lang, act)


@router.post("/partners/")
def add_partner(context: PeopleContext, entry: Annotated[Entry, Form()], lang: base.Lang = "ja") -> Response:
    """Add a partner organisation, or give one another role."""
    translate, book = base.texts(lang).gettext, _people(context)

    def act() -> FormResult:
        role, until = _role(entry, translate), _until(entry.until, translate)
        if entry.partner:
            book.give_partner(entry.partner, role, entry.site or None, until)
        elif entry.name:
            book.add_partner(entry.name, role, entry.site or None, until)
        else:
            raise WrongEntryError(translate("Please enter a name."))
        return FormResult()

    return _done(context, lang, act)


@router.post("/partners/{partner}/end/")
def end_partner(context: PeopleContext, partner: Ident, lang: base.Lang = "ja") -> Response:
    """End a partnership: its people have nothing of it any more."""

    def act() -> FormResult:
        _people(context).end_partner(partner)
        return FormResult()

    return _done(context, lang, act)


@router.post("/keys/{kind}/")
def make_key(
    context: PeopleContext, kind: KeyKind, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Make a key of a program or the link of a display. It is shown once."""
    translate, book = base.texts(lang).gettext, _people(context)

    def act() -> FormResult:
        if not entry.name:
            raise WrongEntryError(translate("Please enter a name."))
        role = Role.DISPLAY if kind is KeyKind.DISPLAY else _role(entry, translate)
        key, token = book.make_key(kind, entry.name, role, entry.site or None, _until(entry.until, translate))
        if kind is KeyKind.DISPLAY:
            token = invitations.display_address(context.facility, token, entry.site, lang)
        return FormResult(about=key.name, secret=token)

    return _done(context, lang, act)


@router.post("/keys/{key}/revoke/")
def revoke_key(context: PeopleContext, key: Ident, lang: base.Lang = "ja") -> Response:
    """End a key or the link of a display."""

    def act() -> FormResult:
        _people(context).revoke_key(key)
        return FormResult()

    return _done(context, lang, act)


@router.get("/audit")
def audit(
    context: AuditContext, lang: base.Lang = "ja", before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> HTMLResponse:
    """Return the newest entries of the audit log, or those before a number."""
    found, translate = AuditLog(context.operations).newest(SHOWN_ENTRIES, before), base.texts(lang).gettext
    values = {
        "entries": [
            (entry, f"{japan_time(entry.time):%Y-%m-%d %H:%M}", action(entry.action, translate)) for _, entry in found
        ],
        "older": found[-1][0] if len(found) == SHOWN_ENTRIES else None,
    }
    return desk.page(context, lang, "audit.html", PATH, values)


@router.get("/audit.csv")
def audit_file(context: AuditContext) -> StreamingResponse:
    """Stream the whole audit log as CSV, the oldest entry first."""
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
    lines = _lines(AuditLog(context.operations).all())
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8; header=present", headers=headers)


def _lines(entries: Iterator[AuditEntry]) -> Iterator[str]:
    yield _line(_COLUMNS)
    for it in entries:
        time = japan_time(it.time).isoformat(timespec="seconds")
        yield _line((time, it.who, it.actor, it.address, it.action, it.target, it.before or "", it.after or ""))


def _line(cells: tuple[str, ...]) -> str:
    """Return a line of CSV in which no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell[:1] in {"=", "+", "-", "@"} else cell for cell in cells])
    return out.getvalue()


def _done(context: Context, language: Language, act: Callable[[], FormResult]) -> Response:
    translate = base.texts(language).gettext
    try:
        told = act()
    except WrongEntryError as error:
        told = FormResult(error=str(error))
    except NotYoursError:
        told = FormResult(error=translate("This is more than you may give."))
    except LoginTakenError:
        told = FormResult(error=translate("There is an account with this mail address already."))
    except LastAdminError:
        told = FormResult(
            error=translate("Somebody must be left who may do everything. Make another administrator first.")
        )
    except UnknownAccountError:
        told = FormResult(error=translate("It is not there any more."))
    if told.secret:
        return _shown(context, language, told)
    if told.error:
        return _shown(context, language, told, HTTPStatus.UNPROCESSABLE_ENTITY)
    return RedirectResponse(f"{PATH}?lang={language}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def _role(entry: Entry, translate: Translate) -> Role:
    if entry.role is None:
        raise WrongEntryError(translate("Please choose a role."))
    return entry.role


def _until(text: str, translate: Translate) -> int | None:
    """Return the end (UTC ms) of the last day of a grant; None: it has none."""
    if not text:
        return None
    try:
        return day_start(timestamps.day(text) + timedelta(days=1))
    except (ValueError, OverflowError) as error:
        raise WrongEntryError(translate("Please enter the last day as a date.")) from error


def _people(context: Context) -> People:
    assert context.principal is not None  # noqa: S101 - the page needs a right
    return People(context, context.principal)


def _shown(context: Context, language: Language, told: FormResult, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    reader = base.Locale(language, base.texts(language).gettext, context.clock())
    values = {"page": view_model.page(context, _people(context), reader), "told": told}
    return desk.page(context, language, "people.html", PATH, values, status)
