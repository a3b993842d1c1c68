"""The page of a unit as an answer: for who looks at it, and for a form in which something is wrong."""

from http import HTTPStatus

from fastapi.responses import HTMLResponse

from sukusuku_api.dependencies import Context, known_unit
from sukusuku_api.web import base, desk
from sukusuku_api.web.base import Locale
from sukusuku_api.web.unit import view_model
from sukusuku_server.settings import Language

PATH = "/units"
DAYS = (1, 7, 30, 365)


def shown(context: Context, unit_id: str, language: Language, days: int = 7, error: str = "") -> HTMLResponse:
    """Return the page, with the course of so many days. Raises ProblemError (404) for an unknown unit."""
    site, settings = known_unit(context, unit_id)
    reader = Locale(language, base.texts(language).gettext, context.clock())
    values = {
        "page": view_model.page(context, site, settings, days, reader),
        "centre": site.id,
        "days": days,
        "offered": DAYS,
        "error": error,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return desk.page(context, language, "unit.html", f"{PATH}/{unit_id}", values, status)
