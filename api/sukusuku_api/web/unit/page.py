"""The page of one unit, and what staff say there: it was emptied, somebody should come."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from sukusuku_api.dependencies import Context, EmptyingContext, RequestingContext, UnitsContext, known_unit
from sukusuku_api.queries.unit_levels import estimate_before, known_levels
from sukusuku_api.web import base, desk, forms, texts, value_texts
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import view_model
from sukusuku_api.web.collection.unit_cards import cards
from sukusuku_api.web.unit import chart
from sukusuku_api.web.wall import alert_texts
from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind, UnitState, Value
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.db import AlertState
from sukusuku_server.db.emptyings import EmptyingClashError, Emptyings
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.live.views import SIMULATED, UnitView
from sukusuku_server.model.collection import Emptying, EmptyingState
from sukusuku_server.settings import Language

PATH = "/units"
DAYS = (1, 7, 30, 365)
SHOWN_EMPTYINGS = 10
_EMPTYINGS_MS = 60 * DAY_MS
_LONGEST_NAME = 80

router = APIRouter(include_in_schema=False, prefix=PATH)


class Entry(BaseModel):
    """The fields of the page's forms; each form has some of them."""

    by: Annotated[forms.Line, Field(max_length=_LONGEST_NAME)] = ""
    request: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page at one moment. `request` is the id of the open request for a visit; 0: there is none."""

    card: view_model.UnitCard
    chart: chart.Chart
    emptyings: tuple[view_model.EmptyingLine, ...]
    alerts: tuple[tuple[int, str], ...]
    request: int
    raw: tuple[tuple[str, str, str], ...]
    edge: str
    simulated: bool


def install(app: FastAPI) -> None:
    """Add the page, and load its template now: a broken one should show at the start."""
    for language in base.LANGUAGES:
        base.environment(language).get_template("unit.html")
    app.include_router(router)


@router.get("/{unit_id}")
def unit(
    context: UnitsContext,
    unit_id: str,
    lang: base.Lang = "ja",
    days: Annotated[int, Query(ge=1, le=DAYS[-1])] = 7,
) -> HTMLResponse:
    """Return the page, with the level of so many days."""
    return _shown(context, unit_id, lang, days)


@router.post("/{unit_id}/emptied")
def emptied(
    context: EmptyingContext, unit_id: str, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Keep that the bag was changed just now; it can be withdrawn below. Then back to the page."""
    known_unit(context, unit_id)
    translate, by, now = base.texts(lang).gettext, forms.by(context, entry.by), context.clock()
    if not by:
        return _shown(context, unit_id, lang, error=translate("Please enter your name."))
    percent = estimate_before(context, unit_id, now)
    nappies = percent / 100 * context.index.units[unit_id][1].collection.nappies_per_bag
    try:
        Emptyings(context.operations).enter(unit_id, now, by, now, percent=percent, nappies=nappies)
    except EmptyingClashError:
        return _shown(context, unit_id, lang, error=translate("It is known already that the bag was changed."))
    return _back(unit_id, lang)


@router.post("/{unit_id}/visit")
def ask(context: RequestingContext, unit_id: str, entry: Annotated[Entry, Form()], lang: base.Lang = "ja") -> Response:
    """Request a visit by the next round, or take the request back; then back to the page."""
    known_unit(context, unit_id)
    requests, by = Requests(context.operations), forms.by(context, entry.by)
    if not by:
        return _shown(context, unit_id, lang, error=base.texts(lang).gettext("Please enter your name."))
    if entry.request:
        if any(it.id == entry.request and it.asset == unit_id for it in requests.standing()):
            requests.withdraw(entry.request, by, context.clock())
    else:
        requests.ask(unit_id, by, context.clock())
    return _back(unit_id, lang)


def _back(unit_id: str, language: Language) -> RedirectResponse:
    return RedirectResponse(f"{PATH}/{unit_id}?lang={language}", HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def _shown(context: Context, unit_id: str, language: Language, days: int = 7, error: str = "") -> HTMLResponse:
    site, _ = known_unit(context, unit_id)
    reader = Locale(language, base.texts(language).gettext, context.clock())
    values = {
        "page": _page(context, unit_id, days, reader),
        "centre": site.id,
        "days": days,
        "offered": DAYS,
        "error": error,
    }
    return desk.page(
        context,
        language,
        "unit.html",
        f"{PATH}/{unit_id}",
        values,
        HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
    )


def _page(context: Context, unit_id: str, days: int, reader: Locale) -> Page:
    now, (site, settings) = reader.now, known_unit(context, unit_id)
    view = context.view(unit_id, now)
    assert isinstance(view, UnitView)  # noqa: S101 - it is a unit
    emptyings = Emptyings(context.operations).of(unit_id, now - max(days * DAY_MS, _EMPTYINGS_MS), now + 1)
    alerts = context.operations.alerts(open_only=True, about=[unit_id])
    asked = next((it for it in Requests(context.operations).standing() if it.asset == unit_id), None)
    latest = context.store.live.latest().get(unit_id, {})
    places = {unit_id: (site, settings)}
    lines = [view_model.emptying_line(item, places[item.asset], reader) for item in emptyings]
    return Page(
        cards(context, [view], reader)[0],
        _chart(context, unit_id, emptyings, now - days * DAY_MS, now),
        tuple(lines[: -SHOWN_EMPTYINGS - 1 : -1]),
        tuple(
            (alert.id, alert_texts.told(alert, context.index.assets[unit_id], reader.language, reader.translate))
            for alert in alerts
            if alert.state is not AlertState.PENDING
        ),
        0 if asked is None else asked.id,
        tuple(_said(metric, found.value, reader) for metric, found in sorted(latest.items())),
        settings.edge,
        view.simulated,
    )


def _chart(context: Context, unit_id: str, emptyings: Sequence[Emptying], start: int, end: int) -> chart.Chart:
    levels, estimates, gap = known_levels(context, unit_id, start, end)
    shown = [(it.time, it.percent) for it in emptyings if it.time >= start and it.state is not EmptyingState.REJECTED]
    return chart.Chart(
        chart.line(levels, start, end, gap),
        chart.line(estimates, start, end, max(gap, 2 * HOUR_MS)),
        chart.marks(shown, start, end),
        chart.ticks(start, end),
    )


def _said(metric: str, value: Value | None, reader: Locale) -> tuple[str, str, str]:
    """Return the name of a metric, what it means, and its value in words."""
    known = catalogue.find(AssetKind.UNIT, metric)
    meaning = "" if known is None else known.ja if reader.language == "ja" else known.en
    if metric == "Info/Source" and value == SIMULATED:
        return metric, meaning, reader.translate("Simulated data")
    if metric == "State" and value in set(UnitState):
        return metric, meaning, reader.translate(texts.STATES[UnitState(int(value))])
    return metric, meaning, value_texts.told(value, "" if known is None else known.unit, reader.translate)
