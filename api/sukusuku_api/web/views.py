"""The wall as web pages. Everything they need is served from here: no other host, no script in the page."""

import hashlib
from functools import lru_cache
from gettext import NullTranslations
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated

import msgspec
from fastapi import APIRouter, FastAPI, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined

from sukusuku_api.context import Context, ContextDep
from sukusuku_api.web import tiles, words
from sukusuku_collector.i18n import translations
from sukusuku_collector.settings import Language, Site
from sukusuku_core import __version__

LANGUAGES: tuple[Language, ...] = ("ja", "en")
STATIC = "/wall/static"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

router = APIRouter(include_in_schema=False)

Lang = Annotated[Language, Query(alias="lang")]


def install(app: FastAPI) -> None:
    """Add the pages, and load their texts and templates now: a broken one should show at the start."""
    for language in LANGUAGES:
        environment(language).get_template("wall.html")
    app.mount(STATIC, StaticFiles(packages=[("sukusuku_api.web", "static")]), name="static")
    app.include_router(router)


@router.get("/")
async def index() -> RedirectResponse:
    """The wall is the front page."""
    return RedirectResponse("/wall")


@router.get("/wall")
async def wall(context: ContextDep, lang: Lang = "ja") -> HTMLResponse:
    """All centres."""
    return await _page(context, None, lang, "wall.html")


@router.get("/wall/tiles")
async def wall_tiles(context: ContextDep, lang: Lang = "ja", site: str | None = None) -> HTMLResponse:
    """The part of the wall that changes; the page asks for it when the stream tells of a change."""
    return await _page(context, site, lang, "live.html")


@router.get("/wall/{site}")
async def wall_of_site(context: ContextDep, site: str, lang: Lang = "ja") -> HTMLResponse:
    """One centre."""
    return await _page(context, site, lang, "wall.html")


async def _page(context: Context, site: str | None, language: Language, template: str) -> HTMLResponse:
    templates = environment(language)
    sites = [found for found in context.facility.site if site in {None, found.id}]
    values = {
        "facility": context.facility,
        "language": language,
        "site": site,
        "page": "/wall" if site is None else f"/wall/{site}",
        "build": build(),
        "static": STATIC,
    }
    if site is not None and not sites:
        page = templates.get_template("missing.html").render(values)
        return HTMLResponse(page, HTTPStatus.NOT_FOUND, headers=HEADERS)
    shown = await _wall(context, sites, language)
    page = templates.get_template(template).render(values, wall=shown, ages=_ages(language))
    return HTMLResponse(page, headers=HEADERS)


async def _wall(context: Context, sites: list[Site], language: Language) -> tiles.Wall:
    alerts = await run_in_threadpool(context.operations.alerts, open_only=True)
    now = context.clock()
    reader = tiles.Reader(language, texts(language).gettext, now)
    return tiles.wall(context.facility, sites, context.views(now), alerts, reader)


@lru_cache
def texts(language: Language) -> NullTranslations:
    """The texts of the pages in a language."""
    return translations(files("sukusuku_api") / "locale", language)


def _ages(language: Language) -> str:
    """The texts with which the browser goes on counting."""
    translate = texts(language).gettext
    return msgspec.json.encode({unit: translate(text) for unit, text in words.AGES.items()}).decode()


@lru_cache
def environment(language: Language) -> Environment:
    """The templates in a language."""
    made = Environment(
        loader=PackageLoader("sukusuku_api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(texts(language), newstyle=True)  # type: ignore[attr-defined] # added by the extension
    return made


@lru_cache
def build() -> str:
    """Changes with the program, its templates and its static files: an open page of an older one reloads itself."""
    digest = hashlib.sha256(__version__.encode())
    for folder in ("static", "templates"):
        for file in sorted((files("sukusuku_api.web") / folder).iterdir(), key=lambda item: item.name):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
