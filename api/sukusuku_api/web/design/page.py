"""The page that shows every part of which pages are made, in both languages, by day and by night."""

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from sukusuku_api import routes
from sukusuku_api.dependencies import PublicContext
from sukusuku_api.web import base, desk

PATH = "/design"
_PARTS = "design_parts.html"

router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get(PATH)
def design(context: PublicContext, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the page. It shows nothing of the facility."""
    shown = [
        (language, Markup(base.environment(language).get_template(_PARTS).render(tokens=TOKENS)))  # noqa: S704 - our own template
        for language in base.LANGUAGES
    ]
    return desk.page(context, lang, "design.html", PATH, {"shown": shown})


TOKENS = (
    ("ground", "tile", "field", "raised", "hatch", "rail", "danger-rail", "gap", "line", "edge"),
    ("text", "soft", "on"),
    ("ok", "soon", "full", "over", "fault", "unknown", "hygiene", "forecast"),
)
"""The colours of `tokens.css`: of surfaces, of texts, of meanings."""
