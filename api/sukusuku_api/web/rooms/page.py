"""The pages of rooms: all of them now, and one with its past; staff can enter a count on both."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import APIRouter, FastAPI, Form, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import AfterValidator

from sukusuku_api import routes
from sukusuku_api.cache import TtlCache
from sukusuku_api.dependencies import Context, CountingContext, RoomsContext, known_room
from sukusuku_api.web import base, desk
from sukusuku_api.web.base import Locale
from sukusuku_api.web.reports import offers
from sukusuku_api.web.rooms import past
from sukusuku_api.web.rooms.count_form import LONGEST_NAME, LONGEST_NOTE, Entry, EntryError, enter, withdraw
from sukusuku_api.web.rooms.view_model import Asked, page
from sukusuku_server.db.rooms import MOST
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Language

PATH = "/rooms"
FIGURES_SECONDS = 600.0
DAYS = (7, 30, 90, 365)
"""Lengths of the course. Others are refused: each is kept for a while, and a year of a room takes some megabytes."""

router = APIRouter(include_in_schema=False, prefix=PATH)


def install(app: FastAPI) -> None:
    """Add the pages."""
    routes.add(app, router)


def prepare(app: FastAPI) -> None:
    """Begin with nothing calculated."""
    app.state.room_figures = TtlCache(FIGURES_SECONDS)


def _offered(days: int) -> int:
    if days not in DAYS:
        raise ValueError(f"one of {', '.join(map(str, DAYS))} is wanted")
    return days


@router.get("")
def rooms(
    request: Request,
    context: RoomsContext,
    lang: base.Lang = "ja",
    room: Annotated[str, Query(max_length=128)] = "",
    since: Annotated[str, Query(max_length=32)] = "",
) -> HTMLResponse:
    """Return the page; with `room` and `since`, a date, also what has changed in that room with that day."""
    return _shown(request, context, lang, Asked(room=room, since=since))


@router.get("/{room_id}")
def room(
    request: Request,
    context: RoomsContext,
    room_id: str,
    lang: base.Lang = "ja",
    since: Annotated[str, Query(max_length=32)] = "",
    days: Annotated[int, AfterValidator(_offered)] = DAYS[1],
    month: Annotated[str | None, Query(pattern=past.MONTH)] = None,
) -> HTMLResponse:
    """Return the page of one room: its course over so many days, and a month beside the one and the year before."""
    known_room(context, room_id)
    return _one(request, context, lang, Asked(room=room_id, since=since), days=days, month=month)


@router.post("/{room_id}/counts")
def count(
    request: Request,
    context: CountingContext,
    room_id: str,
    entry: Annotated[Entry, Form()],
    lang: base.Lang = "ja",
    own: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Response:
    """Keep a count that a member of staff has made; then back to the page, with `own` to that of the room.

    What is wrong is said on the page.
    """
    return _acted(request, context, lang, room_id, entry, enter, own=own)


@router.post("/{room_id}/counts/{count_id}/withdraw")
def withdraw_count(
    request: Request,
    context: CountingContext,
    room_id: str,
    count_id: Annotated[int, Path(ge=0, lt=2**63)],
    entry: Annotated[Entry, Form()],
    lang: base.Lang = "ja",
    own: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Response:
    """Take a count back that was entered in error; then back to the page."""

    def act(context: Context, room: str, entry: Entry, translate: Translate) -> None:
        withdraw(context, room, count_id, entry, translate)

    return _acted(request, context, lang, room_id, entry, act, own=own)


def _acted(
    request: Request,
    context: Context,
    lang: Language,
    room_id: str,
    entry: Entry,
    act: Callable[[Context, str, Entry, Translate], None],
    *,
    own: bool,
) -> Response:
    translate = base.texts(lang).gettext
    if room_id not in context.index.rooms:
        return _shown(request, context, lang, Asked(error=translate("There is no such room.")), HTTPStatus.NOT_FOUND)
    try:
        act(context, room_id, entry, translate)
    except EntryError as error:
        asked = Asked(room_id, entry=entry, error=str(error), doubtful=error.doubtful)
        show = _one if own else _shown
        return show(request, context, lang, asked, HTTPStatus.UNPROCESSABLE_ENTITY)
    where = f"{PATH}/{room_id}" if own else PATH
    return RedirectResponse(f"{where}?lang={lang}#count-{room_id}", HTTPStatus.SEE_OTHER)


def _shown(
    request: Request, context: Context, language: Language, asked: Asked, status: HTTPStatus = HTTPStatus.OK
) -> HTMLResponse:
    values = {
        "page": page(context, _figures(request), language, asked),
        "error": "" if asked.room else asked.error,
        "offer": offers.offer(context, language),
        **_FORM,
    }
    return desk.page(context, language, "rooms.html", PATH, values, status)


def _one(
    request: Request,
    context: Context,
    language: Language,
    asked: Asked,
    status: HTTPStatus = HTTPStatus.OK,
    days: int = DAYS[1],
    month: str | None = None,
) -> HTMLResponse:
    reader = Locale(language, base.texts(language).gettext, context.clock())
    values = {
        "page": page(context, _figures(request), language, asked, asked.room),
        "past": past.read(context, _figures(request), asked.room, days, month, reader),
        "days": days,
        "offered": DAYS,
        **_FORM,
    }
    return desk.page(context, language, "room_page.html", f"{PATH}/{asked.room}", values, status)


_FORM = {"most": MOST, "longest_name": LONGEST_NAME, "longest_note": LONGEST_NOTE}


def _figures(request: Request) -> TtlCache:
    return cast("TtlCache", request.app.state.room_figures)
