"""The page of the vacancy board: a sign per centre and day."""

from dataclasses import dataclass
from datetime import date
from typing import cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from sukusuku_api.context import Context, ContextDep
from sukusuku_api.occupancy import vacancy
from sukusuku_api.times import local
from sukusuku_api.web import views
from sukusuku_api.web.kept import Kept
from sukusuku_api.web.words import N_, WEEKDAYS
from sukusuku_collector.live import RoomView
from sukusuku_collector.rooms.vacancy import SYMBOLS, Sign
from sukusuku_collector.settings import Language

PATH = "/vacancy"
SHOWN_DAYS = 14
KEPT_SECONDS = 120.0
SIGNS = {
    Sign.FREE: N_("Places in every band"),
    Sign.SOME: N_("Some bands are full"),
    Sign.FULL: N_("All bands are full"),
    Sign.OUTSIDE: N_("Cannot be booked now"),
    Sign.CLOSED: N_("Closed"),
    Sign.UNKNOWN: N_("Not known"),
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a centre."""

    sign: str
    symbol: str
    words: str
    day: str
    weekday: str
    sunday: bool
    today: bool


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre with its coming days."""

    name: str
    days: tuple[Cell, ...]


def install(app: FastAPI) -> None:
    """Add the page, and load its template now: a broken one should show at the start."""
    app.state.vacancy = Kept(KEPT_SECONDS)
    for language in views.LANGUAGES:
        views.environment(language).get_template("vacancy.html")
    app.include_router(router)


@router.get(PATH)
def board(request: Request, context: ContextDep, lang: views.Lang = "ja") -> HTMLResponse:
    """The page; at most two minutes old."""
    now = context.clock()
    translate = views.texts(lang).gettext
    values = {
        "facility": context.facility,
        "language": lang,
        "path": PATH,
        "clock": f"{local(now):%H:%M}",
        "simulated": any(view.simulated for view in context.views(now) if isinstance(view, RoomView)),
        "centres": cast("Kept", request.app.state.vacancy).get(lang, now, lambda: _centres(context, lang)),
        "legend": [(sign.value, SYMBOLS[sign], translate(words)) for sign, words in SIGNS.items()],
        "build": views.build(),
        "static": views.STATIC,
    }
    return HTMLResponse(views.environment(lang).get_template("vacancy.html").render(values), headers=views.HEADERS)


def _centres(context: Context, language: Language) -> list[Centre]:
    translate = views.texts(language).gettext
    today = local(context.clock()).date()
    return [
        Centre(
            site.name[language],
            tuple(
                Cell(
                    day.sign.value,
                    SYMBOLS[day.sign],
                    translate(SIGNS[day.sign]),
                    _day(day.day, today),
                    translate(WEEKDAYS[day.day.weekday()]),
                    sunday=day.day.weekday() == 6,  # noqa: PLR2004
                    today=day.day == today,
                )
                for day in days
            ),
        )
        for site, days in vacancy(context, SHOWN_DAYS)
    ]


def _day(day: date, today: date) -> str:
    """The day of the month; with the month where that begins."""
    return f"{day.month}/{day.day}" if day.day == 1 or day == today else str(day.day)
