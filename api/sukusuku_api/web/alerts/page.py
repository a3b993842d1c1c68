"""The page of alerts: take care of one, give it back, silence what is known, and see what became of it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from sukusuku_api import routes
from sukusuku_api.dependencies import AcknowledgingContext, Context, ModesContext, UnitsContext
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base, desk, forms, silence_lengths, silence_texts
from sukusuku_api.web.alerts import assigning, view_model
from sukusuku_server.db import Alert, AlertState, AlertStateError
from sukusuku_server.db.modes import ModeKind, Modes, UnknownModeError
from sukusuku_server.settings import Language

PATH = "/alerts"
SHOWN = 100
_ORDER = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.RESOLVED)
"""What nobody takes care of comes first; a pending one has told nobody yet, so the page does not either."""
_LONGEST_NAME, _LONGEST_NOTE = 80, 500

Ident = Annotated[int, Path(ge=0, lt=2**63)]

router = APIRouter(include_in_schema=False, prefix=PATH)


class Entry(BaseModel):
    """The fields of the page's forms; each form has some of them."""

    by: Annotated[forms.Line, Field(max_length=_LONGEST_NAME)] = ""
    note: Annotated[forms.Line, Field(max_length=_LONGEST_NOTE)] = ""
    lasts: Annotated[forms.Line, Field(max_length=10)] = ""
    to: Annotated[forms.Line, Field(max_length=20, pattern="^[0-9]*$")] = ""


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get("")
def alerts(
    context: UnitsContext,
    lang: base.Lang = "ja",
    site: Annotated[str, Query(max_length=63)] = "",
    past: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    mine: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> HTMLResponse:
    """Return open alerts, or with `past` the newest ones whatever became of them.

    With `site` only those of one centre, with `mine` only those that are assigned to whoever asks.
    """
    return _shown(context, lang, site, past=past, mine=mine)


@router.post("/{alert_id}/{action}")
def act(
    context: AcknowledgingContext,
    alert_id: Ident,
    action: str,
    entry: Annotated[Entry, Form()],
    lang: base.Lang = "ja",
) -> Response:
    """Take an alert on (`acknowledge`), `assign` it to somebody or give it back (`release`); then back to it."""
    known, by, now = _known(context, alert_id), forms.by(context, entry.by), context.clock()
    translate = base.texts(lang).gettext
    if not by:
        return _shown(context, lang, "", error=translate("Please enter your name."))
    try:
        match action:
            case "acknowledge":
                context.operations.acknowledge(known.id, by, now, entry.note, account=context.own_account)
            case "assign":
                assigning.assign(context, known, entry.to, by, entry.note, own=context.own_account)
            case "release":
                context.operations.release(known.id, by, now)
            case _:
                raise ProblemError(HTTPStatus.NOT_FOUND, f"Nothing is called {action!r} here.")
    except AlertStateError:
        return _shown(context, lang, "", error=translate("This alert is resolved already."))
    return _back(lang, alert_id)


@router.post("/{alert_id}/silence/")
def silence(
    context: ModesContext, alert_id: Ident, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Send no mails about what an alert is about for a while; it is still shown."""
    found, by, now = _known(context, alert_id), forms.by(context, entry.by), context.clock()
    translate = base.texts(lang).gettext
    if not by:
        return _shown(context, lang, "", error=translate("Please enter your name."))
    until = silence_lengths.end(entry.lasts, now)
    Modes(context.operations).start(
        ModeKind.SILENCE, found.asset, now=now, until=until, who=by, reason=entry.note[:200]
    )
    return _back(lang, alert_id)


@router.post("/{alert_id}/silence/{mode_id}/end")
def end_silence(
    context: ModesContext, alert_id: Ident, mode_id: Ident, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Let mails be sent again."""
    _known(context, alert_id)
    _end(context, mode_id, entry)
    return _back(lang, alert_id)


@router.post("/silences/{mode_id}/end")
def end_standing_silence(
    context: ModesContext, mode_id: Ident, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Let mails be sent again about something of which there is no alert now."""
    _end(context, mode_id, entry)
    return RedirectResponse(f"{PATH}?lang={lang}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def _end(context: Context, mode_id: int, entry: Entry) -> None:
    modes, by = Modes(context.operations), forms.by(context, entry.by)
    try:
        found = modes.one(mode_id)
        known = found.kind is ModeKind.SILENCE and context.sees(found.subject)
    except UnknownModeError:
        known = False
    if not known:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no silence {mode_id}.")
    modes.end(mode_id, now=context.clock(), who=by or "–")


def _known(context: Context, alert_id: int) -> Alert:
    found = context.operations.alert(alert_id)
    if found is None or not context.sees(found.asset):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no alert {alert_id}.")
    return found


def _back(language: Language, alert_id: int) -> RedirectResponse:
    return RedirectResponse(f"{PATH}?lang={language}#alert-{alert_id}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def _shown(
    context: Context, language: Language, site: str, *, past: bool = False, mine: bool = False, error: str = ""
) -> HTMLResponse:
    reader = base.Locale(language, base.texts(language).gettext, context.clock())
    of = site if site in context.index.sites else None
    account = context.own_account if mine else None
    found = context.operations.alerts(open_only=not past, site=of, about=context.seen, account=account, limit=SHOWN)
    found = sorted((it for it in found if it.state in _ORDER), key=lambda it: _ORDER.index(it.state))
    modes = Modes(context.operations).active(reader.now)
    silences = [mode for mode in modes if mode.kind is ModeKind.SILENCE]
    values = {
        "cards": view_model.cards(context, found, modes, reader),
        "sites": [(item.id, item.name[language]) for item in context.facility.site],
        "site": of or "",
        "past": past,
        "mine": account is not None,
        "own": context.own_account is not None,
        "error": error,
        "standing": [
            (mode.id, context.index.name(mode.subject, language))
            for mode in silences
            if context.sees(mode.subject) and of in {None, silence_texts.site_of(context.index, mode.subject)}
        ],
        "silenced": silence_texts.told(context.index, [of] if of else list(context.index.sites), silences, reader),
    }
    return desk.page(
        context, language, "alerts.html", PATH, values, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    )
