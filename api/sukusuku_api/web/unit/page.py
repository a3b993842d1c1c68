"""The page of one unit: its past, what is ahead, what is wrong, the devices behind it."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Query
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.dependencies import UnitsContext
from sukusuku_api.web import base
from sukusuku_api.web.unit import acts
from sukusuku_api.web.unit.response import DAYS, PATH, shown

router = APIRouter(include_in_schema=False, prefix=PATH)


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)
    routes.add(app, acts.router)


@router.get("/{unit_id}")
def unit(
    context: UnitsContext,
    unit_id: str,
    lang: base.Lang = "ja",
    days: Annotated[int, Query(ge=1, le=DAYS[-1])] = 7,
) -> HTMLResponse:
    """Return the page, with the course of so many days."""
    return shown(context, unit_id, lang, days)
