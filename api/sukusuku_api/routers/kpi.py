"""What became of visits, the figures of a month, and what fixed rounds would have done."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import Field

from sukusuku_api.collector_texts import method
from sukusuku_api.dependencies import FROM, TO, Context, Time, UnitsContext, between, invalid, known_unit
from sukusuku_api.problems import documented
from sukusuku_api.queries.periods import EIGHT_WEEKS_MS, month_of
from sukusuku_api.routes import resource
from sukusuku_api.schemas import collection
from sukusuku_api.schemas import kpi as figures
from sukusuku_api.schemas.names import NameOut
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.queries import KpiQueries

router = resource(tag="accounts")

LONGEST_MS = 400 * DAY_MS


class VisitsOut(collection.Shape):
    """Visits in order of time."""

    start: datetime
    end: datetime
    visits: list[figures.VisitOut]


class FeesOut(collection.Shape):
    """The tariff of the disposal fee."""

    name: NameOut
    since: date
    yen_per_kg: float
    source: list[str]


class CounterfactualOut(collection.Shape):
    """The actual figures, and those of fixed rounds with the same nappies."""

    start: datetime
    end: datetime
    per_week: int
    actual: figures.OutcomeOut
    fixed: figures.OutcomeOut
    ways: str | None = Field(description="How distances were computed; null: not known")
    fees: FeesOut
    method: list[NameOut] = Field(description="How the figures are computed, and their limits")


@router.get("/visits", summary="Visits", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
def visits(
    context: UnitsContext,
    unit: Annotated[str | None, Query(description="Only those of one unit")] = None,
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
) -> VisitsOut:
    """List what became of each stop and each emptying in the last 30 days or in the given period.

    `due`, `emptied`, `late`, `missed`, `needless`, `cannot`, `unseen` (reported done, but the data shows no emptying),
    `unplanned`.
    """
    if unit is not None:
        known_unit(context, unit)
    first, stop = _stretch(start, end, context.clock(), 30 * DAY_MS)
    found = _books(context).visits(first, stop)
    return VisitsOut(
        start=japan_time(first),
        end=japan_time(stop),
        visits=[figures.visit(item) for item in found if unit in {None, item.asset} and context.sees(item.asset)],
    )


@router.get("/kpi", summary="Figures of a month", responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))
def kpi(
    context: UnitsContext,
    month: Annotated[
        str | None, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="YYYY-MM; default: this month")
    ] = None,
) -> figures.KpisOut:
    """Return visits, fill levels at emptying, hours full, availability, alerts and waiting times: per unit, total."""
    begins, ends = month_of(month, context.clock())
    books = _books(context)
    whole, units = books.kpis(begins, ends)
    return figures.KpisOut(
        month=f"{japan_time(begins):%Y-%m}",
        start=japan_time(whole.start),
        end=japan_time(whole.end),
        total=figures.kpi(whole),
        units=[figures.kpi(unit) for unit in units],
        sites=[figures.site_weight(site) for site in books.weights(begins, ends)],
    )


@router.get(
    "/counterfactual",
    summary="Comparison with fixed rounds",
    responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY),
)
def counterfactual(
    context: UnitsContext,
    start: Annotated[Time, FROM] = None,
    end: Annotated[Time, TO] = None,
    per_week: Annotated[
        int | None,
        Query(ge=1, le=7, description="Fixed rounds per week; default: as often as they must for the same service"),
    ] = None,
) -> CounterfactualOut | None:
    """Compare with fixed rounds: visits, hours full, fill levels, km, CO2 and yen, by default over eight weeks.

    null when the period has no data. The comparison begins with the first estimate.
    """
    first, stop = _stretch(start, end, context.clock(), EIGHT_WEEKS_MS)
    compared = _books(context).compare(per_week, first, stop)
    if compared is None:
        return None
    done, ways = compared.comparison, compared.ways is not None
    fees = all_fees().on(done.last_day)
    return CounterfactualOut(
        start=japan_time(done.start),
        end=japan_time(done.end),
        per_week=done.per_week,
        actual=figures.outcome(done.actual, ways=ways),
        fixed=figures.outcome(done.fixed, ways=ways),
        ways=compared.ways,
        fees=FeesOut(
            name=NameOut(ja=fees.name_ja, en=fees.name_en),
            since=fees.since,
            yen_per_kg=fees.yen_per_kg,
            source=[source["en"] for source in fees.source],
        ),
        method=[NameOut(ja=ja, en=en) for ja, en in zip(method("ja"), method("en"), strict=True)],
    )


def _books(context: Context) -> KpiQueries:
    return KpiQueries(context.index, context.store.history, context.operations, context.clock())


def _stretch(start: str | None, end: str | None, now: int, default_ms: int) -> tuple[int, int]:
    first, stop = between(start, end, now, default_ms)
    if stop - first > LONGEST_MS:
        raise invalid("query.from", f"the range is longer than {LONGEST_MS // DAY_MS} days")
    return first, stop
