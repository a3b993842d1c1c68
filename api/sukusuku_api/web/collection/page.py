"""The page of collection: what is ahead of each unit, the next round, emptyings, and what it all is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from sukusuku_api import routes
from sukusuku_api.cache import TtlCache
from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.dependencies import Context, EmptyingContext, UnitsContext
from sukusuku_api.problems import ProblemError
from sukusuku_api.queries.periods import CARD_MS, EIGHT_WEEKS_MS, month_of
from sukusuku_api.queries.plans import seen_plan, seen_records
from sukusuku_api.reports.collection import words
from sukusuku_api.web import base, desk, forms
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import caches, kpi_cards, view_model
from sukusuku_api.web.collection.unit_cards import cards
from sukusuku_api.web.collection.verdict import Verdict, keep
from sukusuku_api.web.reports import offers
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.db.emptyings import EmptyingClashError, Emptyings, UnknownEmptyingError
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.stock import Stock, UnknownEntryError
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.kpi.stock_levels import shelves
from sukusuku_server.live.views import UnitView
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.texts import reasons
from sukusuku_server.settings import Language, Site, Unit
from sukusuku_server.units.forecast_score import Score, score

PATH = "/collection"
SHOWN_EMPTYINGS = 12
SHOWN_DAYS = 14
SHOWN_ENTRIES = 6
_LONGEST_NAME = 80

router = APIRouter(include_in_schema=False, prefix=PATH)


class Withdrawal(BaseModel):
    """Which count or delivery the form takes back, and who says so."""

    by: Annotated[forms.Line, Field(max_length=_LONGEST_NAME)] = ""
    withdraw: Annotated[int, Field(ge=0, lt=2**63)]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page at one moment."""

    clock: str
    day: str
    simulated: bool
    units: tuple[view_model.UnitCard, ...]
    rounds: tuple[view_model.RoundCard, ...]
    emptyings: tuple[view_model.EmptyingLine, ...]
    score: kpi_cards.ScoreCard | None
    month: kpi_cards.Month
    compared: kpi_cards.CompareCard | None
    shelves: tuple[kpi_cards.ShelfLine, ...]
    said: tuple[kpi_cards.SaidLine, ...]
    """The newest counts and deliveries, which can be withdrawn."""


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get("")
def collection(
    request: Request,
    context: UnitsContext,
    lang: base.Lang = "ja",
    per_week: Annotated[int | None, Query(ge=1, le=7)] = None,
) -> HTMLResponse:
    """Return the page. A plan is at most a minute old, figures are ten.

    `per_week` is how often the fixed rounds go that reality is held against; without it, as often as they must.
    """
    values = {
        "page": _page(context, caches.plans(request), caches.figures(request), lang, per_week),
        "per_week": per_week,
        "as_needed": words.AS_NEEDED,
        "offer": offers.offer(context, lang),
    }
    return desk.page(context, lang, "collection.html", PATH, values)


@router.post("/emptyings")
def say(
    request: Request, context: EmptyingContext, verdict: Annotated[Verdict, Form()], lang: base.Lang = "ja"
) -> Response:
    """Confirm or reject an emptying from the form of the page, or take that back; then back to the page."""
    try:
        keep(context, verdict, context.name(verdict.by or None))
    except UnknownEmptyingError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from error
    except EmptyingClashError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    return _back(request, lang, "emptyings")


@router.post("/stock")
def withdraw_stock(
    request: Request, context: EmptyingContext, entry: Annotated[Withdrawal, Form()], lang: base.Lang = "ja"
) -> Response:
    """Take a count or delivery back from the form of the page; then back to the page."""
    unknown, stock = (
        ProblemError(HTTPStatus.NOT_FOUND, f"There is no entry {entry.withdraw}."),
        Stock(context.operations),
    )
    if not any(item.id == entry.withdraw and context.sees(item.site) for item in stock.said()):
        raise unknown
    try:
        stock.withdraw(entry.withdraw, context.name(entry.by or None), context.clock())
    except UnknownEntryError as error:  # somebody else was faster
        raise unknown from error
    return _back(request, lang, "h-shelves")


