"""What makes the page of a round an application on a phone: manifest, service worker, the map's library."""

import base64
import functools
from http import HTTPStatus
from importlib.resources import files

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from sukusuku_api import routes
from sukusuku_api.drawing import DrawingError, drawer
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base
from sukusuku_api.web.rounds.opening import HEADERS
from sukusuku_server.rounds.signed_links import PATH

LEAFLET = "/leaflet"
START = f"{PATH}/last"
_DRAW_SECONDS = 30.0

router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Add what the application is made of. Its routes come before those of links, which take any token."""
    routes.add(app, router)
    app.mount(LEAFLET, _leaflet, name="leaflet")


@router.get("/manifest.webmanifest")
def manifest(lang: base.Lang = "ja") -> JSONResponse:
    """Return what a phone needs to put the page among its applications."""
    translate = base.texts(lang).gettext
    icon = f"{base.STATIC}/app-icon.svg"
    described = {
        "id": START,
        "name": translate("Sukusuku rounds"),
        "short_name": translate("Rounds"),
        "lang": lang,
        "start_url": f"{START}?lang={lang}",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f1f4f2",
        "theme_color": "#1d7a4b",
        "icons": [
            {"src": icon, "sizes": "any", "type": "image/svg+xml", "purpose": use} for use in ("any", "maskable")
        ],
    }
    return JSONResponse(described, media_type="application/manifest+json")


@router.get("/worker.js")
def worker() -> Response:
    """Return the service worker: from here it may serve the pages of links and those of accounts."""
    script = (files("sukusuku_api.web") / "static" / "round-worker.js").read_bytes()
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/apple-touch-icon.png")
def touch_icon() -> Response:
    """Return the icon for iPhones, which take no SVG."""
    try:
        picture = _touch_icon()
    except DrawingError as error:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    return Response(picture, media_type="image/png", headers={"Cache-Control": "max-age=86400"})


@functools.cache
def _touch_icon() -> bytes:
    drawn = (files("sukusuku_api.web") / "static" / "app-icon.svg").read_text(encoding="utf-8")
    return base64.b64decode(drawer.draw("sukusuku_api.web.rounds.icon_renderer", drawn, _DRAW_SECONDS)[0])


@router.get(START)
def last(lang: base.Lang = "ja") -> HTMLResponse:
    """Return the page with which the application begins: it leads on to the round that was opened last."""
    values = {"language": lang, "other": "en" if lang == "ja" else "ja"}
    return HTMLResponse(base.environment(lang).get_template("answer_last.html").render(values), headers=HEADERS)


@functools.cache
def _library() -> StaticFiles:
    return StaticFiles(packages=[("xstatic.pkg.leaflet", "data")])


async def _leaflet(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the library, which is looked for when the first map is drawn."""
    await _library()(scope, receive, send)
