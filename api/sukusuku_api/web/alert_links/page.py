"""The page of an alert for whoever got a mail about it: a GET shows it, a POST takes it on, gives it back, silences."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, PublicContext
from sukusuku_api.queries import assignees
from sukusuku_api.web import base, forms, silence_lengths
from sukusuku_api.web.alerts import assigning, view_model
from sukusuku_core.errors import TransientError
from sukusuku_server.access.records import Actor
from sukusuku_server.db import Alert, AlertStateError, Operations, UnknownAlertError
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.mail.alert_links import PATH, AlertClaim, AlertLinks
from sukusuku_server.mail.signed_tokens import ForgedLinkError
from sukusuku_server.settings import Language

_LONGEST_NOTE, _LONGEST_REASON = 500, 200

router = APIRouter(include_in_schema=False, prefix=PATH)
Note = Annotated[str, Form()]
Lasts = Annotated[str, Form(max_length=10)]
To = Annotated[str, Form(max_length=20, pattern="^[0-9]*$")]


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get("/{token}")
def show(context: PublicContext, token: str, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the page. Nothing is recorded."""
    return _answered(context, token, lang, lambda _operations, _alert, _claim: None)


@router.post("/{token}")
def take_on(context: PublicContext, token: str, note: Note = "", lang: base.Lang = "ja") -> Response:
    """Record that the recipient of the mail takes care of it; then back to the page."""

    def act(operations: Operations, alert: Alert, claim: AlertClaim) -> None:
        operations.acknowledge(alert.id, claim.who, context.clock(), _line(note), account=_account(context, claim))

    return _acted(context, token, lang, act)


@router.post("/{token}/assign")
def assign(context: PublicContext, token: str, to: To = "", note: Note = "", lang: base.Lang = "ja") -> Response:
    """Say who shall take care of it instead; then back to the page."""

    def act(operations: Operations, alert: Alert, claim: AlertClaim) -> None:
        assigning.assign(
            replace(context, operations=operations), alert, to, claim.who, _line(note), own=_account(context, claim)
        )

    return _acted(context, token, lang, act)


@router.post("/{token}/release")
def release(context: PublicContext, token: str, lang: base.Lang = "ja") -> Response:
    """Record that nobody takes care of it after all; then back to the page."""

    def act(operations: Operations, alert: Alert, claim: AlertClaim) -> None:
        operations.release(alert.id, claim.who, context.clock())

    return _acted(context, token, lang, act)


@router.post("/{token}/silence")
def silence(context: PublicContext, token: str, lasts: Lasts = "", note: Note = "", lang: base.Lang = "ja") -> Response:
    """Send no mails about what the alert is about for a while; then back to the page."""

    def act(operations: Operations, alert: Alert, claim: AlertClaim) -> None:
        now = context.clock()
        until = silence_lengths.end(lasts, now)
        Modes(operations).start(
            ModeKind.SILENCE, alert.asset, now=now, until=until, who=claim.who, reason=_line(note)[:_LONGEST_REASON]
        )

    return _acted(context, token, lang, act)


@router.post("/{token}/silence/end")
def end_silence(context: PublicContext, token: str, lang: base.Lang = "ja") -> Response:
    """Send mails again about what the alert is about, and its centre if that is silenced; then back to the page."""

    def act(operations: Operations, alert: Alert, claim: AlertClaim) -> None:
        modes, now = Modes(operations), context.clock()
        for mode in modes.silences(now):
            if mode.subject in {alert.asset, alert.site}:
                modes.end(mode.id, now=now, who=claim.who)

    return _acted(context, token, lang, act)


Act = Callable[[Operations, Alert, AlertClaim], None]


def _acted(context: Context, token: str, language: Language, act: Act) -> Response:
    shown = _answered(context, token, language, act)
    if shown.status_code != HTTPStatus.OK:
        return shown
    return RedirectResponse(f"{PATH}/{token}?lang={language}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def _answered(context: Context, token: str, language: Language, act: Act) -> HTMLResponse:
    try:
        links = AlertLinks(shared(context.operations, LINKS), context.facility.web.url)
        claim = links.read(token)
        alert = context.operations.alert(claim.alert)
        if context.clock() >= claim.expires or alert is None or not _is_meant(context, claim, alert):
            return _note("past", HTTPStatus.GONE, language)
        act(context.operations.acting(Actor("alert link")), alert, claim)
        return _page(context, claim, token, language)
    except ForgedLinkError:
        return _note("forged", HTTPStatus.NOT_FOUND, language)
    except (AlertStateError, UnknownAlertError):
        return _page(context, claim, token, language)
    except TransientError:
        return _note("later", HTTPStatus.SERVICE_UNAVAILABLE, language)


def _page(context: Context, claim: AlertClaim, token: str, language: Language) -> HTMLResponse:
    alert = context.operations.alert(claim.alert)
    if alert is None:
        return _note("past", HTTPStatus.GONE, language)
    reader = base.Locale(language, base.texts(language).gettext, context.clock())
    (card,) = view_model.cards(context, [alert], Modes(context.operations).active(reader.now), reader)
    values = {
        "card": card,
        "who": claim.who,
        "here": f"{PATH}/{token}",
        "mine": claim.who in {alert.acknowledged_by, alert.assigned_to},
        "language": language,
        "other": "en" if language == "ja" else "ja",
    }
    html = base.environment(language).get_template("answer_alert.html").render(values)
    return HTMLResponse(html, headers=forms.HEADERS)


def _is_meant(context: Context, claim: AlertClaim, alert: Alert) -> bool:
    """Whether such mails would still go to whoever this one went to: as a contact of the centre, or by their account.

    Whoever has left can do nothing any more with mails that they keep.
    """
    contacts = context.whole.facility.contact
    if any(it.name == claim.who and (not it.sites or alert.site in it.sites) for it in contacts):
        return True
    return any(account.name == claim.who for account in assignees.read(context).of(context, alert))


def _account(context: Context, claim: AlertClaim) -> int | None:
    """Return the account of whoever the mail went to, by the address of that contact, else by their name."""
    accounts = Accounts(context.operations)
    mail = next((contact.mail for contact in context.whole.facility.contact if contact.name == claim.who), None)
    known = [] if mail is None else [accounts.by_login(mail)]
    known += [account for account in accounts.all() if account.name == claim.who]
    return next((it.id for it in known if it is not None and it.disabled is None), None)


def _line(note: str) -> str:
    return forms.line(note)[:_LONGEST_NOTE]


def _note(kind: str, status: HTTPStatus, language: Language) -> HTMLResponse:
    values = {"kind": kind, "language": language, "other": "en" if language == "ja" else "ja"}
    html = base.environment(language).get_template("answer_note.html").render(values)
    return HTMLResponse(html, status, headers=forms.HEADERS)
