"""The wall as web pages. Everything they need is served from here: no other host, no script in the page."""

from http import HTTPStatus

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from sukusuku_api.dependencies import Context, UnitsContext
from sukusuku_api.web import base
from sukusuku_api.web import texts as words
from sukusuku_api.web.base import HEADERS, LANGUAGES, STATIC, Lang, environment, texts
from sukusuku_api.web.wall import view_model
from sukusuku_server.db.modes import Modes
from sukusuku_server.settings import Language, Site

router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Add the pages, and load their texts and templates now: a broken one should show at the start."""
    for language in LANGUAGES:
        environment(language).get_template("wall.html")
    app.mount(STATIC, StaticFiles(packages=[("sukusuku_api.web", "static")]), name="static")
    app.include_router(router)


@router.get("/")
async def index() -> RedirectResponse:
    """Redirect to the wall, which is the front page."""
    return RedirectResponse("/wall")


@router.get("/wall")
async def wall(context: UnitsContext, lang: Lang = "ja") -> HTMLResponse:
    """All centres."""
    return await _page(context, None, lang, "wall.html")


@router.get("/wall/tiles")
async def wall_tiles(context: UnitsContext, lang: Lang = "ja", site: str | None = None) -> HTMLResponse:
    """Return the part of the wall that changes; the page asks for it when the stream tells of a change."""
    return await _page(context, site, lang, "live.html")


@router.get("/wall/{site}")
async def wall_of_site(context: UnitsContext, site: str, lang: Lang = "ja") -> HTMLResponse:
    """One centre."""
    return await _page(context, site, lang, "wall.html")


async def _page(context: Context, site: str | None, language: Language, template: str) -> HTMLResponse:
    templates = environment(language)
    sites = [found for found in context.facility.site if site in {None, found.id}]
    values = {
        "facility": context.facility,
        "who": context.principal,
        "language": language,
        "site": site,
        "page": "/wall" if site is None else f"/wall/{site}",
        "rows": view_model.ROWS,
    }
    if site is not None and not sites:
        page = templates.get_template("missing.html").render(values)
        return HTMLResponse(page, HTTPStatus.NOT_FOUND, headers=HEADERS)
    shown = await _wall(context, sites, language)
    page = templates.get_template(template).render(values, wall=shown, ages=_ages(language))
    return HTMLResponse(page, headers=HEADERS)


async def _wall(context: Context, sites: list[Site], language: Language) -> view_model.Wall:
    alerts = await run_in_threadpool(context.operations.alerts, open_only=True, about=context.seen)
    now = context.clock()
    silences = await run_in_threadpool(Modes(context.operations).silences, now)
    reader = base.Locale(language, texts(language).gettext, now)
    wrong = context.document().wrong_since is not None
    views, doubt = context.views(now), context.clock_doubt()
    return view_model.wall(context.index, sites, views, alerts, reader, doubt, settings_wrong=wrong, silences=silences)


def _ages(language: Language) -> str:
    """Return the texts with which the browser goes on counting."""
    translate = texts(language).gettext
    return msgspec.json.encode({unit: translate(text) for unit, text in words.AGES.items()}).decode()
