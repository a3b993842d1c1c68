"""The page of bookings. Without `[bookings]` in the settings it says how to switch them on."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, File, Form, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from sukusuku_api import routes
from sukusuku_api.dependencies import BookingContext, Context, RoomsContext
from sukusuku_api.queries.bookings import all_seen, known_import, take
from sukusuku_api.web import base, desk, forms
from sukusuku_api.web.bookings.view_model import lines, rooms, source_lines
from sukusuku_api.web.forms import Line
from sukusuku_core.time import japan_time
from sukusuku_server.bookings.file import LARGEST
from sukusuku_server.bookings.problems import BookingsError
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.i18n import texts
from sukusuku_server.model.bookings import UnknownImportError
from sukusuku_server.settings import Language

PATH = "/bookings"
LONGEST_NAME = 80
_FRAME = 16 * 1024
"""Bytes of a form around its file."""

router = APIRouter(include_in_schema=False, prefix=PATH)


@dataclass(frozen=True, slots=True)
class Said:
    """What the page answers to a form: what is wrong, or what was done; and what had been filled in."""

    errors: tuple[str, ...] = ()
    done: str = ""
    by: str = ""
    room: str = ""


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get("")
def bookings(context: RoomsContext, lang: base.Lang = "ja", done: str = "") -> HTMLResponse:
    """Return the page; `done` is what was done just now."""
    translate = base.texts(lang).gettext
    known = {
        "taken": translate("The bookings were imported."),
        "same": translate("The file says what is known already; nothing was changed."),
        "withdrawn": translate("The import was withdrawn; what was known before holds again."),
    }
    return _shown(context, lang, Said(done=known.get(done, "")))


@router.post("", max_body_size=LARGEST + _FRAME)
def upload(
    context: BookingContext,
    file: Annotated[UploadFile, File()],
    by: Annotated[Line, Form()] = "",
    room: Annotated[Line, Form()] = "",
    lang: base.Lang = "ja",
) -> Response:
    """Take a file; then back to the page. What is wrong with it is said on the page, line by line."""
    translate, by = base.texts(lang).gettext, forms.by(context, by)
    wrong = _refused(context, by, lang)
    if not wrong and room and room not in context.index.rooms:
        wrong = translate("There is no such room.")
    if wrong:
        return _shown(context, lang, Said((wrong,), by=by, room=room), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        found = take(context, file.file.read(LARGEST + 1), by, room or None)
    except BookingsError as error:
        said = Said(tuple(error.told(texts("sukusuku_server", lang))), by=by, room=room)
        return _shown(context, lang, said, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _back(lang, "same" if found.kept is None else "taken")


@router.post("/{import_id}/withdraw")
def withdraw(
    context: BookingContext, import_id: int, by: Annotated[Line, Form()] = "", lang: base.Lang = "ja"
) -> Response:
    """Take an import back; then back to the page."""
    by = forms.by(context, by)
    wrong = _refused(context, by, lang)
    if not wrong:
        try:
            known_import(context, import_id)
            BookingRecords(context.operations).withdraw(import_id, by, context.clock())
        except UnknownImportError:
            wrong = base.texts(lang).gettext("There is no such import.")
    if wrong:
        return _shown(context, lang, Said((wrong,), by=by), HTTPStatus.UNPROCESSABLE_ENTITY)
    return _back(lang, "withdrawn")


def _refused(context: Context, by: str, language: Language) -> str:
    """Return why a form is not taken; empty: it is."""
    translate = base.texts(language).gettext
    if context.facility.bookings is None:
        return translate("Bookings are switched off.")
    if not by or len(by) > LONGEST_NAME:
        return translate("Please enter your name or role, in at most %(n)s characters.") % {"n": LONGEST_NAME}
    return ""


def _back(language: Language, done: str) -> RedirectResponse:
    return RedirectResponse(f"{PATH}?lang={language}&done={done}", HTTPStatus.SEE_OTHER)


def _shown(context: Context, language: Language, said: Said, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    translate = base.texts(language).gettext
    every = BookingRecords(context.operations).imports()
    imports = [item for item in every if all_seen(context, item)]
    values = {
        "clock": f"{japan_time(context.clock()):%H:%M}",
        "on": context.facility.bookings is not None,
        "said": said,
        "rooms": rooms(context, every, language, translate),
        "sources": source_lines(context, translate),
        "imports": lines(context, imports, language, translate),
        "longest_name": LONGEST_NAME,
    }
    return desk.page(context, language, "bookings.html", PATH, values, status)
