"""See the settings of the operator and change them: every change is shown in words before it is saved."""

from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Response
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, SettingsContext
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base
from sukusuku_api.web.settings import overview
from sukusuku_api.web.settings.changing import (
    OF,
    PATH,
    STEP,
    VERSION,
    NotPossibleError,
    Refusal,
    TypedForm,
    changed,
    first,
    meanwhile,
    rendered,
    source_of,
)
from sukusuku_api.web.settings.drafting import drafted, without
from sukusuku_api.web.settings.form_view import Form
from sukusuku_api.web.settings.things import FROM, THINGS, Thing
from sukusuku_core.time import local_day
from sukusuku_server.facility_document.editing import edited
from sukusuku_server.i18n import N_
from sukusuku_server.settings import Language

router = APIRouter(include_in_schema=False, prefix=PATH)

_Names = Annotated[list[str], Query(alias=OF, max_length=3)]


def install(app: FastAPI) -> None:
    """Add the pages."""
    routes.add(app, router)


@router.get("")
def settings(
    context: SettingsContext, lang: base.Lang = "ja", saved: Annotated[int, Query(ge=0, lt=2**31)] = 0
) -> HTMLResponse:
    """Return everything that is set, what is wrong with it, and what waits for a restart."""
    translate = base.texts(lang).gettext
    values = {"page": overview.page(context, lang, translate), "saved": saved}
    return rendered(context, lang, "settings.html", values)


@router.get("/edit/{word}")
def form(context: SettingsContext, word: str, of: _Names = [], lang: base.Lang = "ja") -> HTMLResponse:  # noqa: B006
    """Return the form of a thing; with no name for the last list on the way to it, that of a new one."""
    document, today = source_of(context).read(), local_day(context.clock())
    made = Form(word, _thing(word), document.text, of, lang, base.texts(lang).gettext)
    typed = made.untouched(today) | {FROM: [today.isoformat()]}
    return _shown(context, lang, made, made.view(typed, document.version, {}))


@router.post("/edit/{word}")
def change(context: SettingsContext, word: str, typed: TypedForm, lang: base.Lang = "ja") -> Response:
    """Take what was typed: show it again with what is wrong (422), what it changes, or save it."""
    source, today = source_of(context), local_day(context.clock())
    thing, names = _thing(word), typed.get(OF, [])
    document = source.read()
    made = Form(word, thing, document.text, names, lang, base.texts(lang).gettext)
    if document.version != first(typed, VERSION):
        return _refused(context, lang, made, typed, Refusal(now=document), today)
    if first(typed, STEP) == "edit":
        return _shown(context, lang, made, made.view(typed, document.version, {}))
    draft = drafted(thing, made.fields, made.at, typed, today)
    edits = draft.edits
    if first(typed, "remove"):
        if not thing.removable or made.at.is_new:
            raise ProblemError(HTTPStatus.NOT_FOUND, "It cannot be taken out.")
        edits = (without(made.at),)
    elif draft.wrong:
        view = made.view(typed, document.version, draft.wrong)
        return _shown(context, lang, made, view, HTTPStatus.UNPROCESSABLE_ENTITY)

    def make(text: str) -> str:
        if not edits:
            raise NotPossibleError(N_("Nothing would be different."))
        return edited(text, edits)

    def refused(refusal: Refusal) -> Response:
        return _refused(context, lang, made, typed, refusal, today)

    return changed(context, lang, typed, made.title(), make, refused)


def _thing(word: str) -> Thing:
    if word not in THINGS:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no form {word!r}.", available=list(THINGS))
    return THINGS[word]


def _refused(
    context: Context,
    language: Language,
    made: Form,
    typed: Mapping[str, Sequence[str]],
    refusal: Refusal,
    today: date,
) -> Response:
    """Show what was typed again, with why it was not taken."""
    if refusal.now is None:
        view = made.view(typed, first(typed, VERSION), {}, refusal.mistakes, refusal.text)
        return _shown(context, language, made, view, refusal.status)
    translate = base.texts(language).gettext
    known = meanwhile(source_of(context), first(typed, VERSION), refusal.now, language)
    fresh = Form(made.word, made.thing, refusal.now.text, made.names, language, translate)
    fields, others = fresh.merged(typed, known.base, today)
    view = fresh.view(fields, refusal.now.version, {}, others=others, meanwhile=known)
    return _shown(context, language, fresh, view, refusal.status)


def _shown(
    context: Context, language: Language, made: Form, view: object, status: HTTPStatus = HTTPStatus.OK
) -> HTMLResponse:
    return rendered(context, language, "settings_form.html", {"form": view, "title": made.title()}, status)
