"""The wall as web pages. Everything they need is served from here: no other host, no script in the page."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, UnitsContext, known_site
from sukusuku_api.listening import BroadcastDep, WhoDep, broadcast, looking
from sukusuku_api.live_state import present
from sukusuku_api.web import texts as words
from sukusuku_api.web.base import HEADERS, STATIC, Lang, environment, texts
from sukusuku_api.web.wall import view_model
from sukusuku_api.web.wall.news import News, shown
from sukusuku_server.settings import Language

router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Add the pages."""
    app.mount(STATIC, StaticFiles(packages=[("sukusuku_api.web", "static")]), name="static")
    routes.add(app, router)


@router.get("/wall")
async def wall(request: Request, context: UnitsContext, lang: Lang = "ja") -> HTMLResponse:
    """All centres."""
    return await _page(request, context, None, lang)


def _one_centre(context: UnitsContext, site: str | None = None) -> str | None:
    """Return the centre that is asked for; None: all. Raises ProblemError (404)."""
    return None if site is None else known_site(context, site).id


@router.get("/wall/stream", response_class=EventSourceResponse)
async def wall_stream(
    request: Request,
    broadcast: BroadcastDep,
    who: WhoDep,
    site: Annotated[str | None, Depends(_one_centre)],
    lang: Lang = "ja",
    since: Annotated[str, Query(max_length=64)] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Tell a display what is new, from the mark on that it has been shown; events as on the stream of the API."""
    last = request.headers.get("last-event-id", since)
    async with contextlib.aclosing(broadcast.events(looking(request), News(lang, site), who, last)) as events:
        async for event in events:
            yield event


@router.get("/wall/{site}")
async def wall_of_site(request: Request, context: UnitsContext, site: str, lang: Lang = "ja") -> HTMLResponse:
    """One centre."""
    return await _page(request, context, site, lang)


async def _page(request: Request, context: Context, site: str | None, language: Language) -> HTMLResponse:
    templates = environment(language)
    values = {
        "facility": context.facility,
        "who": context.principal,
        "language": language,
        "site": site,
        "page": "/wall" if site is None else f"/wall/{site}",
        "rows": view_model.ROWS,
        "mark": broadcast(request).mark(context),  # of before: what changes meanwhile is told again
    }
    if site is not None and site not in context.index.sites:
        page = templates.get_template("missing.html").render(values)
        return HTMLResponse(page, HTTPStatus.NOT_FOUND, headers=HEADERS)
    wall = shown(await run_in_threadpool(present, context), context, language, site)
    page = templates.get_template("wall.html").render(values, wall=wall, ages=_ages(language))
    return HTMLResponse(page, headers=HEADERS)


def _ages(language: Language) -> str:
    """Return the texts with which the browser goes on counting."""
    translate = texts(language).gettext
    return msgspec.json.encode({unit: translate(text) for unit, text in words.AGES.items()}).decode()
