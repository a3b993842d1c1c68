"""The page of rooms: who is in now and how many may be, today's course, corrections, use; staff can enter a count."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, FastAPI, Form, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sukusuku_api.cache import TtlCache
from sukusuku_api.dependencies import Context, CountingContext, RoomsContext, known_room
from sukusuku_api.drawing import DrawingError, drawer
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base, desk
from sukusuku_api.web.reports import offers
from sukusuku_api.web.rooms import charts
from sukusuku_api.web.rooms.count_form import LONGEST_NAME, LONGEST_NOTE, Entry, EntryError, enter, withdraw
from sukusuku_api.web.rooms.queries import read, use
from sukusuku_api.web.rooms.view_model import Asked, page
from sukusuku_server.db.rooms import MOST
from sukusuku_server.i18n import Translate
from sukusuku_server.live.views import RoomView
from sukusuku_server.settings import Language

if TYPE_CHECKING:
    from sukusuku_api.work_queue import WorkQueue

PATH = "/rooms"
FIGURES_SECONDS = 600.0
PICTURE_SECONDS = 120
DRAWING_SECONDS = 30.0
_RENDERER = "sukusuku_api.web.rooms.chart_renderer"
PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": f"private, max-age={PICTURE_SECONDS}",
}

router = APIRouter(include_in_schema=False, prefix=PATH)


def install(app: FastAPI) -> None:
    """Add the page, and load its template now: a broken one should show at the start."""
    for language in base.LANGUAGES:
        base.environment(language).get_template("rooms.html")
    app.include_router(router)


def prepare(app: FastAPI) -> None:
    """Begin with nothing calculated and nothing drawn."""
    app.state.room_figures, app.state.room_pictures = TtlCache(FIGURES_SECONDS), TtlCache(PICTURE_SECONDS)


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


@router.post("/{room_id}/counts")
def count(
    request: Request, context: CountingContext, room_id: str, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Keep a count that a member of staff has made; then back to the page. What is wrong is said on the page."""
    return _acted(request, context, lang, room_id, entry, enter)


@router.post("/{room_id}/counts/{count_id}/withdraw")
def withdraw_count(
    request: Request,
    context: CountingContext,
    room_id: str,
    count_id: Annotated[int, Path(ge=0, lt=2**63)],
    entry: Annotated[Entry, Form()],
    lang: base.Lang = "ja",
) -> Response:
    """Take a count back that was entered in error; then back to the page."""

    def act(context: Context, room: str, entry: Entry, translate: Translate) -> None:
        withdraw(context, room, count_id, entry, translate)

    return _acted(request, context, lang, room_id, entry, act)


def _acted(
    request: Request,
    context: Context,
    lang: Language,
    room_id: str,
    entry: Entry,
    act: Callable[[Context, str, Entry, Translate], None],
) -> Response:
    translate = base.texts(lang).gettext
    asked, status = Asked(), HTTPStatus.UNPROCESSABLE_ENTITY
    if room_id not in context.index.rooms:
        asked, status = Asked(error=translate("There is no such room.")), HTTPStatus.NOT_FOUND
    else:
        try:
            act(context, room_id, entry, translate)
        except EntryError as error:
            asked = Asked(room_id, entry=entry, error=str(error), doubtful=error.doubtful)
        else:
            _pictures(request).forget()
            return RedirectResponse(f"{PATH}?lang={lang}#count-{room_id}", HTTPStatus.SEE_OTHER)
    return _shown(request, context, lang, asked, status)


@router.get("/{room_id}/{name}.svg")
async def picture(
    request: Request,
    context: RoomsContext,
    room_id: str,
    name: str,
    lang: base.Lang = "ja",
    narrow: bool = False,  # noqa: FBT001, FBT002
) -> Response:
    """Return a chart of a room; `narrow`: for a phone."""
    known_room(context, room_id)
    if name not in charts.NAMES:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no chart {name!r}.", available=list(charts.NAMES))
    key = (room_id, lang, narrow)
    try:
        found = await cast("WorkQueue", request.app.state.drawings).run(
            lambda: _pictures(request).get(key, lambda: _draw(request, context, room_id, lang, narrow=narrow))
        )
    except DrawingError as error:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    svg = found[charts.NAMES.index(name)]
    if not svg:
        raise ProblemError(HTTPStatus.NOT_FOUND, "There is nothing to draw yet.")
    return Response(svg, media_type="image/svg+xml", headers=PICTURE_HEADERS)


def _draw(request: Request, context: Context, room_id: str, language: Language, *, narrow: bool) -> list[str]:
    now = context.clock()
    site, room = known_room(context, room_id)
    view = next(view for view in context.views(now) if isinstance(view, RoomView) and view.id == room_id)
    facts = read(context, site, room, view, context.store.live.derived_latest().get(room_id, {}), now)
    of_weeks = _figures(request).get(("use", room_id), lambda: use(context, site, room, now))
    found = charts.charts(facts, of_weeks, base.texts(language).gettext, narrow=narrow)
    return drawer.draw(_RENDERER, found, DRAWING_SECONDS)


def _shown(
    request: Request, context: Context, language: Language, asked: Asked, status: HTTPStatus = HTTPStatus.OK
) -> HTMLResponse:
    values = {
        "page": page(context, _figures(request), language, asked, PICTURE_SECONDS * 1000),
        "error": "" if asked.room else asked.error,
        "offer": offers.offer(context, language),
        "most": MOST,
        "longest_name": LONGEST_NAME,
        "longest_note": LONGEST_NOTE,
    }
    return desk.page(context, language, "rooms.html", PATH, values, status)


def _figures(request: Request) -> TtlCache:
    return cast("TtlCache", request.app.state.room_figures)


def _pictures(request: Request) -> TtlCache:
    return cast("TtlCache", request.app.state.room_pictures)
