"""The page of the vacancy board: a sign per centre and day."""

from dataclasses import dataclass
from datetime import date
from typing import cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from sukusuku_api.cache import TtlCache
from sukusuku_api.dependencies import Context, PublicContext
from sukusuku_api.queries.room_use import vacancy
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_api.web import base
from sukusuku_core.time import japan_time
from sukusuku_server.i18n import N_
from sukusuku_server.live.views import RoomView
from sukusuku_server.rooms.vacancy import SYMBOLS, Sign
from sukusuku_server.settings import Language

PATH = "/vacancy"
SHOWN_DAYS = 14
KEPT_SECONDS = 120.0
SIGNS = {
    Sign.FREE: N_("Vacancies in every time slot"),
    Sign.SOME: N_("Some time slots are full"),
    Sign.FULL: N_("All time slots are full"),
    Sign.OUTSIDE: N_("Not open for booking"),
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
    for language in base.LANGUAGES:
        base.environment(language).get_template("vacancy.html")
    app.include_router(router)


def prepare(app: FastAPI) -> None:
    """Begin with nothing calculated."""
    app.state.vacancy = TtlCache(KEPT_SECONDS)


@router.get(PATH)
def board(request: Request, context: PublicContext, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the page; at most two minutes old."""
    now = context.clock()
    translate = base.texts(lang).gettext
    values = {
        "facility": context.facility,
        "who": context.principal,
        "language": lang,
        "path": PATH,
        "clock": f"{japan_time(now):%H:%M}",
        "simulated": any(view.simulated for view in context.views(now) if isinstance(view, RoomView)),
        "centres": cast("TtlCache", request.app.state.vacancy).get(lang, lambda: _centres(context, lang)),
        "legend": [(sign.value, SYMBOLS[sign], translate(words)) for sign, words in SIGNS.items()],
        "build": base.build(),
        "static": base.STATIC,
    }
    return HTMLResponse(base.environment(lang).get_template("vacancy.html").render(values), headers=base.HEADERS)


def _centres(context: Context, language: Language) -> list[Centre]:
    translate = base.texts(language).gettext
    today = japan_time(context.clock()).date()
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
    """Return the day of the month; with the month where that begins."""
    return f"{day.month}/{day.day}" if day.day == 1 or day == today else str(day.day)
