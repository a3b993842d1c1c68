"""The first page: whoever comes is led to the pages on which they work, those of their own work first."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from sukusuku_api import routes
from sukusuku_api.access.principal import Principal
from sukusuku_api.dependencies import Context, public, seen_by, whoever
from sukusuku_api.web import base, desk
from sukusuku_api.web.start.works import VACANCY, WORKS, Work
from sukusuku_server.access.rights import ROLES, Act, Role
from sukusuku_server.db import AlertState
from sukusuku_server.i18n import Translate

PATH = "/"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PageCard:
    """A page with what is done there; `waiting` is how much waits for somebody."""

    path: str
    name: str
    text: str
    waiting: int = 0


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get(PATH)
def start(request: Request, who: Annotated[Principal | None, Depends(whoever)], lang: base.Lang = "ja") -> Response:
    """Return the page; a display, which can only look, goes to the wall at once."""
    if who is not None and not any(who.rights.somewhere(act) for act in set(Act) - ROLES[Role.DISPLAY]):
        return RedirectResponse(f"/wall?lang={lang}", HTTPStatus.SEE_OTHER)
    context, translate = public(request) if who is None else seen_by(request, who), base.texts(lang).gettext
    works = [] if who is None else list(_works(context, who, translate))
    centres = [] if who is None else [(site.id, site.name[lang]) for site in context.facility.site]
    values = {"works": works, "centres": centres, "vacancy": _card(*VACANCY, {"/vacancy": "Vacancy"}, translate)}
    return desk.page(context, lang, "start.html", PATH, values)


def _works(context: Context, who: Principal, translate: Translate) -> Iterator[tuple[str, tuple[PageCard, ...]]]:
    """Yield the kinds of work with the pages that somebody may see, their own first."""
    names = dict(base.pages_of(who, context.facility))
    for work in sorted(WORKS, key=lambda work: not who.rights.somewhere(work.act)):
        cards = tuple(_cards(context, work, names, translate))
        if cards:
            yield translate(work.name), cards


def _cards(context: Context, work: Work, names: dict[str, str], translate: Translate) -> Iterator[PageCard]:
    for path, text in work.pages:
        if path in names:
            yield _card(path, text, names, translate, _unattended(context) if path == "/alerts" else 0)


def _card(path: str, text: str, names: dict[str, str], translate: Translate, waiting: int = 0) -> PageCard:
    return PageCard(path, translate(names[path]), translate(text), waiting)


def _unattended(context: Context) -> int:
    """Return the number of alerts of which nobody takes care."""
    firing = (alert for alert in context.operations.open_alerts() if alert.state is AlertState.FIRING)
    return sum(context.sees(alert.asset) for alert in firing)
