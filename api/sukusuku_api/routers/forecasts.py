"""What is ahead of each unit, and how good such forecasts have been."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import Field

from sukusuku_api.dependencies import FROM, TO, Context, Time, UnitsContext, between, known_unit
from sukusuku_api.problems import documented
from sukusuku_api.queries.periods import CARD_MS
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection, live
from sukusuku_core.time import japan_time
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.live.views import UnitView
from sukusuku_server.model.collection import Method
from sukusuku_server.model.series import Point
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.units.evaluation.judgement import Watched
from sukusuku_server.units.forecast_score import Score, score

router = resource(tag="forecasts")


class NextRoundOut(collection.Shape):
    """The round that comes to a unit next."""

    round: str = Field(examples=["main"])
    date: date
    departs: datetime
    returns: datetime
    planned: bool = Field(description="The unit is a stop of its plan; false: there is no plan yet")


class AheadOut(collection.Shape):
    """A unit. A time is null when it is not known, or more than two weeks away."""

    unit: str
    last: live.LastOut | None = Field(description="Time of the last reading; null: never")
    stale: bool = Field(
        description="The unit is silent: the estimate is the last known one, and its range widens with time"
    )
    outlook: live.OutlookOut | None = Field(description="null: there is no recent estimate")
    full_until: datetime | None = Field(description="Full with 90 % probability before this")
    emptied: datetime | None = Field(description="Time of the last emptying; null: not known")
    next_round: NextRoundOut | None = Field(description="The round that comes next; null: none")
    bag_hours: float | None = Field(description="Age of the bag in hours")
    film_cycles: float | None = Field(description="Cycles until the film runs out")
    film_days: float | None = Field(
        description="Days until the film runs out, at the pace expected for the coming week"
    )


class ForecastsOut(collection.Shape):
    """All units."""

    time: datetime
    units: list[AheadOut]


class ScoreOut(collection.Shape):
    """The score of a method; null: nothing to score, or a method without a range."""

    method: Method = Field(description="`model` is the forecast; `linear_24h` and `last_week` are simple ones")
    judged: int = Field(description="Forecasts with a known outcome")
    compared: int = Field(
        description="Of these, where every method had a figure and the bag became full within two weeks"
    )
    mean_absolute_error_hours: float | None = Field(description="Of the median, over those compared")
    inside: float | None = Field(description="Share (0-1) of outcomes within the 80 % range")
    early: float | None = Field(description="Share of outcomes before the range")
    late: float | None = Field(description="Share of outcomes after the range")


class WatchedOut(collection.Shape):
    """The range of the forecast, judged by what was seen of the bags instead of by what came in.

    A bag that was taken out before it was full was watched until then (a censored observation, Kaplan-Meier).
    """

    judged: int = Field(description="Forecasts whose bag was watched")
    full: int = Field(description="Of these, how many bags were seen full (97 % and more) before they were taken out")
    inside: float | None = Field(description="Share (0-1) full within the 80 % range; null: no bag was seen full")
    early: float | None = Field(description="Share full before the range")
    late: float | None = Field(description="Share not full by the end of the range")


class ScoreCardOut(collection.Shape):
    """The forecast beside two simple ones, judged by what came in and, its range, by what was seen."""

    start: datetime
    end: datetime
    methods: list[ScoreOut]
    watched: WatchedOut


@router.get("/forecasts", summary="Forecasts of all units")
def forecasts(context: UnitsContext) -> ForecastsOut:
    """List estimate and confidence, the 10, 50 and 90 % times at which the bag is full, hygiene deadline and film."""
    now = context.clock()
    return ForecastsOut(time=japan_time(now), units=_ahead(context, now))


@router.get(
    "/forecasts/{unit_id}",
    summary="Forecast of one unit",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def forecast(context: UnitsContext, unit_id: str) -> AheadOut:
    """Return the forecast of a unit."""
    known_unit(context, unit_id)
    return next(unit for unit in _ahead(context, context.clock()) if unit.unit == unit_id)


@router.get("/score", summary="Score card", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
def score_card(
    context: UnitsContext,
    unit: Annotated[str | None, Query(description="Only forecasts of one unit")] = None,
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
) -> ScoreCardOut:
    """Score the forecasts of the last eight weeks or of the given period; two simple forecasts serve as a yardstick."""
    if unit is not None:
        known_unit(context, unit)
    first, stop = between(start, end, context.clock(), CARD_MS)
    scored = Forecasts(context.operations).scored(unit, first, stop)
    lines = score([item for item in scored if context.sees(item.forecast.asset)])
    books = KpiQueries(context.index, context.store.history, context.operations, context.clock())
    units = [name for name in context.index.units if context.sees(name) and unit in {None, name}]
    return ScoreCardOut(
        start=japan_time(first),
        end=japan_time(stop),
        methods=[_line(line) for line in lines],
        watched=_watched(books.watched(units, first, stop)),
    )


def _ahead(context: Context, now: int) -> list[AheadOut]:
    derived, views = context.store.live.derived_latest(), context.views(now)
    emptied = Emptyings(context.operations).last_times([view.id for view in views if isinstance(view, UnitView)], now)
    coming = context.next_visits(now)
    forecasts = []
    for view in views:
        if isinstance(view, UnitView):
            own = derived.get(view.id, {}) if view.outlook is not None else {}
            forecasts.append(
                AheadOut(
                    unit=view.id,
                    last=live.last(view.last_time, now),
                    stale=view.stale,
                    outlook=live.outlook(view.outlook),
                    full_until=None if view.outlook is None else collection.at(view.outlook.full_until),
                    emptied=None if view.id not in emptied else japan_time(emptied[view.id]),
                    next_round=_next_round(coming.get(view.id)),
                    bag_hours=_number(own.get("Bag/Age")),
                    film_cycles=_number(own.get("Film/CyclesLeft")),
                    film_days=_number(own.get("Film/DaysLeft")),
                )
            )
    return forecasts


def _next_round(visit: NextVisit | None) -> NextRoundOut | None:
    if visit is None:
        return None
    departs, returns = japan_time(visit.departs), japan_time(visit.returns)
    return NextRoundOut(round=visit.round, date=visit.date, departs=departs, returns=returns, planned=visit.planned)


def _number(point: Point | None) -> float | None:
    return round(float(point.value), 1) if point is not None and isinstance(point.value, int | float) else None


def _line(line: Score) -> ScoreOut:
    return ScoreOut(
        method=line.method,
        judged=line.judged,
        compared=line.compared,
        mean_absolute_error_hours=_rounded(line.error, 2),
        inside=_rounded(line.inside, 4),
        early=_rounded(line.early, 4),
        late=_rounded(line.late, 4),
    )


def _watched(found: Watched) -> WatchedOut:
    known = found.full > 0
    return WatchedOut(
        judged=found.judged,
        full=found.full,
        inside=_rounded(found.inside if known else None, 4),
        early=_rounded(found.early if known else None, 4),
        late=_rounded(1 - found.late if known else None, 4),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
