"""The page of collection: what is ahead of each unit, the next round, emptyings, and what it all is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from sukusuku_api.context import Context, ContextDep
from sukusuku_api.method import collector_texts, method
from sukusuku_api.problem import ProblemError
from sukusuku_api.routers.accounts import EIGHT_WEEKS_MS, month_of
from sukusuku_api.routers.forecasts import CARD_MS
from sukusuku_api.times import local
from sukusuku_api.web import forms, sheet, tallies, views
from sukusuku_api.web.kept import Kept
from sukusuku_api.web.tiles import Reader
from sukusuku_collector.accounting.fees import fee_table
from sukusuku_collector.books import Books
from sukusuku_collector.derive.score import score
from sukusuku_collector.live import UnitView
from sukusuku_collector.opening import DAY_MS
from sukusuku_collector.operations.emptyings import EmptyingClashError, Emptyings, UnknownEmptyingError
from sukusuku_collector.operations.findings import Findings
from sukusuku_collector.operations.forecasts import Forecasts
from sukusuku_collector.operations.requests import Requests
from sukusuku_collector.operations.rounds import Rounds
from sukusuku_collector.rounds.planner import Planner
from sukusuku_collector.rounds.words import reasons
from sukusuku_collector.settings import Language, Site, Unit
from sukusuku_collector.shelves import shelves

PATH = "/collection"
PLAN_SECONDS = 60.0
FIGURES_SECONDS = 600.0
"""Figures of months and weeks change slowly, and with many units they take some seconds."""
SHOWN_EMPTYINGS = 12
SHOWN_DAYS = 14
PER_WEEK = 3
"""How often the fixed rounds go that reality is held against."""
_LONGEST_NAME = 80
_DIGITS = 18

router = APIRouter(include_in_schema=False, prefix=PATH)


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page at one moment."""

    clock: str
    day: str
    simulated: bool
    units: tuple[sheet.UnitCard, ...]
    rounds: tuple[sheet.RoundCard, ...]
    emptyings: tuple[sheet.EmptyingLine, ...]
    asks: bool
    """Whether there is an emptying about which nobody has said anything."""
    score: tallies.ScoreCard | None
    month: tallies.Month
    compared: tallies.CompareCard | None
    shelves: tuple[tallies.ShelfLine, ...]


def install(app: FastAPI) -> None:
    """Add the page, and load its template now: a broken one should show at the start."""
    app.state.plans, app.state.figures = Kept(PLAN_SECONDS), Kept(FIGURES_SECONDS)
    for language in views.LANGUAGES:
        views.environment(language).get_template("collection.html")
    app.include_router(router)


@router.get("")
def collection(request: Request, context: ContextDep, lang: views.Lang = "ja") -> HTMLResponse:
    """The page. A plan is at most a minute old, figures are ten."""
    page = _page(context, cast("Kept", request.app.state.plans), cast("Kept", request.app.state.figures), lang)
    values = {
        "facility": context.facility,
        "language": lang,
        "page": page,
        "path": PATH,
        "build": views.build(),
        "static": views.STATIC,
    }
    return HTMLResponse(views.environment(lang).get_template("collection.html").render(values), headers=forms.HEADERS)


@router.post("/emptyings")
async def say(request: Request, context: ContextDep, lang: views.Lang = "ja") -> Response:
    """Confirm or reject an emptying from the form of the page; then back to the page."""
    if not forms.is_own(request):
        raise ProblemError(HTTPStatus.FORBIDDEN, "This form must be sent from the page itself.")
    fields = await forms.fields(request)
    if fields is None:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is larger than any of this page.")
    who = " ".join(fields.get("by", "").split())[:_LONGEST_NAME]
    word = next((word for word in ("confirm", "reject") if word in fields), "")
    number = fields.get(word, "")
    if not who.isprintable() or not who or not number.isascii() or not number.isdigit() or len(number) > _DIGITS:
        errors = [("body", "wanted: `by`, a name, and `confirm` or `reject` with the id of an emptying")]
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The form is not valid.", errors=errors)
    try:
        await run_in_threadpool(_say, context, int(number), word, who)
    except UnknownEmptyingError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no emptying {number}.") from error
    except EmptyingClashError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    for kept in (request.app.state.plans, request.app.state.figures):
        cast("Kept", kept).forget()
    return RedirectResponse(f"{PATH}?lang={lang}#emptyings", HTTPStatus.SEE_OTHER)