def _back(request: Request, lang: Language, part: str) -> RedirectResponse:
    """Return to a part of the page, on which nothing is older than what was just said."""
    caches.forget(request)
    return RedirectResponse(f"{PATH}?lang={lang}#{part}", HTTPStatus.SEE_OTHER)


def _page(context: Context, plans: TtlCache, figures: TtlCache, language: Language, per_week: int | None) -> Page:
    now = context.clock()
    reader = Locale(language, base.texts(language).gettext, now)
    places = context.index.units
    operations, start = context.operations, month_of(None, now)
    books = KpiQueries(context.index, context.store.history, operations, now)
    unit_views = [view for view in context.views(now) if isinstance(view, UnitView)]
    key = context.derived_key
    total, kpis = figures.get((key, "month"), lambda: books.kpis(*start))
    compared = figures.get((key, "compared", per_week), lambda: books.compare(per_week, now - EIGHT_WEEKS_MS, now))
    scores = figures.get((key, "score"), lambda: _score(context, now))
    seen = [unit for unit in places if context.sees(unit)]
    watched = figures.get((key, "watched"), lambda: books.watched(seen, now - CARD_MS, now))
    lying = plans.get((key, "shelves"), lambda: shelves(operations, context.store.history, context.facility.site, now))
    found = Emptyings(operations).of(None, now - SHOWN_DAYS * DAY_MS, now + 1)
    lines = [view_model.emptying_line(item, places[item.asset], reader) for item in found if item.asset in places]
    shown = tuple(lines[: -SHOWN_EMPTYINGS - 1 : -1])
    entries = [item for item in Stock(operations).said() if item.site in context.index.sites]
    counted = [item for item in lying if item.shelf is not None]
    return Page(
        clock=f"{japan_time(now):%H:%M}",
        day=words.day(japan_time(now).date()),
        simulated=any(view.simulated for view in unit_views),
        units=tuple(cards(context, unit_views, reader)),
        rounds=tuple(_rounds(context, plans, places, reader)),
        emptyings=shown,
        score=kpi_cards.score_card(scores, watched, reader.translate),
        month=kpi_cards.month(total, kpis, places, reader),
        compared=kpi_cards.compare_card(compared, context.facility.routing, reader),
        shelves=tuple(kpi_cards.shelf_line(item, context.index.sites, reader) for item in counted),
        said=tuple(kpi_cards.said_line(item, context.index.sites, reader) for item in entries[:SHOWN_ENTRIES]),
    )


def _score(context: Context, now: int) -> tuple[Score, ...]:
    scored = Forecasts(context.operations).scored(None, now - CARD_MS, now)
    return score([item for item in scored if context.sees(item.forecast.asset)])


def _rounds(
    context: Context, plans: TtlCache, places: Mapping[str, tuple[Site, Unit]], reader: Locale
) -> list[view_model.RoundCard]:
    """Each round on its next date: what was planned for it, or what the plan would be now."""
    planner = Planner(context.whole, context.timetables, context.store.live, context.operations)
    book, now = Rounds(context.operations), reader.now
    why = reasons(collector_texts(reader.language))
    rounds_ahead = []
    for settings in context.facility.round:
        trip = context.timetables[settings.id].coming(now)
        if trip is None:
            continue
        run = book.of(settings.id, trip.date)
        if run is not None:
            plan, told = run.plan, (run, seen_records(context, book.stops(run.id)))
        else:
            key = ("plan", settings.id, trip.date)
            plan, told = plans.get(key, partial(planner.plan, settings.id, trip.date, now)), None
        plan, whole = seen_plan(context, plan)
        rounds_ahead.append(
            view_model.round_card(settings.name[reader.language], plan, told, places, why, reader, whole=whole)
        )
    return rounds_ahead
