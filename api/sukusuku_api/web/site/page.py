"""The page of a centre, for whoever is responsible for it: what is there now, what comes, what the month was."""

from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, UnitsContext, known_site
from sukusuku_api.problems import ProblemError
from sukusuku_api.web import base, desk
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import caches
from sukusuku_api.web.site import view_model
from sukusuku_server.access.rights import Act

PATH = "/sites"

router = APIRouter(include_in_schema=False, prefix=PATH)


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get("/{site_id}")
def site(request: Request, context: UnitsContext, site_id: str, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the page. Rooms, contacts and reports are on it for those who may see them."""
    found, now = known_site(context, site_id), context.clock()
    reader = Locale(lang, base.texts(lang).gettext, now)
    values = {
        "page": view_model.page(context, found, caches.figures(request), _allowed(context, site_id), reader),
        "centre": site_id,
    }
    return desk.page(context, lang, "site.html", f"{PATH}/{site_id}", values)


def _allowed(context: Context, site_id: str) -> view_model.Allowed:
    who = context.principal
    if who is None:  # pragma: no cover - the page needs a right
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "Sign in.")
    settings = who.rights.may(Act.EDIT_SETTINGS)
    return view_model.Allowed(
        rooms=who.rights.may(Act.VIEW_ROOMS, site_id),
        contacts=settings or who.rights.may(Act.MANAGE_PEOPLE, site_id),
        settings=settings,
        reports=who.rights.may(Act.VIEW_REPORTS, site_id),
    )