def _say(context: Context, ident: int, word: str, who: str) -> None:
    book = Emptyings(context.operations)
    if word == "confirm":
        book.confirm(ident, who, context.clock())
    else:
        book.reject(ident, who, context.clock())


def _page(context: Context, plans: Kept, figures: Kept, language: Language) -> Page:
    now = context.clock()
    reader = Reader(language, views.texts(language).gettext, now)
    places = {unit.id: (site, unit) for site in context.facility.site for unit in site.unit}
    operations, start = context.operations, month_of(None, now)
    books = Books(context.facility, context.store, operations, now)
    unit_views = [view for view in context.views(now) if isinstance(view, UnitView)]
    total, kpis = figures.get("month", now, lambda: books.kpis(*start))
    compared = figures.get("compared", now, lambda: books.compare(PER_WEEK, now - EIGHT_WEEKS_MS, now))
    scores = figures.get("score", now, lambda: score(Forecasts(operations).scored(None, now - CARD_MS, now)))
    lying = plans.get("shelves", now, lambda: shelves(context.operations, context.store, context.facility.site, now))
    found = Emptyings(operations).of(None, now - SHOWN_DAYS * DAY_MS, now + 1)
    lines = [sheet.emptying_line(item, places[item.asset], reader) for item in found if item.asset in places]
    shown = tuple(lines[: -SHOWN_EMPTYINGS - 1 : -1])
    sites = {site.id: site for site in context.facility.site}
    counted = [item for item in lying if item.shelf is not None]
    return Page(
        clock=f"{local(now):%H:%M}",
        day=tallies.day(local(now).date()),
        simulated=any(view.simulated for view in unit_views),
        units=tuple(_cards(context, unit_views, places, reader)),
        rounds=tuple(_rounds(context, plans, places, reader)),
        emptyings=shown,
        asks=any(line.open for line in shown),
        score=tallies.score_card(scores, reader.translate),
        month=tallies.month(total, kpis, places, reader),
        compared=tallies.compare_card(compared, fee_table(), method(language), reader),
        shelves=tuple(tallies.shelf_line(item, sites, reader) for item in counted),
    )


def _cards(
    context: Context, unit_views: list[UnitView], places: Mapping[str, tuple[Site, Unit]], reader: Reader
) -> list[sheet.UnitCard]:
    derived = context.store.derived_latest()
    findings = Findings(context.operations).open()
    asked = {request.asset: request.who for request in reversed(Requests(context.operations).standing())}
    book = Emptyings(context.operations)
    cards = []
    for view in unit_views:
        last = book.last(view.id, reader.now)
        own = [finding for finding in findings if finding.asset == view.id]
        emptied = None if last is None else last.time
        site, unit = places[view.id]
        series = derived.get(view.id, {})
        cards.append(sheet.card(site, unit, view, series, emptied, own, asked.get(view.id), reader))
    return cards


def _rounds(
    context: Context, plans: Kept, places: Mapping[str, tuple[Site, Unit]], reader: Reader
) -> list[sheet.RoundCard]:
    """Each round on its next date: what was planned for it, or what the plan would be now."""
    planner = Planner(context.facility, context.store, context.operations)
    book, now = Rounds(context.operations), reader.now
    why = reasons(collector_texts(reader.language))
    cards = []
    for settings in context.facility.round:
        trip = planner.timetable(settings.id).coming(now)
        if trip is None:
            continue
        run = book.of(settings.id, trip.date)
        if run is not None:
            plan, told = run.plan, (run, book.stops(run.id))
        else:
            key = ("plan", settings.id, trip.date)
            plan, told = plans.get(key, now, partial(planner.plan, settings.id, trip.date, now)), None
        cards.append(sheet.round_card(settings.name[reader.language], plan, told, places, why, reader))
    return cards
